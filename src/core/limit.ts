import type { Digest, Hex, RequestId } from './id.ts'
import { type Instant, milliseconds, plusSeconds } from './instant.ts'
import { Problem } from './problem.ts'

/** Who holds slots in a row, and what was denied there lately. */
export interface LimitRow {
  readonly slots: readonly SlotHolder[]
  /** Uncounted; kept for the cool-down. */
  readonly denied: readonly Denied[]
}

export interface SlotHolder {
  readonly id: RequestId
  readonly digest: Digest
  readonly takenAt: Instant
  /** Names the idempotency key and the body it was asked with: only the same ask, sent again, takes over the slot. */
  readonly key?: Hex
}

export interface Denied {
  readonly digest: Digest
  readonly deniedAt: Instant
}

/** What became of a request that holds a slot. */
export type Holding = 'pending' | 'closed' | { readonly deniedAt: Instant } | 'missing'

export const emptyRow: LimitRow = { slots: [], denied: [] }

/** Seconds after which a slot whose request never appeared is taken back. */
const missingFor = 60

/** Seconds from taking a slot to the commit: nobody takes it back before, though clocks may be 30 s apart. */
export const commitWithin = 25

/** Open cards that a channel bears. */
export const cardsPerChannel = 20

/** Seconds during which a denied action is not asked for again. */
const coolDown = 600

/**
 * Frees the slots of requests that are closed, or never appeared. What was denied stays for the cool-down.
 *
 * @param holdings by request id; a slot whose request was not looked at stays
 */
export function reclaimed(row: LimitRow, holdings: ReadonlyMap<RequestId, Holding>, at: Instant): LimitRow {
  const denied = row.slots.flatMap((slot): Denied[] => {
    const holding = holdings.get(slot.id)
    return typeof holding === 'object' ? [{ digest: slot.digest, deniedAt: holding.deniedAt }] : []
  })
  const slots = row.slots.filter((slot) => {
    const holding = holdings.get(slot.id) ?? 'pending'
    return holding === 'pending' || (holding === 'missing' && at < plusSeconds(slot.takenAt, missingFor))
  })
  const recent = [...row.denied, ...denied].filter(({ deniedAt }) => at < plusSeconds(deniedAt, coolDown))
  return { slots, denied: recent }
}

/** Refuses an action that this agent is already asking for, or that was denied a moment ago. */
export function checkRepeated(row: LimitRow, digest: Digest, at: Instant): void {
  const pending = row.slots.find((slot) => slot.digest === digest)
  if (pending)
    throw new Problem('already-pending', `The same action is already pending as ${pending.id}.`, {
      request: pending.id,
    })
  const denied = row.denied.find((one) => one.digest === digest && at < plusSeconds(one.deniedAt, coolDown))
  if (denied)
    throw new Problem('cooling-down', 'The same action was denied a moment ago.', {
      retryAfter: secondsUntil(plusSeconds(denied.deniedAt, coolDown), at),
    })
}

/**
 * Takes a slot in the row; one that the request holds already stays its own, as if taken now.
 *
 * @throws {Problem} `too-many` when all are taken
 */
export function taken(row: LimitRow, holder: SlotHolder, most: number, of: string): LimitRow {
  const others = row.slots.filter((slot) => slot.id !== holder.id)
  if (others.length === row.slots.length && others.length >= most)
    throw new Problem('too-many', `${of} already has ${most} pending requests.`, { retryAfter: 30 })
  return { ...row, slots: [...others, holder] }
}

const secondsUntil = (end: Instant, at: Instant): number =>
  Math.max(1, Math.ceil((milliseconds(end) - milliseconds(at)) / 1000))
