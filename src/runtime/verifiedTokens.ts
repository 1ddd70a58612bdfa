import { hash } from 'node:crypto'
import type { JWTVerifyResult } from 'jose'
import type { RemoteKeys } from './token.ts'
import { remember } from './remember.ts'

/** A token whose signature and claims were checked. */
interface Verified<T> {
  readonly value: T
  readonly kid: string
  /** Milliseconds since 1970. */
  readonly until: number
}

/** Milliseconds. */
const longestKept = 60_000

/** How many tokens a process remembers; the oldest give way. */
const most = 10_000

/**
 * Remembers what tokens say whose signatures were verified less than a minute ago, so that a caller who sends the same
 * token with every call is not verified each time. What a caller may do is for others to look up in every call.
 *
 * A token is forgotten when it expires, and when its key is not among those that were fetched last. Tokens themselves are
 * not kept, only their SHA-256.
 */
export class VerifiedTokens<T> {
  readonly #keys: Pick<RemoteKeys, 'holds'>
  readonly #now: () => number
  readonly #known = new Map<string, Verified<T>>()

  /** @param now milliseconds since 1970 */
  constructor(keys: Pick<RemoteKeys, 'holds'>, now: () => number = Date.now) {
    this.#keys = keys
    this.#now = now
  }

  /**
   * Returns what a token says.
   *
   * @param verify checks its signature and when it is valid
   * @param read checks its claims; called once for each verification
   * @throws what `verify` and `read` throw
   */
  async value(
    token: string,
    verify: () => Promise<JWTVerifyResult>,
    read: (verified: JWTVerifyResult) => T,
  ): Promise<T> {
    const name = hash('sha256', token, 'base64')
    const known = this.#known.get(name)
    if (known && this.#now() < known.until && this.#keys.holds(known.kid)) return known.value
    this.#known.delete(name)
    const verified = await verify()
    const value = read(verified)
    const { payload, protectedHeader } = verified
    if (protectedHeader.kid !== undefined && payload.exp !== undefined) {
      const until = Math.min(this.#now() + longestKept, payload.exp * 1000)
      remember(this.#known, name, { value, until, kid: protectedHeader.kid }, most)
    }
    return value
  }
}
