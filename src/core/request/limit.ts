import type { Action } from '../action/action.ts'
import { bounds } from '../data/bound.ts'
import { type Digest, type Hex, type RequestId, sha256, timeOf } from '../data/id.ts'
import { type Instant, milliseconds, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import type { Warning } from '../action/warning.ts'

/** Who holds slots in a row, and what was denied there lately. */
export interface LimitRow {
  readonly slots: readonly SlotHolder[]
  /** Uncounted; kept for the cool-down, and to warn approvers. */
  readonly denied: readonly Denied[]
  /** What an agent asked people for in the last hour, whatever became of it. An id tells its time. */
  readonly asked: readonly RequestId[]
}

export interface SlotHolder {
  readonly id: RequestId
  readonly digest: Digest
  readonly subject: Hex
  readonly takenAt: Instant
  /** Names the idempotency key and the body it was asked with: only the same ask, sent again, takes over the slot. */
  readonly key?: Hex
}

interface Denied {
  readonly digest: Digest
  readonly subject: Hex
  readonly deniedAt: Instant
}

/** What became of a request that holds a slot. */
export type Holding = 'pending' | 'closed' | { readonly deniedAt: Instant } | 'missing'

export const emptyRow: LimitRow = { slots: [], denied: [], asked: [] }

/** Names what an action is about, whatever its params: its verb and its target. */
export const subjectOf = ({ action, target }: Action): Hex => sha256(`${action}\n${target}`)

/** Seconds after which a slot whose request never appeared is taken back. */
const missingFor = 60

/** Seconds from taking a slot to the commit: nobody takes it back before, though clocks may be 30 s apart. */
export const commitWithin = 25

const { coolDown, denials, memory, often } = bounds

/** Seconds in an hour: what a sliding window of asks goes back. */
const hour = 3600

/**
 * Frees the slots of requests that are closed, or never appeared. What was denied is remembered.
 *
 * @param holdings by request id; a slot whose request was not looked at stays
 */
export function reclaimed(row: LimitRow, holdings: ReadonlyMap<RequestId, Holding>, at: Instant): LimitRow {
  const denied = row.slots.flatMap((slot): Denied[] => {
    const holding = holdings.get(slot.id)
    return typeof holding === 'object'
      ? [{ digest: slot.digest, subject: slot.subject, deniedAt: holding.deniedAt }]
      : []
  })
  const slots = row.slots.filter((slot) => {
    const holding = holdings.get(slot.id) ?? 'pending'
    return holding === 'pending' || (holding === 'missing' && at < plusSeconds(slot.takenAt, missingFor))
  })
  const remembered = [...row.denied, ...denied].filter(({ deniedAt }) => at < plusSeconds(deniedAt, memory.seconds))
  return { ...row, slots, denied: remembered.sort(byTime).slice(-memory.denials) }
}

const byTime = (a: Denied, b: Denied): number => (a.deniedAt < b.deniedAt ? -1 : a.deniedAt > b.deniedAt ? 1 : 0)

/**
 * Warns of what this agent's row tells about an ask: the same was denied before, or it asks unusually often.
 *
 * @param most asks that it may make in an hour
 */
export function habits(
  row: LimitRow,
  { id, digest }: Pick<SlotHolder, 'id' | 'digest'>,
  { most, at }: { readonly most: number; readonly at: Instant },
): readonly Warning[] {
  const asked = row.asked.filter((one) => one !== id && at < plusSeconds(timeOf(one), hour))
  return [
    ...(row.denied.some((one) => one.digest === digest) ? (['denied-before'] as const) : []),
    ...(asked.length >= most * often ? (['asks-often'] as const) : []),
  ]
}

/**
 * Refuses an action that this agent is already asking for, or that was denied a moment ago; also one that differs from
 * those only in its params, when people have denied it again and again.
 *
 * @throws {Problem} `already-pending`, `cooling-down`
 */
export function checkRepeated(row: LimitRow, { digest, subject }: Pick<SlotHolder, 'digest' | 'subject'>, at: Instant) {
  const pending = row.slots.find((slot) => slot.digest === digest)
  if (pending)
    throw new Problem('already-pending', `The same action is already pending as ${pending.id}.`, {
      request: pending.id,
    })
  const denied = row.denied.filter(({ deniedAt }) => at < plusSeconds(deniedAt, coolDown))
  const same = denied.find((one) => one.digest === digest)
  if (same) throw coolingDown('The same action was denied a moment ago.', same.deniedAt, at)
  const alike = denied.filter((one) => one.subject === subject).map(({ deniedAt }) => deniedAt)
  const first = alike.sort().at(-denials)
  if (first) throw coolingDown(`Actions like this were denied ${alike.length} times in a few minutes.`, first, at)
}

const coolingDown = (sentence: string, since: Instant, at: Instant): Problem =>
  new Problem('cooling-down', sentence, { retryAfter: secondsUntil(plusSeconds(since, coolDown), at) })

/**
 * Counts an ask of the agent whose row this is; one that is counted already is not counted again.
 *
 * @throws {Problem} `too-many` when there were as many in the last hour
 */
export function counted(row: LimitRow, id: RequestId, most: number, at: Instant): LimitRow {
  const others = row.asked.filter((one) => one !== id && at < plusSeconds(timeOf(one), hour))
  const first = others.sort().at(-most)
  if (first)
    throw new Problem('too-many', `This agent has asked people ${others.length} times in the last hour.`, {
      retryAfter: secondsUntil(plusSeconds(timeOf(first), hour), at),
    })
  return { ...row, asked: [...others, id] }
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

/** Gives a slot back whose request was refused: nobody was asked, so it does not count. */
export function released(row: LimitRow, id: RequestId): LimitRow {
  const slots = row.slots.filter((slot) => slot.id !== id)
  return slots.length === row.slots.length ? row : { ...row, slots, asked: row.asked.filter((one) => one !== id) }
}

const secondsUntil = (end: Instant, at: Instant): number =>
  Math.max(1, Math.ceil((milliseconds(end) - milliseconds(at)) / 1000))
