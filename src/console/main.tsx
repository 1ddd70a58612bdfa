import { type ComponentChild, render } from 'preact'
import { ServiceCalls } from './api.ts'
import { App } from './app.tsx'
import { browserSession } from './browserSession.ts'
import { Button, Notice } from './kit.tsx'
import type { Me } from './me.ts'
import type { ConsoleSettings } from '../contract/serviceAnswers.ts'
import { isInTeams } from './router.ts'
import type { PageSession } from './session.ts'
import { words } from './words.ts'

const root = document.getElementById('root') as HTMLElement

start().catch((cause: unknown) => {
  const said = cause instanceof Error ? cause.message : String(cause)
  draw(
    <main>
      <Notice tone="bad" title={words.cannotStart}>
        <p>{said}</p>
        <Button onPress={() => location.reload()}>{words.tryAgain}</Button>
      </Notice>
    </main>,
  )
})

/** Draws in place of what the file itself says while nothing is drawn. */
function draw(page: ComponentChild): void {
  root.replaceChildren()
  render(page, root)
}

async function start(): Promise<void> {
  if (isInTeams) await (await import('./teams.tsx')).startInTeams(draw, open)
  else await open(await browserSession(await settings()))
}

/** Asks who the person is, and draws the page of the address. */
async function open(session: PageSession): Promise<void> {
  const api = new ServiceCalls(session)
  const me = await api.get<Me>('/api/me')
  draw(<App api={api} me={me} session={session} />)
}

async function settings(): Promise<ConsoleSettings> {
  const response = await fetch('/console/config.json', { cache: 'no-store', credentials: 'omit' })
  const answer = (await response.json()) as ConsoleSettings & { readonly detail?: string }
  if (!response.ok) throw new Error(answer.detail ?? `The settings cannot be read (status ${response.status}).`)
  return answer
}
