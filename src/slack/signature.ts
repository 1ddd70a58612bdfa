import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '../core/data/problem.ts'
import type { Clock } from '../ports/clock.ts'
import { milliseconds } from '../core/data/instant.ts'

/** A call as it arrived: the headers that Slack signs with, and the bytes of the body. */
export interface SignedCall {
  /** `X-Slack-Request-Timestamp`: seconds since 1970. */
  readonly timestamp: string | null
  /** `X-Slack-Signature`: `v0=` and 64 hex digits. */
  readonly signature: string | null
  readonly bytes: Uint8Array
}

/** Seconds by which the time of a call may differ from ours. */
const oldest = 300

/**
 * Makes the check that Slack signed a call, by https://docs.slack.dev/authentication/verifying-requests-from-slack.
 *
 * @param secrets at least one; the second counts while the secret is being changed
 * @throws {Error} without a secret: an empty one would let everybody in
 * @returns a check that throws {@link Problem} `unauthenticated`, in one sentence for every fault
 */
export function signatureCheck(secrets: readonly string[], clock: Clock): (call: SignedCall) => void {
  if (secrets.length === 0 || secrets.includes('')) throw new Error('Slack’s door needs a signing secret.')
  return ({ timestamp, signature, bytes }) => {
    if (timestamp === null || !/^\d{1,11}$/.test(timestamp)) throw foreign('timestamp')
    if (Math.abs(milliseconds(clock.now()) / 1000 - Number(timestamp)) > oldest) throw foreign('timestamp')
    const [, hex] = /^v0=([0-9a-f]{64})$/.exec(signature ?? '') ?? []
    if (hex === undefined) throw foreign('signature')
    const given = Buffer.from(hex, 'hex')
    // All secrets are tried, so that the time of an answer does not tell which one is in use.
    const matches = secrets.map((secret) => timingSafeEqual(given, signatureOf(secret, timestamp, bytes)))
    if (!matches.includes(true)) throw foreign('signature')
  }
}

const signatureOf = (secret: string, timestamp: string, bytes: Uint8Array): Buffer =>
  createHmac('sha256', secret).update(`v0:${timestamp}:`).update(bytes).digest()

/** One sentence for every fault, so that a forger learns nothing from it. The claim is for the log. */
export const foreign = (claim: string): Problem =>
  new Problem('unauthenticated', 'Only Slack may call this, from our workspace and for our app.', { claim })
