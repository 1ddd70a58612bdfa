import { type Action, actionDigest } from '../action/action.ts'
import { foldedTarget } from '../action/target.ts'
import { bounds } from '../data/bound.ts'
import { type Digest, type Hex, type ObjectId, type RequestId, sha256, timeOf } from '../data/id.ts'
import { type Instant, milliseconds, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import type { Warning } from '../action/warning.ts'

/**
 * The slots of an agent, of a channel, or of all actions whose subjects begin alike; with recent denials and asks. Only an
 * agent's row has asks, and only its second row has what policy answered.
 */
export interface LimitRow {
  readonly slots: readonly SlotHolder[]
  /** Recent denials, kept for the cool-down and to warn approvers. They do not count against a limit. */
  readonly denied: readonly Denied[]
  /** The requests for people of the last hour, whatever their status. An id has the time of its request. */
  readonly asked: readonly RequestId[]
  /** What policy may answer by itself, or has answered, in the last hour. */
  readonly answered?: readonly Answered[]
  /** The standing approvals of an agent that are asked for or can be used. Absent if there never was one. */
  readonly standing?: readonly StandingHolder[]
}

interface StandingHolder {
  readonly id: RequestId
  readonly takenAt: Instant
}

/** So many answers of policy, the last of them before this moment. */
interface Answered {
  readonly until: Instant
  readonly count: number
}

export interface SlotHolder {
  readonly id: RequestId
  readonly digest: Digest
  readonly subject: Hex
  readonly takenAt: Instant
  /** The agent, in a row of several. */
  readonly agent?: ObjectId
  /** Hash of idempotency key and body: only the same ask, sent again, may take over the slot. */
  readonly key?: Hex
}

interface Denied {
  readonly digest: Digest
  readonly subject: Hex
  readonly agent?: ObjectId
  readonly deniedAt: Instant
}

/** The state of a request that holds a slot. */
export type Holding = 'pending' | 'closed' | { readonly deniedAt: Instant } | 'missing'

export const emptyRow: LimitRow = { slots: [], denied: [], asked: [] }

/**
 * Hashes the verb and the folded target of an action, so that actions that differ only in params, or in how the target is
 * spelled, have one subject.
 */
export const subjectOf = ({ action, target }: Action): Hex => sha256(`${action}\n${foldedTarget(target)}`)

/** The digest of an action with its folded target: that of the same action, however its target is spelled. */
export const sameness = (action: Action): Digest => actionDigest({ ...action, target: foldedTarget(action.target) })

/** Seconds after which a slot is freed if its request never appeared. */
const missingFor = 60

/** Seconds within which a commit must follow its slot. The slot is not freed before, even if clocks are 30 s apart. */
export const commitWithin = 25

const { coolDown, memory, often } = bounds

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
      ? [
          {
            digest: slot.digest,
            subject: slot.subject,
            deniedAt: holding.deniedAt,
            ...(slot.agent !== undefined && { agent: slot.agent }),
          },
        ]
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
 * Warns if the same verb on the same target was denied to this agent before, or is pending for it with other params, or
 * if the agent asks unusually often.
 *
 * @param most asks that the agent may make in an hour
 */
export function habits(
  row: LimitRow,
  { id, subject }: Pick<SlotHolder, 'id' | 'subject'>,
  { most, at }: { readonly most: number; readonly at: Instant },
): readonly Warning[] {
  const asked = row.asked.filter((one) => one !== id && at < plusSeconds(timeOf(one), hour))
  return [
    ...(row.denied.some((one) => one.subject === subject) ? (['denied-before'] as const) : []),
    ...(row.slots.some((one) => one.id !== id && one.subject === subject) ? (['asks-again'] as const) : []),
    ...(asked.length >= most * often ? (['asks-often'] as const) : []),
  ]
}

/** Warns if the same verb on the same target was denied to another agent. @param row of all agents */
export const warnedByOthers = (
  row: LimitRow,
  { agent, subject }: Pick<SlotHolder, 'agent' | 'subject'>,
): readonly Warning[] =>
  row.denied.some((one) => one.subject === subject && one.agent !== agent) ? ['denied-to-others'] : []

/**
 * Refuses an action that this agent is already asking for, and for a while every action with the verb and the target of
 * one that was denied.
 *
 * @throws {Problem} `already-pending`, `cooling-down`
 */
export function checkRepeated(row: LimitRow, { digest, subject }: Pick<SlotHolder, 'digest' | 'subject'>, at: Instant) {
  const pending = row.slots.find((slot) => slot.digest === digest)
  if (pending)
    throw new Problem('already-pending', `The same action is already pending as ${pending.id}.`, {
      request: pending.id,
    })
  const last = row.denied.filter((one) => one.subject === subject && at < plusSeconds(one.deniedAt, coolDown)).at(-1)
  if (last)
    throw coolingDown(
      'This action, on this target, was denied a moment ago. Other params change nothing.',
      last.deniedAt,
      at,
    )
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
 * Takes up to `wanted` answers of policy out of an hour's. A process takes several at once where an agent asks often, so
 * that not every ask writes the row.
 *
 * @param until the moment up to which the last of them may be given
 * @throws {Problem} `too-many` if the last hour has `most` of them
 */
export function answering(
  row: LimitRow,
  {
    most,
    wanted,
    at,
    until,
  }: { readonly most: number; readonly wanted: number; readonly at: Instant; readonly until: Instant },
): { readonly row: LimitRow; readonly granted: number } {
  const recent = (row.answered ?? []).filter((one) => at < plusSeconds(one.until, hour))
  const used = recent.reduce((sum, { count }) => sum + count, 0)
  const granted = Math.min(wanted, most - used)
  if (granted <= 0) {
    const [first] = recent.map((one) => one.until).sort()
    throw new Problem('too-many', `Policy has answered this agent ${used} times in the last hour, without people.`, {
      retryAfter: secondsUntil(plusSeconds(first ?? at, hour), at),
    })
  }
  // Answers of one minute are one entry, so that the row stays small.
  const same = recent.filter((one) => minuteOf(one.until) === minuteOf(until))
  const others = recent.filter((one) => !same.includes(one))
  const count = granted + same.reduce((sum, one) => sum + one.count, 0)
  const last = [...same.map((one) => one.until), until].sort().at(-1) ?? until
  return { row: { ...row, answered: [...others, { until: last, count }] }, granted }
}

/** Takes one answer out of those counted in the minute of this moment. */
export function unanswered(row: LimitRow, at: Instant): LimitRow {
  const answered = (row.answered ?? []).flatMap((one) => {
    const count = minuteOf(one.until) === minuteOf(at) ? one.count - 1 : one.count
    return count > 0 ? [{ ...one, count }] : []
  })
  return { ...row, answered }
}

const minuteOf = (at: Instant): string => at.slice(0, 16)

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

/**
 * Takes a place for a standing approval. One that has a place already keeps it.
 *
 * @param over those that can be used no more
 * @throws {Problem} `too-many` while so many are open that no other may be asked for
 */
export function withStanding(
  row: LimitRow,
  holder: StandingHolder,
  over: ReadonlySet<RequestId> = new Set(),
): LimitRow {
  const { open } = bounds.standing
  const others = (row.standing ?? []).filter(({ id }) => id !== holder.id && !over.has(id))
  if (others.length >= open)
    throw new Problem('too-many', `This agent already has ${open} standing approvals: use them, or cancel one.`, {
      retryAfter: 60,
    })
  return { ...row, standing: [...others, { id: holder.id, takenAt: holder.takenAt }] }
}

/** Finds the standing approvals that may be over: all of them, once no further one may be asked for. */
export const suspectStanding = ({ standing = [] }: LimitRow): readonly StandingHolder[] =>
  standing.length < bounds.standing.open ? [] : standing

/** Whether the action of this digest was denied a moment ago. */
export const isCooling = ({ denied }: LimitRow, digest: Digest, at: Instant): boolean =>
  denied.some((one) => one.digest === digest && at < plusSeconds(one.deniedAt, coolDown))

/** Gives back the slot of a refused request. The ask is not counted, because no person was asked. */
export function released(row: LimitRow, id: RequestId): LimitRow {
  const slots = row.slots.filter((slot) => slot.id !== id)
  if (slots.length === row.slots.length) return row
  const standing = row.standing?.filter((one) => one.id !== id)
  return { ...row, slots, asked: row.asked.filter((one) => one !== id), ...(standing && { standing }) }
}

const secondsUntil = (end: Instant, at: Instant): number =>
  Math.max(1, Math.ceil((milliseconds(end) - milliseconds(at)) / 1000))
