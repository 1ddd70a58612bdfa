import { type ChangeParts, record, retrying, timeOf } from '../../approvals/commit.ts'
import type { Ends } from '../../approvals/ends.ts'
import { recollectionOf } from '../../approvals/recollection.ts'
import { Broken } from '../../core/data/broken.ts'
import { idSlack, type ObjectId, type RequestId, type Shard, shardOf, timeOf as madeAt } from '../../core/data/id.ts'
import { plusSeconds } from '../../core/data/instant.ts'
import { evidenceBroken, isBroken } from '../../core/data/problem.ts'
import { isSame } from '../../core/record/eventDiff.ts'
import { rebuild, textsOf } from '../../core/record/rebuilding.ts'
import { readRecord } from '../../core/record/record.ts'
import { checkRow, retell } from '../../core/record/retelling.ts'
import { type ChainHead, emptyChain, type TamperCheck } from '../../core/request/event.ts'
import { type ApprovalRequest, isOpen } from '../../core/request/request.ts'
import { endTampered, isTampered, type Tampering } from '../../core/request/tampering.ts'
import { type Change, Conflict, type KeptEvent, type Ledger } from '../../ports/ledger.ts'
import type { Policy } from '../../ports/policy.ts'
import type { Repairs, SurveyedRequest } from '../../ports/repairs.ts'
import { abreast } from '../../runtime/concurrency.ts'
import { backward } from './backward.ts'
import type { KnownChain } from './known.ts'
import { unlawful } from './refusal.ts'

export type RequestRepairParts = ChangeParts & {
  readonly ledger: Ledger
  readonly repairs: Repairs
  readonly policy: Pick<Policy, 'version' | 'agent'>
  readonly ends: Pick<Ends, 'leaveSoon'>
}

/** The result for one request. */
export interface RepairedRequest {
  readonly request: RequestId
  /** `ended`: it was open, and grants nothing any more; `removed`: it has no event. */
  readonly done: 'rebuilt' | 'ended' | 'removed'
}

/** The requests of a shard to check. */
export interface Suspects {
  /** Requests that the caller named. They are compared with all their events. */
  readonly named: readonly RequestId[]
}

/** The number of requests that are checked at the same time. */
const atOnce = 8

/**
 * Rebuilds the rows of requests from their events, and ends open ones, because people may have decided on foreign content.
 * Checks each request that has an event since the newest sealed day, or a deadline, that was open when that day ended, or
 * that a removed row names; and the requests that the caller named.
 *
 * Each request is one commit. A request that holds is not changed, so that the work can be repeated after a crash.
 *
 * @throws {Problem} `not-repairable` if an event of such a request is lost
 */
export async function repairRequests(
  parts: RequestRepairParts,
  shard: Shard,
  { sealed, open }: KnownChain,
  suspects: Suspects,
  about: Omit<Tampering, 'data'> & Pick<Tampering['data'], 'client'>,
): Promise<readonly RepairedRequest[]> {
  const { ledger, repairs } = parts
  // A process that has seen a longer chain changes nothing in this one.
  await ledger.load(shard, {})
  const fresh = await numbersSince(ledger, shard, sealed.seq, (await headOf(repairs, shard)).seq)
  const [due, moved] = await Promise.all([repairs.due(shard), repairs.named(shard)])
  const named = new Set(suspects.named.filter((id) => shardOf(id) === shard))
  const ids = new Set([...fresh.keys(), ...due, ...(open ?? []), ...moved, ...named])
  const sight: Sight = { sealed: sealed.seq, fresh, open, moved: new Set(moved) }
  const found = await abreast(
    atOnce,
    [...ids],
    async (id) => [id, await faultIn(parts, id, sight, named.has(id))] as const,
  )
  const done: RepairedRequest[] = []
  for (const [id, before] of found) {
    if (before === null) continue
    const one = await retrying(parts, async () => {
      // It may have changed since, by an honest commit or by another repair.
      const fault = await faultIn(parts, id, sight, true)
      return fault && rewritten(parts, fault, about)
    })
    if (one !== null) done.push(one)
  }
  return done
}

/** Reads the head's row itself, because a process may remember a head from before the repair. @throws {Problem} `evidence-broken` */
async function headOf(repairs: Repairs, shard: Shard): Promise<ChainHead> {
  const { head, check } = await repairs.head(shard)
  if (check === 'missing') return emptyChain
  if (head === null) throw evidenceBroken({ shard, row: 'head', check: check ?? 'mac' })
  return head
}

/** Facts about all requests of a shard. */
interface Sight {
  readonly sealed: number
  /** Numbers of the events since then. */
  readonly fresh: ReadonlyMap<RequestId, readonly number[]>
  readonly open: KnownChain['open']
  /** Requests that removed rows name. */
  readonly moved: ReadonlySet<RequestId>
}

async function numbersSince(ledger: Ledger, shard: Shard, after: number, upTo: number) {
  const numbers = new Map<RequestId, number[]>()
  for await (const page of ledger.stream(shard, after, upTo))
    for (const { seq, text } of page) {
      const { request } = readRecord(text)
      if (request === undefined) continue
      const mine = numbers.get(request)
      if (mine) mine.push(seq)
      else numbers.set(request, [seq])
    }
  return numbers
}

/** A request whose row does not hold, as it is stored. */
interface RequestFault {
  readonly row: SurveyedRequest
  readonly check: TamperCheck
}

/**
 * Finds out whether a request has to be rebuilt.
 *
 * @param isDeep whether to read all its events, instead of trusting the facts about the shard
 * @returns `null` for a request that holds, or does not exist
 */
