import type { Action } from '../action/action.ts'
import { bounds } from '../data/bound.ts'
import { type Digest, type Hex, type RequestId, sha256, timeOf } from '../data/id.ts'
import { type Instant, milliseconds, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import type { Warning } from '../action/warning.ts'

/** The slots of an agent or channel, with the agent's recent denials and asks. */
export interface LimitRow {
  readonly slots: readonly SlotHolder[]
  /** Recent denials, kept for the cool-down and to warn approvers. They do not count against a limit. */
  readonly denied: readonly Denied[]
  /** The requests for people of the last hour, whatever their status. An id has the time of its request. */
  readonly asked: readonly RequestId[]
}

export interface SlotHolder {
  readonly id: RequestId
  readonly digest: Digest
  readonly subject: Hex
  readonly takenAt: Instant
  /** Hash of idempotency key and body: only the same ask, sent again, may take over the slot. */
  readonly key?: Hex
}

interface Denied {
  readonly digest: Digest
  readonly subject: Hex
  readonly deniedAt: Instant
}

/** The state of a request that holds a slot. */
export type Holding = 'pending' | 'closed' | { readonly deniedAt: Instant } | 'missing'

export const emptyRow: LimitRow = { slots: [], denied: [], asked: [] }

/** Hashes the verb and the target of an action, so that actions that differ only in params have one subject. */
export const subjectOf = ({ action, target }: Action): Hex => sha256(`${action}\n${target}`)

/** Seconds after which a slot is freed if its request never appeared. */
const missingFor = 60

/** Seconds within which a commit must follow its slot. The slot is not freed before, even if clocks are 30 s apart. */
export const commitWithin = 25

const { coolDown, denials, memory, often } = bounds

/** Seconds of the sliding window in which asks are counted. */
const hour = 3600

/**
 * Frees the slots of requests that are closed, or never appeared. Remembers the denied ones.
 *
 * @param holdings by request id; a slot whose request is not among them stays
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
 * Warns if the same action of this agent was denied before, or if the agent asks unusually often.
 *
 * @param most asks that the agent may make in an hour
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
 * Refuses an action that this agent is already asking for, or that was denied a moment ago. After several denials it
 * also refuses an action that differs from the denied ones only in its params.
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
 * Counts an ask of the row's agent. The same ask is never counted twice.
 *
 * @throws {Problem} `too-many` if the last hour has `most` other asks
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
 * Takes a slot in the row. A request that has a slot already keeps it, as if it was taken now.
 *
 * @throws {Problem} `too-many` if all slots are taken
 */
export function taken(row: LimitRow, holder: SlotHolder, most: number, of: string): LimitRow {
  const others = row.slots.filter((slot) => slot.id !== holder.id)
  if (others.length === row.slots.length && others.length >= most)
    throw new Problem('too-many', `${of} already has ${most} pending requests.`, { retryAfter: 30 })
  return { ...row, slots: [...others, holder] }
}

/** Gives back the slot of a refused request. The ask is not counted, because no person was asked. */
export function released(row: LimitRow, id: RequestId): LimitRow {
  const slots = row.slots.filter((slot) => slot.id !== id)
  return slots.length === row.slots.length ? row : { ...row, slots, asked: row.asked.filter((one) => one !== id) }
}

const secondsUntil = (end: Instant, at: Instant): number =>
  Math.max(1, Math.ceil((milliseconds(end) - milliseconds(at)) / 1000))
