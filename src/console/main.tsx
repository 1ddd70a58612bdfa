import { type ComponentChild, render } from 'preact'
import { ServiceCalls } from './api.ts'
import { BrowserSession } from './browserSession.ts'
import { copyUnbroken } from './copying.ts'
import { Button, Notice } from './kit.tsx'
import type { Me } from './me.ts'
import type { ConsoleSettings } from '../contract/serviceAnswers.ts'
import { isAtInbox, isAtRequest, isInTeams } from './router.ts'
import type { PageSession } from './session.ts'
import { waitingRequests } from './waitingRequests.ts'
import { words } from './words.ts'

const root = document.getElementById('root') as HTMLElement

document.documentElement.lang = words.locale
document.addEventListener('copy', copyUnbroken)

attempt(start)

/** Says why it failed, and offers to try it again without loading the page, so that nothing typed is lost. */
function attempt(what: () => Promise<void>): void {
  what().catch((cause: unknown) => {
    const said = cause instanceof Error ? cause.message : String(cause)
    draw(
      <main>
        <Notice tone="bad" title={words.cannotStart}>
          <p>{said}</p>
          <Button onPress={() => attempt(what)}>{words.tryAgain}</Button>
        </Notice>
      </main>,
    )
  })
}

/** Draws in place of all that was drawn, and of what the file itself says before that. */
function draw(page: ComponentChild): void {
  render(null, root)
  root.replaceChildren()
  render(page, root)
}

async function start(): Promise<void> {
  if (isInTeams) return (await import('./teams.tsx')).startInTeams(draw, open)
  const session = new BrowserSession(await settings())
  attempt(async () => {
    await session.finish()
    await open(session)
  })
}

/** Asks who the person is, and draws the page of the address. What somebody else typed is not theirs. */
async function open(session: PageSession): Promise<void> {
  const api = new ServiceCalls(session)
  // Who is not signed in leaves the page here, before the console's own program is run.
  await session.token()
  if (isAtInbox()) api.ahead(...waitingRequests)
  // A failure is told by the page, which loads it again.
  if (isAtRequest()) import('./pages/request.tsx').catch(() => undefined)
  const [me, { App }] = await Promise.all([api.get<Me>('/api/me'), import('./app.tsx')])
  session.drafts.belongTo(me.id)
  draw(<App api={api} me={me} session={session} again={() => open(session)} />)
}

async function settings(): Promise<ConsoleSettings> {
  const response = await fetch('/console/config.json')
  const answer = (await response.json()) as ConsoleSettings & { readonly detail?: string }
  if (!response.ok) throw new Error(answer.detail ?? words.noSettings(response.status))
  return answer
}
