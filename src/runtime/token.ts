import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import * as z from 'zod'
import { bounds } from '../core/data/bound.ts'
import { Problem, type TokenFault } from '../core/data/problem.ts'

/** Where an issuer publishes the keys that it signs tokens with. */
export interface KeySource {
  readonly jwksUri: string
  /** Milliseconds after a successful fetch during which the key server is not asked again. */
  readonly cooldown?: number
  /** Milliseconds that the key server may take to answer. */
  readonly timeout?: number
}

/** A published key, with all members that its publisher added. */
export type PublishedKey = Readonly<Record<string, unknown>>

/**
 * For how long fetched keys count. A key that its publisher withdraws is refused an hour later at the latest, also
 * while the key server does not answer: then no token is accepted until it does.
 */
const longestKept = 3600 * 1000

/** The token in an `Authorization: Bearer` header (RFC 6750); `null` unless it has the form of a signed JWT. */
function bearer(authorization: string | null): string | null {
  // The caller chooses the length: check it before a pattern reads the text.
  if (authorization === null || authorization.length > bounds.token.access) return null
  return /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1] ?? null
}

/**
 * Names, for the log, what of a token was refused: a claim, a member of its header, or `signature`; `token` if it is
 * not a signed JWT at all. The name comes from the reader's own forms and never from the token.
 *
 * @param cause an error of jose or zod
 */
function claimOf(cause: unknown): string {
  if (cause instanceof z.ZodError) return cause.issues[0]?.path.join('.') || 'token'
  if (cause instanceof errors.JWTClaimValidationFailed || cause instanceof errors.JWTExpired) return cause.claim
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (cause instanceof errors.JOSEAlgNotAllowed) return 'alg'
  if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) return 'kid'
  return 'token'
}

/**
 * Sorts a fault by what its caller may learn of it. A forger learns nothing: `expired` is said of no token but one that
 * the issuer signed, and every other fault of a readable token is `foreign`.
 */
function faultOf(cause: unknown): TokenFault {
  if (cause instanceof errors.JWTExpired) return 'expired'
  return cause instanceof errors.JWSInvalid || cause instanceof errors.JWTInvalid ? 'unreadable' : 'foreign'
}

const isBearer = (authorization: string | null): boolean => /^Bearer\b/i.test(authorization?.slice(0, 7) ?? '')

/**
 * Checks the token of an `Authorization` header.
 *
 * @param refused makes the refusal; the claim and the cause are for the log, the fault is for the caller
 * @param check takes the token, and throws what `jose` and `zod` throw for one that is not as it should be
 * @throws {Problem} what `refused` makes, or a problem of the check, such as `unavailable`
 */
export async function checkBearer<T>(
  authorization: string | null,
  refused: (claim: string, fault: TokenFault, cause?: unknown) => Problem,
  check: (token: string) => Promise<T>,
): Promise<T> {
  const token = bearer(authorization)
  if (token === null) throw refused('token', isBearer(authorization) ? 'unreadable' : 'none')
  try {
    return await check(token)
  } catch (cause) {
    if (cause instanceof errors.JOSEError || cause instanceof z.ZodError)
      throw refused(claimOf(cause), faultOf(cause), cause)
    throw cause
  }
}

/** The keys of an issuer. */
export interface RemoteKeys {
  /** Finds a token's key. Throws a problem, `unavailable`, while the keys cannot be fetched. */
  readonly find: JWTVerifyGetKey
  /** Whether a key with this id is among those that were fetched last, and they still count. Fetches nothing. */
  readonly holds: (kid: string) => boolean
}

/**
 * Fetches keys when they are needed, and again after an hour. An unknown key makes it fetch again, at most once per
 * cooldown.
 *
 * @param trusted which published keys to accept; the others count as unknown
 */
export function remoteKeys(source: KeySource, trusted: (key: PublishedKey) => boolean = () => true): RemoteKeys {
  const { jwksUri, cooldown = 30_000, timeout = 5_000 } = source
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    cooldownDuration: cooldown,
    cacheMaxAge: longestKept,
    timeoutDuration: timeout,
    [customFetch]: restAfterFailure(Math.min(cooldown, 5_000), only(trusted)),
  })
  const find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await keys(header, token)
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) throw cause
      throw new Problem('unavailable', 'The keys that access tokens are signed with cannot be fetched.', {
        cause,
        retryAfter: 5,
      })
    }
  }
  return { find, holds: (kid) => keys.fresh && keys.jwks()?.keys.some((key) => key.kid === kid) === true }
}

const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) })

/** Removes untrusted keys from the answer, so that no lookup can find one. */
function only(trusted: (key: PublishedKey) => boolean): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 200) throw new Error(`The key server answered ${response.status}.`)
    const { keys } = keySet.parse(await response.json())
    return Response.json({ keys: keys.filter(trusted) })
  }
}

/** Does not ask again soon after a failure. Only a success starts the cooldown, so every token would ask and wait. */
function restAfterFailure(rest: number, ask: typeof fetch): typeof fetch {
  let failedAt = Number.NEGATIVE_INFINITY
  return async (input, init) => {
    if (performance.now() - failedAt < rest) throw new Error('The key server failed a moment ago.')
    try {
      return await ask(input, init)
    } catch (cause) {
      failedAt = performance.now()
      throw cause
    }
  }
}
