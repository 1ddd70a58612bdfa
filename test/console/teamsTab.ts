import type { FrameLocator, Page } from 'playwright-core'
import type { Stack } from '../support/stack.ts'

export interface TabOptions {
  /** The address that Teams opens below that of its tabs. */
  readonly path?: string
  /** What a deep link names: `subEntityId`. */
  readonly subject?: string
  /** Teams' own name of its theme. */
  readonly theme?: 'default' | 'dark' | 'contrast'
  /** What Teams says in place of a token. */
  readonly refusal?: string
  /** What Teams says in place of a token with claims, which it is asked for as a step-up. */
  readonly claimsRefusal?: string
}

/** Teams, as far as a tab sees it: the page around the frame, which answers messages of the real teams-js. */
export interface TeamsTab {
  readonly frame: FrameLocator
  /** The calls so far, by their names, each with its arguments. */
  calls(): Promise<readonly { readonly func: string; readonly args: readonly unknown[] }[]>
  /** Sends an event, as `themeChange`. */
  send(func: string, ...args: readonly unknown[]): Promise<void>
}

/** Opens the tab of a person. The double lies at the console's own origin, from which teams-js takes messages, too. */
export async function openTab(page: Page, stack: Stack, who: string, options: TabOptions = {}): Promise<TeamsTab> {
  const { path = 'start', subject, theme = 'default', refusal, claimsRefusal } = options
  const token = await stack.token(who)
  const answers = {
    initialize: [path === 'setup' ? 'settings' : 'content', 'web', JSON.stringify(abilities), '2.0.0'],
    getContext: [{ ...context, theme, ...(subject !== undefined && { subEntityId: subject }) }],
    'authentication.getAuthToken': refusal === undefined ? [true, token] : [false, refusal],
    'settings.setSettings': [true],
  }
  const host = `${stack.api}/teams-double`
  const withClaims = claimsRefusal === undefined ? undefined : [false, claimsRefusal]
  const body = hostPage(`/console/teams/${path}`, answers, withClaims)
  await page.route(host, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }))
  await page.goto(host)
  return {
    frame: page.frameLocator('iframe'),
    calls: () => page.evaluate('calls'),
    send: (func, ...args) => page.evaluate(`send(${JSON.stringify({ func, args })})`),
  }
}

/** What Teams says that it can do. */
const abilities = {
  apiVersion: 4,
  hostVersionsInfo: {},
  isLegacyTeams: false,
  supports: { pages: { config: {} } },
}

const context = {
  ...{ locale: 'en-gb', entityId: 'console', hostName: 'Teams', hostClientType: 'web' },
  ...{ tid: '11111111-1111-4111-8111-111111111111', userObjectId: 'u', sessionId: 's' },
}

const hostPage = (
  tab: string,
  answers: Readonly<Record<string, readonly unknown[]>>,
  withClaims: readonly unknown[] | undefined,
) => `<!doctype html>
<html lang="en"><title>Teams double</title>
<style>body { margin: 0 } iframe { border: 0; width: 100%; height: 900px }</style>
<script>
const answers = ${JSON.stringify(answers)}
const withClaims = ${JSON.stringify(withClaims ?? null)}
const calls = []
addEventListener('message', ({ data, source }) => {
  if (typeof data?.func !== 'string') return
  calls.push({ func: data.func, args: data.args ?? [] })
  const hasClaims = data.func === 'authentication.getAuthToken' && data.args?.[1]?.length > 0
  const args = hasClaims && withClaims ? withClaims : answers[data.func]
  if (args) source.postMessage({ id: data.id, uuidAsString: data.uuidAsString, args }, '*')
})
const send = (event) => document.querySelector('iframe').contentWindow.postMessage(event, '*')
</script>
<iframe src="${tab}" title="Countersign"></iframe>
</html>`
