import { backoff } from '../core/request/delivery.ts'
import { type Instant, milliseconds, plusSeconds } from '../core/data/instant.ts'
import { type Pace, turns } from './pace.ts'
import type { Clock } from '../ports/clock.ts'
import type { Again, Sent } from '../ports/messenger.ts'
import type { CardRow, Claim, Outbox } from '../ports/outbox.ts'

export interface SendingParts {
  readonly outbox: Pick<Outbox, 'renew'>
  readonly clock: Clock
  /** Gives so many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  readonly pause: (ms: number) => Promise<unknown>
  /** Shared by everything in this process that sends. */
  readonly pace: Pace
  /** Is called with errors of background work. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** A claim, and what was done under it. */
export interface Held {
  claim: Claim
  /** Whether nothing was sent since the claim was made or renewed. Every other send renews it. */
  isFresh: boolean
  hasSent: boolean
}

/**
 * What became of a try: sent; not sent, with the row that says so; not tried before a moment; or not at all, because
 * the claim is lost, or the row changed and what would be sent may be out of date.
 */
export type Tried<T> =
  | { readonly sent: T }
  | { readonly unsent: 'gone' | 'other'; readonly row: CardRow & { readonly notBefore: Instant } }
  | { readonly notBefore: Instant }
  | 'lost'
  | 'moved'

/** Seconds that a claim lasts, and that it must have left when something is sent: no send takes longer. */
export const claimFor = 30
const longestSend = 20

/** Seconds until a refused send is tried again. No other wait between two tries is longer. */
const lostFor = 3600
const mostTries = 48

/** Says whether a card is no longer tried until the request changes again. */
export const isGivenUp = ({ lost, attempts }: CardRow): boolean => lost === true && attempts >= mostTries

/**
 * Sends when its time has come, at the pace that its channel allows, under a claim that lasts longer than the send. The
 * first send under a claim follows at once what was read after it, so it need not look for commits again.
 */
export async function send<T>(
  parts: SendingParts,
  held: Held,
  row: CardRow,
  work: (again: Again) => Promise<Sent<T>>,
): Promise<Tried<T>> {
  const { outbox, clock, pause, failed, pace } = parts
  if (row.notBefore !== undefined && clock.now() < row.notBefore) return { notBefore: row.notBefore }
  const turn = pace.next(row.channel)
  if ('notBefore' in turn) return turn
  if (turn.wait > 0) await pause(turn.wait)

  if (turn.wait > 0 || !held.isFresh || left(held.claim, clock) < longestSend) {
    const claim = await outbox.renew(held.claim, plusSeconds(clock.now(), claimFor))
    if (claim === null) return 'lost'
    held.claim = claim
    if (claim.moved) return 'moved'
    if (left(claim, clock) < longestSend) return 'lost'
  }
  Object.assign(held, { isFresh: false, hasSent: true })
  const sent = await work(turns(pace, row.channel, pause)).catch((cause: unknown): Sent<T> => {
    failed(cause)
    return { unsent: 'passing' }
  })
  if ('sent' in sent) return sent
  const after = failure(parts, row, sent)
  if (sent.unsent === 'throttled') pace.hold(row.channel, after.notBefore)
  return { unsent: sent.unsent === 'gone' ? 'gone' : 'other', row: after }
}

/** Seconds that a claim still lasts. */
const left = ({ until }: Claim, clock: Clock): number => (milliseconds(until) - milliseconds(clock.now())) / 1000

function failure(
  { clock, random }: SendingParts,
  row: CardRow,
  { unsent, retryAfter = 0 }: Exclude<Sent<unknown>, { sent: unknown }>,
) {
  const lost = unsent === 'gone' || unsent === 'refused' || unsent === 'too-large'
  const [high = 0, low = 0] = random(2)
  const wait = Math.max(retryAfter, backoff(row.attempts, (high * 256 + low) / 65_536))
  const seconds = lost ? lostFor : Math.min(wait, lostFor)
  const notBefore = plusSeconds(clock.now(), seconds)
  return { ...row, attempts: row.attempts + 1, notBefore, ...(lost && { lost }) }
}
