import * as oauth from 'oauth4webapi'
import type { ConsoleSettings } from '../contract/serviceAnswers.ts'
import { Drafts, type KeptDrafts, type PageSession, refusedStepUp } from './session.ts'
import { words } from './words.ts'

/** What has to outlive the way to the identity provider and back: nothing that is secret afterwards, and no token. */
interface Underway {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
  /** The path, query and fragment to come back to. */
  readonly back: string
  readonly drafts: KeptDrafts
  /** What the identity provider says of itself, so that it is not asked again on the way back. */
  readonly server: oauth.AuthorizationServer
  /** What a step-up has to meet. */
  readonly claims?: string
}

const underwayKey = 'countersign.signing-in'

/** The address that the identity provider sends the browser back to. It is registered there, to the letter. */
const redirectPath = '/console/'

/** Seconds before its end at which a token is not used any more: a call takes a while, and clocks differ. */
const margin = 60

/**
 * Signs in by authorization code with PKCE (RFC 7636, RFC 9700). Tokens are kept in memory alone, and are gone with the
 * page.
 */
export class BrowserSession implements PageSession {
  readonly #settings: ConsoleSettings
  readonly #client: oauth.Client
  readonly #options: { [oauth.allowInsecureRequests]: boolean }
  #server: Promise<oauth.AuthorizationServer> | null = null
  #token: { readonly value: string; readonly until: number } | null = null
  drafts = new Drafts()

  constructor(settings: ConsoleSettings) {
    this.#settings = settings
    this.#client = { client_id: settings.clientId }
    // A local stack has no certificate. Elsewhere the service only names an address with https.
    this.#options = { [oauth.allowInsecureRequests]: new URL(settings.authority).hostname === '127.0.0.1' }
  }

  async token(): Promise<string> {
    if (this.#token !== null && this.#token.until > Date.now()) return this.#token.value
    await this.#begin()
    return leaving()
  }

  forget(): void {
    this.#token = null
  }

  async stepUp(claims: string): Promise<never> {
    await this.#begin(claims)
    return leaving()
  }

  async leave(): Promise<void> {
    this.forget()
    // A sign-in that was on its way has what was typed.
    sessionStorage.removeItem(underwayKey)
    const { end_session_endpoint: end } = await this.#discover()
    if (end === undefined) return location.assign(redirectPath)
    const to = new URL(end)
    to.searchParams.set('post_logout_redirect_uri', redirectUri())
    to.searchParams.set('client_id', this.#settings.clientId)
    location.assign(to)
    return leaving()
  }

  /**
   * Goes on where a sign-in began, with the drafts of then, also if it was given up. If the address is the identity
   * provider's answer, the token for its code is taken first. Who was signed in before goes on without a step-up that
   * was refused.
   *
   * @throws {Error} in words for the reader, if the provider refused the person or its answer cannot be used
   */
  async finish(): Promise<void> {
    const here = new URL(location.href)
    const kept = sessionStorage.getItem(underwayKey)
    if (kept === null) return
    sessionStorage.removeItem(underwayKey)
    const { verifier, state, nonce, back, drafts, server, claims } = JSON.parse(kept) as Underway
    this.drafts = new Drafts(drafts)
    if (!here.searchParams.has('state')) return
    history.replaceState(null, '', back)
    this.#server ??= Promise.resolve(server)
    await this.#redeem(server, here, { verifier, state, nonce }).catch((cause: unknown) => {
      const code = codeIn(cause)
      if (claims === undefined) throw new Error(code ? words.signIn.refused(code) : words.signIn.unfinished, { cause })
      this.drafts.put(refusedStepUp, code)
    })
  }

  /** Takes the token for the code in an address. */
  async #redeem(
    server: oauth.AuthorizationServer,
    here: URL,
    { verifier, state, nonce }: Pick<Underway, 'verifier' | 'state' | 'nonce'>,
  ): Promise<void> {
    const params = oauth.validateAuthResponse(server, this.#client, here, state)
    const answer = await oauth.authorizationCodeGrantRequest(
      ...([server, this.#client, oauth.None(), params, redirectUri(), verifier, this.#options] as const),
    )
    const tokens = await oauth.processAuthorizationCodeResponse(server, this.#client, answer, {
      expectedNonce: nonce,
      requireIdToken: true,
    })
    const lifetime = (tokens.expires_in ?? 300) - margin
    this.#token = { value: tokens.access_token, until: Date.now() + lifetime * 1000 }
  }

  /** Leaves the page for the identity provider, which sends the browser back to this place. */
  async #begin(claims?: string): Promise<void> {
    const server = await this.#discover()
    const { authorization_endpoint: endpoint } = server
    if (endpoint === undefined) throw new Error(words.signIn.unreachable)
    const verifier = oauth.generateRandomCodeVerifier()
    const { pathname, search, hash } = location
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
    const [back, drafts] = [pathname + search + hash, this.drafts.kept()]
    const underway: Underway = { verifier, state, nonce, back, drafts, server, ...(claims && { claims }) }
    sessionStorage.setItem(underwayKey, JSON.stringify(underway))
    const to = new URL(endpoint)
    const query = {
      ...{ client_id: this.#settings.clientId, response_type: 'code', redirect_uri: redirectUri() },
      ...{ scope: `openid ${this.#settings.scope}`, state, nonce },
      ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      ...(claims && { claims }),
    }
    for (const [name, value] of Object.entries(query)) to.searchParams.set(name, value)
    location.assign(to)
  }

  #discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.#settings.authority)
    this.#server ??= oauth
      .discoveryRequest(issuer, this.#options)
      .then((answer) => oauth.processDiscoveryResponse(issuer, answer))
      .catch((cause: unknown) => {
        this.#server = null
        throw new Error(words.signIn.unreachable, { cause })
      })
    return this.#server
  }
}

const redirectUri = () => new URL(redirectPath, location.origin).href

/** The code of an answer that refuses a token; `null` if there is none. Entra's own stand in its description, for developers. */
function codeIn(cause: unknown): string | null {
  if (!(cause instanceof oauth.AuthorizationResponseError)) return null
  const { error, error_description: about = '' } = cause
  return /AADSTS\d+/.exec(about)?.[0] ?? error
}

/** Never resolves: the page is about to be left. A browser that comes back to it as it was left loads it anew. */
function leaving(): Promise<never> {
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  return new Promise(() => {})
}
