import { isObject } from '../core/data/json.ts'
import type { ClientSecret, Credentials } from './credentials.ts'
import { Refused, Unreachable } from './failure.ts'
import { type Patience, type Reply, send } from './http.ts'
import { isToken } from './setting.ts'
import { runTokenCommand } from './tokenCommand.ts'

/** Gives the access token to call with. `renew` says that the last one was refused. */
export type TokenSource = (renew: boolean) => string | Promise<string>

/**
 * Gives the token of the environment. Otherwise gets one as the credentials say, keeps it in memory until shortly
 * before it expires, and then gets another.
 */
export function tokenSource(credentials: Credentials, patience: Patience): TokenSource {
  if (credentials.kind === 'token') return (renew) => (renew ? refused() : credentials.token)
  const get = async (): Promise<FetchedToken> => {
    if (credentials.kind === 'client') return getToken(credentials, patience)
    const { token, expiresAt } = await runTokenCommand(credentials.command, credentials.environment)
    return lasting(token, expiresAt - Date.now())
  }
  return keeping(get)
}

/** A token, the time at which another is fetched, and its expiry, in milliseconds since 1970. */
export interface FetchedToken {
  readonly token: string
  readonly until: number
  readonly expires: number
}

/** Keeps a token while it lasts. Calls that need another one at the same time share it. */
function keeping(get: () => Promise<FetchedToken>): TokenSource {
  let kept: FetchedToken | undefined
  let getting: Promise<FetchedToken> | undefined
  const another = (): Promise<FetchedToken> => {
    getting ??= get().finally(() => {
      getting = undefined
    })
    return getting
  }
  return async (renew) => {
    if (!kept || renew || Date.now() >= kept.expires) kept = await another()
    else if (Date.now() >= kept.until) kept = await another().catch(stillUsing(kept))
    return kept.token
  }
}

const lasting = (token: string, lifetime: number): FetchedToken => ({
  token,
  until: untilRenewed(lifetime),
  expires: Date.now() + lifetime,
})

/** Goes on with a token that has not expired while no other can be had: the issuer may be back in time. */
const stillUsing =
  (kept: FetchedToken) =>
  (cause: unknown): FetchedToken => {
    if (cause instanceof Unreachable) return kept
    throw cause
  }

/** A minute before the expiry, but not before half of the token's life, so that short-lived tokens are used, too. */
const untilRenewed = (lifetime: number): number => Date.now() + Math.max(lifetime - 60_000, lifetime / 2)

function refused(): never {
  throw unaccepted('COUNTERSIGN_TOKEN was not accepted: it may have expired, or be for another service.')
}

const unaccepted = (sentence: string): Refused => new Refused('unauthenticated', sentence, { status: 401 })

/** Gets a token by client credentials (RFC 6749 section 4.4). */
async function getToken(client: ClientSecret, patience: Patience): Promise<FetchedToken> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    ...(client.scope && { scope: client.scope }),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  const call = { url: client.tokenUrl, method: 'POST', headers, body: form.toString(), seconds: 15 } as const
  const reply = await send(call, patience)
  const { json } = reply
  const token = isObject(json) ? json['access_token'] : undefined
  if (reply.status !== 200 || !isObject(json) || !isToken(token)) throw failed(reply, client.scope)
  return lasting(token, Number(json['expires_in'] ?? 300) * 1000)
}

function failed({ status, json }: Reply, scope: string | undefined): Error {
  const { error, error_description: description } = isObject(json) ? json : {}
  if (typeof error !== 'string' || status >= 500)
    return new Unreachable(`COUNTERSIGN_TOKEN_URL answered no token (status ${status}).`)
  const words = typeof description === 'string' ? `, ${description.slice(0, 300)}` : ''
  const hint = scope ? '' : ' COUNTERSIGN_SCOPE is not set; Entra asks for <application id>/.default.'
  const names = 'COUNTERSIGN_CLIENT_ID, COUNTERSIGN_CLIENT_SECRET'
  return unaccepted(`COUNTERSIGN_TOKEN_URL refused ${names}: ${error}${words}.${hint}`)
}
