import { app, authentication } from '@microsoft/teams-js'
import { Drafts, type PageSession } from './session.ts'
import { teamsWords } from './teamsWords.ts'

/** The names of Teams' themes (`app.getContext`, `themeChange`), and of ours. */
const themes: Readonly<Record<string, string>> = {
  default: 'light',
  dark: 'dark',
  contrast: 'contrast',
  glass: 'dark',
}

/** A page that Teams has opened. */
interface OpenedPage {
  readonly session: PageSession
  /** What a deep link names beside the tab: `subEntityId`. */
  readonly subject: string | undefined
}

/**
 * Begins inside Teams, where the person is signed in already: Teams itself gets tokens for the API that the app's manifest
 * names (`webApplicationInfo`). The colours of the page follow those of Teams.
 *
 * @throws {Error} in words for the reader, if the page is not inside Teams
 */
export async function openedByTeams(): Promise<OpenedPage> {
  try {
    await app.initialize()
  } catch (cause) {
    throw new Error(teamsWords.notInTeams, { cause })
  }
  const context = await app.getContext()
  wear(context.app.theme)
  app.registerOnThemeChangeHandler(wear)
  return { session: new TeamsSession(), subject: context.page.subPageId }
}

function wear(theme: string): void {
  document.documentElement.dataset['theme'] = themes[theme] ?? 'light'
}

/** Keeps no token but that of a step-up, which Teams would not give again without asking. */
class TeamsSession implements PageSession {
  readonly drafts = new Drafts()
  #fresh: { readonly token: string; readonly until: number } | null = null

  async token(): Promise<string> {
    if (this.#fresh !== null && this.#fresh.until > Date.now()) return this.#fresh.token
    return tokenFor()
  }

  forget(): void {
    this.#fresh = null
  }

  async stepUp(claims: string): Promise<void> {
    const token = await tokenFor({ claims: [claims] })
    this.#fresh = { token, until: endOf(token) }
  }
}

async function tokenFor(asked?: Parameters<typeof authentication.getAuthToken>[0]): Promise<string> {
  try {
    return await authentication.getAuthToken(asked)
  } catch (cause) {
    throw new Error(whyNot(cause), { cause })
  }
}

/** Milliseconds since 1970 at which a token ends (`exp`, RFC 7519 section 4.1.4), less the time that a call takes. */
function endOf(token: string): number {
  const [, payload = ''] = token.split('.')
  const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { readonly exp: number }
  return (exp - 60) * 1000
}

/**
 * Says why Teams gave no token. Its messages are codes of its clients and of Entra, for developers:
 * https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-code
 */
function whyNot(cause: unknown): string {
  const code = cause instanceof Error ? cause.message : String(cause)
  const found = reasons.find(([pattern]) => pattern.test(code))
  return found ? teamsWords.noToken[found[1]] : teamsWords.noToken.other
}

const reasons: readonly (readonly [RegExp, keyof typeof teamsWords.noToken])[] = [
  [/consent/i, 'consent'],
  [/cancel|declined|denied/i, 'cancelled'],
  [/mfa|claims|interaction/i, 'stepUp'],
  [/origin|resource|invalid_client/i, 'app'],
]
