import { isObject } from '../core/data/json.ts'
import { Exit, exits } from './exit.ts'
import { type Patience, type Reply, send } from './http.ts'
import type { Credentials } from './settings.ts'
import { runTokenCommand } from './tokenCommand.ts'

/** Gives the access token to call with. `renew` says that the last one was refused. */
export type TokenSource = (renew?: boolean) => Promise<string>

/**
 * Takes the token from the environment or the keyring. Otherwise gets one from the token command or by client
 * credentials (RFC 6749 section 4.4), keeps it in memory until shortly before it expires, and then gets another.
 */
export function tokenSource(credentials: Credentials, patience: Patience): TokenSource {
  if (credentials.kind === 'token') return (renew) => (renew ? refused() : Promise.resolve(credentials.token))
  if (credentials.kind === 'keyring') return (renew) => (renew ? signInAgain() : signedIn(credentials))
  const get = async (): Promise<Fetched> => {
    if (credentials.kind === 'client') return getToken(credentials, patience)
    const { token, expiresAt } = await runTokenCommand(credentials.command, credentials.environment)
    return lasting(token, expiresAt - Date.now())
  }
  let kept: Fetched | undefined
  return async (renew = false) => {
    if (!kept || renew || Date.now() >= kept.expires) kept = await get()
    else if (Date.now() >= kept.until) kept = await get().catch(stillUsing(kept))
    return kept.token
  }
}

/** A token, the time at which another is fetched, and its expiry, in milliseconds since 1970. */
interface Fetched {
  readonly token: string
  readonly until: number
  readonly expires: number
}

const lasting = (token: string, lifetime: number): Fetched => ({
  token,
  until: untilRenewed(lifetime),
  expires: Date.now() + lifetime,
})

/** Goes on with a token that has not expired while no other can be had: the issuer may be back in time. */
const stillUsing =
  (kept: Fetched) =>
  (cause: unknown): Fetched => {
    if (cause instanceof Exit && cause.status === exits.unreachable) return kept
    throw cause
  }

/** A minute before the expiry, but not before half of the token's life, so that short-lived tokens are used, too. */
const untilRenewed = (lifetime: number): number => Date.now() + Math.max(lifetime - 60_000, lifetime / 2)

async function refused(): Promise<never> {
  throw new Exit(exits.usage, 'COUNTERSIGN_TOKEN was not accepted: it may have expired, or be for another service.')
}

async function signedIn({ keyring, service }: Credentials & { kind: 'keyring' }): Promise<string> {
  const kept = await keyring?.read(service)
  if (!kept) {
    const how = keyring ? 'countersign login' : 'countersign login -- COMMAND, as there is no keyring here'
    throw new Exit(exits.usage, `You are not signed in to ${service}: ${how}; or give COUNTERSIGN_TOKEN.`)
  }
  // Clocks differ a little, so within one minute after the expiry the service decides.
  if (kept.expiresAt * 1000 < Date.now() - 60_000) return signInAgain()
  return kept.token
}

async function signInAgain(): Promise<never> {
  throw new Exit(exits.usage, 'Your sign-in has expired, or is for another service. Sign in again: countersign login.')
}

async function getToken(client: Credentials & { kind: 'client' }, patience: Patience): Promise<Fetched> {
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
  if (reply.status !== 200 || !isObject(json) || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw failed(reply, client.scope)
  return lasting(token, Number(json['expires_in'] ?? 300) * 1000)
}

function failed({ status, json }: Reply, scope: string | undefined): Exit {
  const { error, error_description: description } = isObject(json) ? json : {}
  if (typeof error !== 'string' || status >= 500)
    return new Exit(exits.unreachable, `COUNTERSIGN_TOKEN_URL answered no token (status ${status}).`)
  const words = typeof description === 'string' ? `, ${description.slice(0, 300)}` : ''
  const hint = scope ? '' : ' COUNTERSIGN_SCOPE is not set; Entra asks for <application id>/.default.'
  const names = 'COUNTERSIGN_CLIENT_ID, COUNTERSIGN_CLIENT_SECRET'
  return new Exit(exits.usage, `COUNTERSIGN_TOKEN_URL refused ${names}: ${error}${words}.${hint}`)
}