async function faultIn(
  parts: RequestRepairParts,
  id: RequestId,
  sight: Sight,
  isDeep: boolean,
): Promise<RequestFault | null> {
  const row = await parts.repairs.request(id)
  const check = await checkOf(parts, row, sight, isDeep)
  return check && { row, check }
}

async function checkOf(
  parts: RequestRepairParts,
  row: SurveyedRequest,
  sight: Sight,
  isDeep: boolean,
): Promise<TamperCheck | null> {
  const { id } = row
  if (row.check === 'missing') {
    const isKnown = !isDeep && (sight.fresh.has(id) || sight.open?.has(id) === true)
    return isKnown || (isDeep && (await eventsOf(parts, id)).length > 0) ? 'missing' : null
  }
  const { request } = row
  if (row.check !== null || request === null) return row.check ?? 'form'
  const isWhole = isDeep ? await hasAll(parts, request) : isCurrent(request, sight)
  if (!isWhole || !(await isTold(parts.ledger, request))) return 'events'
  return isOpen(request) && sight.moved.has(id) && !isTampered(request) ? 'mac' : null
}

/** Whether the row names the newest events of its request. All events of an older row are true, too. */
function isCurrent(request: ApprovalRequest, { sealed, fresh, open }: Sight): boolean {
  const { id, events } = request
  const mine = fresh.get(id) ?? []
  const named = events.map(({ seq }) => seq).filter((seq) => seq > sealed)
  if (named.length !== mine.length || named.some((seq, i) => seq !== mine[i])) return false
  return mine.length > 0 || !isOpen(request) || open === null || open.has(id)
}

async function hasAll(parts: RequestRepairParts, { id, events }: ApprovalRequest): Promise<boolean> {
  const all = await eventsOf(parts, id)
  return all.length === events.length && all.every(({ seq }, i) => events[i]?.seq === seq)
}

/** Whether the row agrees with the events that it names. */
async function isTold(ledger: Ledger, request: ApprovalRequest): Promise<boolean> {
  try {
    checkRow(request, retell(request, undefined, await ledger.events(request)))
    return true
  } catch (cause) {
    // A row may hold anything, also something that is not a request.
    if ((cause instanceof Broken && cause.code !== 'newer-format') || isBroken(cause) || cause instanceof TypeError)
      return false
    throw cause
  }
}

/** Reads all events of a request, oldest first, without trusting its row. */
async function eventsOf(parts: RequestRepairParts, id: RequestId): Promise<readonly KeptEvent[]> {
  const shard = shardOf(id)
  const head = await headOf(parts.repairs, shard)
  const earliest = plusSeconds(madeAt(id), -idSlack)
  const found: KeptEvent[] = []
  for await (const page of backward(parts, shard, head)) {
    const events = page.map((kept) => ({ kept, event: readRecord(kept.text) }))
    const mine = events.filter(({ event }) => event.request === id)
    found.unshift(...mine.map(({ kept }) => kept))
    const [first] = events
    if (mine.some(({ event }) => event.type === 'requested') || !first || first.event.at < earliest) break
  }
  return found
}

/** Rebuilds the row of a request from all its events, in one commit with the event that records it. */
async function rewritten(
  parts: RequestRepairParts,
  { row, check }: RequestFault,
  { client, ...about }: Omit<Tampering, 'data'> & Pick<Tampering['data'], 'client'>,
): Promise<RepairedRequest> {
  const { ledger, repairs, ends, clock } = parts
  const { id } = row
  const events = await eventsOf(parts, id)
  if ((await repairs.request(id)).version !== row.version) throw new Conflict()
  const [first, last] = [events[0], events.at(-1)]
  if (!first || !last) {
    await repairs.remove(row)
    return { request: id, done: 'removed' }
  }
  const told = events.map((event) => ({ ...event, said: textsOf(event, row.request) }))
  const before = rebuilt(parts, row, told)
  const data = { from: first.seq, to: last.seq, check, ...(client !== undefined && { client }) }
  const after = await ledger.inTurn(shardOf(id), async () => {
    const loaded = await repairs.prepare(row, before)
    const at = timeOf(clock, loaded)
    recollectionOf(ledger).forget(id)
    return record(parts, loaded, endTampered(before, { ...about, data, at }), at, { cleared: clearedIn(events, told) })
  })
  await ends.leaveSoon(after)
  return { request: id, done: after.status === before.status ? 'rebuilt' : 'ended' }
}

/** @throws {Problem} `not-repairable` for authentic events that the rules do not give */
function rebuilt(
  { policy }: RequestRepairParts,
  { id, request, check }: SurveyedRequest,
  events: readonly KeptEvent[],
): ApprovalRequest {
  const refs = events.map(({ seq, hash, text }) => ({ seq, hash, type: readRecord(text).type }))
  try {
    const retelling = retell({ id, events: refs }, undefined, events)
    const own = check === null && request !== null ? request : null
    const agent: ObjectId = retelling.life.request.agent.id
    const { summary, presentation } = own?.policy ?? {}
    const words = { ...(summary !== undefined && { summary }), ...(presentation && { presentation }) }
    return rebuild(retelling, events, request, {
      agent: own?.agent.name ?? policy.agent(agent)?.name ?? agent,
      policy: words,
    })
  } catch (cause) {
    if (!(cause instanceof Broken) || cause.code === 'newer-format') throw cause
    throw unlawful(shardOf(id), `the events of request ${id} are authentic, and the rules do not give them.`)
  }
}

/** Texts beside events that differ from what the leaves commit to. They are removed or corrected. */
function clearedIn(events: readonly KeptEvent[], told: readonly KeptEvent[]): NonNullable<Change['cleared']> {
  return told.flatMap(({ seq, said }, i) => (isSame(said, events[i]?.said) ? [] : [{ seq, said }]))
}
