import type { Digest, Hex, ObjectId, RequestId } from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import { bounds } from '../core/data/bound.ts'
import {
  checkRepeated,
  commitWithin,
  counted,
  habits,
  type Holding,
  isCooling,
  type LimitRow,
  reclaimed,
  released,
  type SlotHolder,
  suspectStanding,
  taken,
  warnedByOthers,
  withStanding,
} from '../core/request/limit.ts'
import { isOpen, overdue } from '../core/request/request.ts'
import { asNewer, isBroken, Problem } from '../core/data/problem.ts'
import type { Warning } from '../core/action/warning.ts'
import type { ChangeParts } from './commit.ts'
import { type RowChange, limitRowsOf } from './limitRows.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { LimitKey, Limits } from '../ports/limits.ts'
import type { AgentRegistration } from '../ports/policy.ts'

export interface SlotParts extends Pick<ChangeParts, 'backOff'> {
  readonly ledger: Ledger
  readonly limits: Limits
  readonly clock: Clock
}

/** An ask for slots, before its request is committed. */
export interface Reservation {
  readonly id: RequestId
  readonly agent: AgentRegistration
  readonly channels: readonly string[]
  readonly digest: Digest
  readonly subject: Hex
  /** Whether a standing approval is asked for. */
  readonly isStanding?: boolean
  /** Names the ask, if it may be sent again: its idempotency key and body. */
  readonly key?: Hex
}

/** A slot that was taken. */
export interface Reserved {
  /** The id to commit under. If the ask was sent before, it is that of the slot that the ask already holds. */
  readonly id: RequestId
  /** Whether the same ask had taken it before. */
  readonly joined: boolean
  /** Warnings about the agent, for approvers. */
  readonly warnings: readonly Warning[]
}

/**
 * Takes a slot in the agent's row and in each channel's, before the commit, so that caps are never exceeded.
 * Slots are freed lazily: an ask that finds a row full, or its own action in it, checks the requests that hold slots.
 *
 * @throws {Problem} `too-many`, `already-pending`, `cooling-down`, `busy`
 */
export async function reserve(parts: SlotParts, asked: Reservation): Promise<Reserved> {
  const { id, takenAt, joined, warnings } = await takeOfAgent(parts, asked)
  try {
    const own = { ...asked, id }
    const [others] = await allOf([
      takeOfSubject(parts, own),
      ...asked.channels.map((channel) => takeOfChannel(parts, { channel }, own).then(() => [])),
    ])
    return { id, joined, warnings: [...warnings, ...(others ?? [])] }
  } catch (cause) {
    // If the same ask was sent twice at once, both hold this slot. Then it is kept, and reclaimed later.
    if (!joined && (await isOurs(parts, asked, { id, takenAt }))) await release(parts, { ...asked, id })
    throw cause
  }
}

/** Waits for all, also when one fails, so that nothing is taken after it was given back. @throws the first failure */
async function allOf<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(works)
  return Promise.all(works)
}

/** Whether this ask alone holds the slot. Another ask that joins it changes its time. */
async function isOurs(
  { limits }: SlotParts,
  { agent }: Reservation,
  { id, takenAt }: { readonly id: RequestId; readonly takenAt: Instant },
): Promise<boolean> {
  const { row } = await limits.read({ agent: agent.id })
  return row.slots.some((slot) => slot.id === id && slot.takenAt === takenAt)
}

/** Frees the slots of a request that was refused. Best effort: slots that remain are reclaimed after a minute. */
export async function release(parts: SlotParts, { id, agent, channels, subject }: Reservation): Promise<void> {
  const keys: LimitKey[] = [{ agent: agent.id }, subjectsOf(subject), ...channels.map((channel) => ({ channel }))]
  await Promise.allSettled(keys.map((key) => update(parts, key, (row) => released(row, id))))
}

interface TakenSlot extends Reserved {
  readonly takenAt: Instant
}

async function takeOfAgent(parts: SlotParts, asked: Reservation): Promise<TakenSlot> {
  const { agent, digest, subject, key } = asked
  const { pending: most, hourly } = agent.limits
  let slot: TakenSlot = { id: asked.id, takenAt: parts.clock.now(), joined: false, warnings: [] }
  await update(parts, { agent: agent.id }, async (found, at) => {
    // Checks slots of the same action or subject even in a row with room: one of them may have been denied.
    const inTheWay = (slot: SlotHolder) =>
      slot.digest === digest || slot.subject === subject || found.slots.length >= most
    const row = await withoutStale(parts.ledger, found, inTheWay, at)
    const own = key && row.slots.find((slot) => slot.key === key)
    const id = own ? own.id : asked.id
    const holder = holderOf({ ...asked, id }, at)
    slot = { id, takenAt: at, joined: own !== undefined, warnings: habits(row, holder, { most: hourly, at }) }
    if (own) return taken(row, holder, most, 'This agent')
    await checkTwin(parts.ledger, row, asked)
    checkRepeated(row, asked, at)
    const next = taken(counted(row, asked.id, hourly, at), holder, most, 'This agent')
    return asked.isStanding === true ? withStanding(next, holder, await overAmong(parts.ledger, next, at)) : next
  })
  return slot
}

