import { isObject, type Json } from '../core/data/json.ts'
import { assertionFrom } from './assertion.ts'
import type { ClientSecret, Credentials, FederatedClient, ManagedIdentity } from './credentials.ts'
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
  return keeping(() => fetched(credentials, patience))
}

async function fetched(
  credentials: Exclude<Credentials, { kind: 'token' }>,
  patience: Patience,
): Promise<FetchedToken> {
  switch (credentials.kind) {
    case 'client':
    case 'federated':
      return ofClient(credentials, patience)
    case 'managed':
      return ofIdentity(credentials, patience)
    case 'command': {
      const { token, expiresAt } = await runTokenCommand(credentials.command, credentials.environment)
      return lasting(token, expiresAt - Date.now())
    }
  }
}

/** A token, the time at which another is fetched, and its expiry, in milliseconds since 1970. */
interface FetchedToken {
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

/** Gets a token by client credentials (RFC 6749 section 4.4), with a secret or an assertion (RFC 7523 section 2.2). */
async function ofClient(client: ClientSecret | FederatedClient, patience: Patience): Promise<FetchedToken> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client.clientId,
    ...(client.scope && { scope: client.scope }),
    ...(client.kind === 'client'
      ? { client_secret: client.clientSecret }
      : {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: await assertionFrom(client.assertion, client.tokenUrl, patience),
        }),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  const call = { url: client.tokenUrl, method: 'POST', headers, body: form.toString(), seconds: 15 } as const
  const reply = await send(call, patience)
  return tokenIn(reply) ?? failed(reply, client, form)
}

/** Gets a token for the managed identity of this machine or app. The platform wants a header that no web page sends. */
async function ofIdentity({ url, headers }: ManagedIdentity, patience: Patience): Promise<FetchedToken> {
  const call = { url, method: 'GET', headers: { accept: 'application/json', ...headers }, seconds: 15 } as const
  const reply = await send(call, patience)
  const { error } = isObject(reply.json) ? reply.json : {}
  // A code of RFC 6749 section 5.2. Anything else may quote what was sent.
  const why = typeof error === 'string' && /^[\w-]{1,64}$/.test(error) ? `: ${error}` : ''
  const token = tokenIn(reply)
  if (token === null) throw new Unreachable(`The managed identity got no token (status ${reply.status}${why}).`)
  return token
}

/** Reads the answer of a token endpoint. Azure's platform writes numbers as texts, or only when the token ends. */
function tokenIn({ status, json }: Reply): FetchedToken | null {
  const token = isObject(json) ? json['access_token'] : undefined
  if (status !== 200 || !isObject(json) || !isToken(token)) return null
  const { expires_in: within, expires_on: on } = json
  const left = within === undefined && on !== undefined ? Number(on) - Date.now() / 1000 : Number(within ?? 300)
  return lasting(token, (Number.isFinite(left) ? left : 300) * 1000)
}

function failed(
  { status, json }: Reply,
  { kind, scope }: ClientSecret | FederatedClient,
  sent: URLSearchParams,
): never {
  const { error: code, error_description: description } = isObject(json) ? json : {}
  const error = shown(code, sent)
  if (error === undefined || status >= 500)
    throw new Unreachable(`COUNTERSIGN_TOKEN_URL answered no token (status ${status}).`)
  const words = shown(description, sent)
  const hint = scope ? '' : ' COUNTERSIGN_SCOPE is not set; Entra asks for <application id>/.default.'
  const proof = kind === 'client' ? 'COUNTERSIGN_CLIENT_SECRET' : 'the token of the platform'
  throw unaccepted(
    `COUNTERSIGN_TOKEN_URL refused COUNTERSIGN_CLIENT_ID, ${proof}: ${error}${words ? `, ${words}` : ''}.${hint}`,
  )
}

/** What an issuer says of a fault, unless it quotes the proof that it was sent. */
function shown(said: Json | undefined, sent: URLSearchParams): string | undefined {
  if (typeof said !== 'string') return undefined
  const proofs = [sent.get('client_secret'), sent.get('client_assertion')]
  return proofs.some((proof) => proof && said.includes(proof)) ? 'its words quote the proof' : said.slice(0, 300)
}
