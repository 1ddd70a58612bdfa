import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '../core/data/problem.ts'

/** A call as it arrived. Nothing of it is believed before the signature was checked. */
export interface SignedDelivery {
  /** `X-Hub-Signature-256`: `sha256=` and 64 hex digits. */
  readonly signature: string | null
  readonly bytes: Uint8Array
}

/**
 * Makes the check that GitHub signed a call for this app, over the bytes as they came:
 * https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
 *
 * The signature bears no time, so an old call can be sent again: it finds its request, and changes nothing.
 *
 * @throws {Error} without a secret: an empty one would let everybody in
 * @returns a check that throws {@link Problem} `unauthenticated`, in one sentence for every fault
 */
export function deliveryCheck(secret: string): (delivery: SignedDelivery) => void {
  if (secret === '') throw new Error('The door for GitHub needs a secret.')
  return ({ signature, bytes }) => {
    const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '') ?? []
    if (hex === undefined) throw forged()
    if (!timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(bytes).digest())) throw forged()
  }
}

/** One sentence for every fault, so that a forger learns nothing from it. The claim is for the log. */
const forged = (): Problem =>
  new Problem('unauthenticated', 'Only GitHub may call this, for our app.', { claim: 'signature' })