/** The standing approvals in a full row that can be used no more. */
async function overAmong(ledger: Ledger, row: LimitRow, at: Instant): Promise<ReadonlySet<RequestId>> {
  const checked = suspectStanding(row).map(async ({ id, takenAt }) => {
    const found = await ledger.find(id).then((request) => ({ request }), asUnread)
    if (!('request' in found)) return []
    // A request that is not there yet may still come.
    if (!found.request) return at < plusSeconds(takenAt, commitWithin) ? [] : [id]
    return isOpen(found.request) && overdue(found.request, at) === null ? [] : [id]
  })
  return new Set((await Promise.all(checked)).flat())
}

/**
 * Whether people denied this very action to an agent a moment ago. The row of the agent's slots is remembered for a while,
 * so that uses which follow each other read it once.
 *
 * @param digest of {@link sameness}
 */
export async function wasDenied(parts: SlotParts, agent: ObjectId, digest: Digest): Promise<boolean> {
  const at = parts.clock.now()
  const row = await limitRowsOf(parts.limits).peek({ agent })
  return isCooling(await withoutStale(parts.ledger, row, (slot) => slot.digest === digest, at), digest, at)
}

/**
 * Refuses an ask while the same action has a slot but no request: its commit is under way, or was lost. The answer
 * cannot name a request that may never exist. After a minute the request exists or the slot is free.
 *
 * @throws {Problem} `busy`
 */
async function checkTwin(ledger: Ledger, { slots }: LimitRow, { digest }: Reservation): Promise<void> {
  const twin = slots.find((slot) => slot.digest === digest)
  if (twin && (await holding(ledger, twin.id, twin.takenAt)) === 'missing')
    throw new Problem('busy', 'The same action is being asked for: try again.', { retryAfter: 5 })
}

/** The row that all agents share for actions with such a subject. There are 256, so that they do not grow in number. */
const subjectsOf = (subject: Hex): LimitKey => ({ subjects: subject.slice(0, 2) })

/** The asks that such a row holds before those of other subjects are looked at, too. */
const mostShared = 100

/** Notes the ask where other agents' asks see it. Returns a warning if one of theirs was denied. */
async function takeOfSubject(parts: SlotParts, asked: Reservation): Promise<readonly Warning[]> {
  let warnings: readonly Warning[] = []
  await update(parts, subjectsOf(asked.subject), async (found, at) => {
    const inTheWay = ({ subject }: SlotHolder) => subject === asked.subject || found.slots.length >= mostShared
    const row = await withoutStale(parts.ledger, found, inTheWay, at)
    const holder = { ...holderOf(asked, at), agent: asked.agent.id }
    warnings = warnedByOthers(row, holder)
    // The oldest give way, and are no longer warned of: no ask is refused because other agents ask much.
    return { ...row, slots: [...row.slots.filter(({ id }) => id !== asked.id), holder].slice(-2 * mostShared) }
  })
  return warnings
}

async function takeOfChannel(parts: SlotParts, key: LimitKey, asked: Reservation): Promise<void> {
  await update(parts, key, async (found, at) => {
    const row = await withoutStale(parts.ledger, found, () => found.slots.length >= bounds.cardsPerChannel, at)
    return taken(row, holderOf(asked, at), bounds.cardsPerChannel, "The approvers' channel")
  })
}

const holderOf = ({ id, digest, subject, key }: Reservation, takenAt: Instant): SlotHolder => ({
  id,
  digest,
  subject,
  takenAt,
  ...(key !== undefined && { key }),
})

const update = (parts: SlotParts, key: LimitKey, change: RowChange): Promise<void> =>
  limitRowsOf(parts.limits).change(parts, key, change)

/** Frees slots that are no longer held. Checks only those that are in the way. */
async function withoutStale(
  ledger: Ledger,
  row: LimitRow,
  inTheWay: (slot: SlotHolder) => boolean,
  at: Instant,
): Promise<LimitRow> {
  const suspects = row.slots.filter(inTheWay)
  if (suspects.length === 0) return row
  const holdings = await Promise.all(suspects.map(async ({ id }) => [id, await holding(ledger, id, at)] as const))
  return reclaimed(row, new Map(holdings), at)
}

async function holding(ledger: Ledger, id: RequestId, at: Instant): Promise<Holding> {
  const found = await ledger.find(id).then((request) => ({ request }), asUnread)
  // The request exists. A program that can read it frees the slot later, or the operator does.
  if ('newer' in found || 'broken' in found) return 'pending'
  const { request } = found
  if (!request) return 'missing'
  if (request.status === 'denied') return { deniedAt: request.closedAt }
  return request.status === 'pending' && at < request.requirement.expiresAt ? 'pending' : 'closed'
}

const asUnread = (cause: unknown) => (isBroken(cause) ? { broken: true as const } : asNewer(cause))
