import { type Instant, milliseconds, plusSeconds } from '../core/data/instant.ts'
import { backoff, isClaimed } from '../core/request/delivery.ts'
import type { OutgoingEvent } from '../exports/outgoingEvent.ts'
import type { Failing, Sink, SinkAnswer, SinkCursor, SinkFailure } from '../ports/sinks.ts'

/** Seconds that a claim lasts. */
const claimFor = 60

/** Seconds that a claim must have left when events are sent: no call takes longer. */
const longestSend = 40

/** Seconds. A receiver that asks for more is asked again after so long. */
const longestWait = 24 * 3600

/**
 * Why nothing is sent now: the sink is switched off, another process sends, or the next try has to wait until a moment.
 * `null` if nothing is in the way.
 */
export function restOf(cursor: SinkCursor, by: string, now: Instant): 'off' | 'claimed' | Instant | null {
  const { off, claim, failing } = cursor
  if (off) return 'off'
  // A claim that lasts for longer than any is none: a clock of another process is ahead.
  if (claim && claim.by !== by && isClaimed(claim, now) && claim.until <= plusSeconds(now, 2 * claimFor))
    return 'claimed'
  return failing && now < failing.notBefore ? failing.notBefore : null
}

export const claimedBy = (cursor: SinkCursor, by: string, now: Instant): SinkCursor => ({
  ...cursor,
  claim: { by, until: plusSeconds(now, claimFor) },
})

/** Gives the claim back. */
export function released({ claim: _claim, ...cursor }: SinkCursor): SinkCursor {
  return cursor
}

/** Whether a claim lasts for one more call. */
export const lasts = ({ claim }: SinkCursor, now: Instant): boolean =>
  claim !== undefined && milliseconds(claim.until) - milliseconds(now) >= longestSend * 1000

/** How a sink tries again. */
export interface Retrying {
  readonly retries?: Sink['retries']
  readonly now: Instant
  /** From 0 up to 1. */
  readonly random: number
}

/** The cursor after a call: behind the events that were taken, and with what became of the next one. */
export function advanced(
  cursor: SinkCursor,
  events: readonly OutgoingEvent[],
  { taken, failure, consent = cursor.consent }: SinkAnswer,
  retrying: Retrying,
): SinkCursor {
  const { failing: before, consent: _consent, ...rest } = cursor
  const last = events[taken - 1]
  const place = last ? { seq: last.event.seq, hash: last.hash, at: last.event.at } : {}
  const moved = { ...rest, ...place, ...(consent !== undefined && { consent }) }
  if (!failure) return taken === 0 && before ? { ...moved, failing: before } : moved
  const failing = failingAfter(taken === 0 ? before : undefined, failure, retrying)
  return failing === null ? { ...moved, off: { at: retrying.now, why: failure.why } } : { ...moved, failing }
}

/**
 * What follows from a failed try; `null` if the sink is to be switched off. A receiver that says when to come again is
 * asked then, and such tries do not use up the others; it is given up after as long as any other.
 */
function failingAfter(
  before: Failing | undefined,
  { why, retryAfter, isFinal }: SinkFailure,
  { retries, now, random }: Retrying,
): Failing | null {
  if (isFinal) return null
  const since = before?.since ?? now
  const done = before?.tries ?? 0
  const tries = retryAfter === undefined ? done + 1 : done
  const wait = retryAfter ?? (retries ? retries[done] : backoff(done, random))
  const isOver = retries !== undefined && now >= plusSeconds(since, sumOf(retries))
  if (wait === undefined || isOver) return null
  const notBefore = plusSeconds(now, Math.min(Math.max(wait, 1), longestWait))
  return { since, tries, why, notBefore }
}

const sumOf = (seconds: readonly number[]): number => seconds.reduce((sum, one) => sum + one, 0)
