import * as oauth from 'oauth4webapi'
import { claimsFor } from '../core/data/authenticationContext.ts'
import { faultOf, pauseFor } from '../client/http.ts'
import { isLoopback } from '../client/setting.ts'
import { openBrowser } from './browser.ts'
import { Exit, exits } from './exit.ts'
import type { Kept } from './keyring.ts'
import { startLoopback } from './loopback.ts'
import type { Screen } from './screen.ts'
import type { Environment } from './environment.ts'
import type { LoginSettings } from './settings.ts'

export interface SignInParts {
  readonly settings: LoginSettings
  readonly environment: Environment
  readonly screen: Pick<Screen, 'warn' | 'address'>
  /** The authentication context that the sign-in has to meet. */
  readonly context?: string
}

/**
 * Signs a person in through their browser: authorization code and PKCE, to a loopback address with a free port
 * (RFC 8252, RFC 7636). The answer must have our `state` and, if the server promises it, the issuer (RFC 9207).
 *
 * @throws {Exit} 69, 75, 77 or 78
 */
export async function signInByBrowser({ settings, environment, screen, context }: SignInParts): Promise<Kept> {
  const authority = await discover(settings)
  const { server, client } = authority
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
  const answers = await startLoopback({
    accept: (url) => validated(authority, url, state),
    ignored: () => screen.warn('ignored an answer that does not belong to this sign-in'),
  })
  try {
    const url = endpoint(server.authorization_endpoint, 'authorization_endpoint')
    const query = {
      ...{
        client_id: client.client_id,
        response_type: 'code',
        redirect_uri: answers.url,
        // `claims` is a parameter of OpenID Connect, and so for requests with this scope.
        scope: context === undefined ? settings.scope : `openid ${settings.scope}`,
        state,
      },
      ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      // A person may have several accounts, and chooses the one that decides.
      prompt: 'select_account',
      ...(context !== undefined && { claims: claimsFor(context) }),
    }
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    screen.address('sign in at', url)
    openBrowser(url, environment)
    const parameters = await answers.accepted
    return await answered(authority, async () => {
      const [none, back] = [oauth.None(), answers.url]
      const grant = oauth.authorizationCodeGrantRequest(
        server,
        client,
        none,
        parameters,
        back,
        verifier,
        authority.options(),
      )
      return keptIn(await oauth.processAuthorizationCodeResponse(server, client, await grant))
    })
  } finally {
    answers.end()
  }
}

/**
 * Signs a person in on another device, by a code that is typed there (RFC 8628).
 *
 * @throws {Exit} 69, 75, 77 or 78
 */
export async function signInByDevice({ settings, screen }: SignInParts): Promise<Kept> {
  const authority = await discover(settings)
  const { server, client } = authority
  endpoint(server.device_authorization_endpoint, 'device_authorization_endpoint')
  const asked = await answered(authority, async () => {
    const scope = { scope: settings.scope }
    const response = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), scope, authority.options())
    return oauth.processDeviceAuthorizationResponse(server, client, response)
  })
  screen.address(`type the code ${asked.user_code} at`, endpoint(asked.verification_uri, 'verification_uri'))
  const until = Date.now() + asked.expires_in * 1000
  // RFC 8628 section 3.5: five seconds by default, and five more after each `slow_down`.
  for (let pause = (asked.interval ?? 5) * 1000; Date.now() + pause <= until; ) {
    await pauseFor(pause)
    const { kept, error } = await poll(authority, asked.device_code)
    if (kept) return kept
    if (error === 'slow_down') pause += 5000
  }
  throw new Exit(exits.ended, 'The code expired before the sign-in was finished.')
}

async function poll(authority: Authority, code: string): Promise<{ readonly kept?: Kept; readonly error?: string }> {
  const { server, client } = authority
  return answered(authority, async () => {
    const response = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), code, authority.options())
    try {
      return { kept: keptIn(await oauth.processDeviceCodeResponse(server, client, response)) }
    } catch (cause) {
      const error = cause instanceof oauth.ResponseBodyError ? cause.error : ''
      if (error === 'authorization_pending' || error === 'slow_down') return { error }
      throw cause
    }
  })
}

/** The server that signs people in, as its metadata describe it. */
interface Authority {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  /** Makes the options of one HTTP request. */
  readonly options: () => RequestOptions
}

interface RequestOptions {
  readonly signal: AbortSignal
  readonly [oauth.allowInsecureRequests]: boolean
}

async function discover({ issuer, clientId }: LoginSettings): Promise<Authority> {
  const options = (): RequestOptions => ({
    signal: AbortSignal.timeout(15_000),
    // Plain http is for this machine only, as for all other settings.
    [oauth.allowInsecureRequests]: isLoopback(issuer),
  })
  const client = { client_id: clientId }
  const authority = { server: { issuer: issuer.href }, client, options }
  return answered(authority, async () => {
    const response = await oauth.discoveryRequest(issuer, options())
    return { ...authority, server: await oauth.processDiscoveryResponse(issuer, response) }
  })
}

function endpoint(address: string | undefined, name: string): URL {
  if (address === undefined || !URL.canParse(address))
    throw new Exit(exits.unreachable, `COUNTERSIGN_AUTHORITY does not sign people in this way: it has no ${name}.`)
  return new URL(address)
}

/** Gives the parameters of the answer to this sign-in; `null` for any other. @throws {Exit} 75 or 77 if it says no */
function validated({ server, client }: Authority, url: URL, state: string): URLSearchParams | null {
  try {
    return oauth.validateAuthResponse(server, client, url, state)
  } catch (cause) {
    if (cause instanceof oauth.AuthorizationResponseError) throw refusal(cause.error, cause.error_description)
    return null
  }
}

function keptIn({ access_token: token, expires_in: seconds = 300 }: oauth.TokenEndpointResponse): Kept {
  // RFC 6750 section 2.1
  if (!/^[\w.~+/-]+=*$/.test(token)) throw new Exit(exits.unreachable, 'COUNTERSIGN_AUTHORITY answered no token.')
  return { token, expiresAt: Math.floor(Date.now() / 1000) + seconds }
}

/** Calls the server that signs people in, and translates its errors. */
async function answered<T>({ server }: Pick<Authority, 'server'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Exit) throw cause
    if (cause instanceof oauth.ResponseBodyError) throw refusal(cause.error, cause.error_description)
    throw new Exit(exits.unreachable, `${server.issuer} does not sign people in: ${faultOf(cause)}.`)
  }
}

function refusal(error: string, description = ''): Exit {
  const words = `${error}${description && `, ${description.slice(0, 300)}`}`
  if (error === 'access_denied' || error === 'authorization_declined')
    return new Exit(exits.refused, `Not signed in: ${words}.`)
  if (error === 'expired_token') return new Exit(exits.ended, 'The code expired before the sign-in was finished.')
  if (error === 'temporarily_unavailable' || error === 'server_error')
    return new Exit(exits.unreachable, `Not signed in: ${words}.`)
  return new Exit(exits.usage, `COUNTERSIGN_AUTHORITY refused COUNTERSIGN_LOGIN_CLIENT: ${words}.`)
}
