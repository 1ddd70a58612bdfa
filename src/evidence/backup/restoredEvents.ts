import type { Hex, ObjectId, RequestId, Shard } from '../../core/data/id.ts'
import { type Instant, instant } from '../../core/data/instant.ts'
import { deputyRow, Problem } from '../../core/data/problem.ts'
import { type ChainHead, emptyChain, type Salted, saidDigest } from '../../core/request/event.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { Archive } from '../../ports/archive.ts'
import type { DeputyRow } from '../../ports/ledger.ts'
import type { EventCopy, HeadCopy, RestoredRows, StoredRow } from '../../ports/ledgerRows.ts'
import type { Macs } from '../../runtime/macs.ts'
import { rowsOf } from './copiedFile.ts'
import { type ChunkReadingParts, leavesOf } from './chunkedEvents.ts'
import { RestoreRefused } from './refusal.ts'
import { endOfSnapshot, type ShardSelection } from './selection.ts'

export interface RestoredEventsParts {
  /** The write-once container. */
  readonly archive: ChunkReadingParts['archive']
  readonly macs: Macs
  /** The container for what can be erased. */
  readonly backup: Pick<Archive, 'open'>
  readonly rows: RestoredRows
}

/** Facts from a shard's events that a restore needs before it writes rows. */
export interface ShardStory {
  readonly head: HeadCopy
  /** For each request the number of its events, and its first event. */
  readonly requests: ReadonlyMap<RequestId, { readonly events: number; readonly first: number }>
  /** The events of requests that no snapshot has, oldest first. */
  readonly later: ReadonlyMap<RequestId, ApprovalRequest['events']>
  /** Names of erased texts, by the hash of the event that lost them. */
  readonly erased: ReadonlyMap<Hex, ReadonlySet<string>>
  /** The newest absence of each member and deputy, if no event ends it, by the key of its row. */
  readonly absences: ReadonlyMap<string, DeputyRow>
}

/** The members of a leaf that are read. Unknown types of events have them, too. */
interface LeafPart {
  readonly prev: Hex
  readonly at: Instant
  readonly actor: { readonly id?: ObjectId }
  readonly data?: { readonly event?: Hex; readonly names?: readonly string[]; readonly to?: ObjectId }
  readonly said?: Readonly<Record<string, Hex>>
}

/**
 * Reads a shard's events, checks that the service wrote each and that each follows the one before, and collects the
 * facts that are needed before rows are written.
 *
 * @throws {RestoreRefused} naming the event
 */
export async function readStory(parts: RestoredEventsParts, selection: ShardSelection): Promise<ShardStory> {
  const { shard } = selection
  const requests = new Map<RequestId, { events: number; first: number }>()
  const later = new Map<RequestId, ApprovalRequest['events']>()
  const erased = new Map<Hex, ReadonlySet<string>>()
  const absences = new Map<string, DeputyRow>()
  const copied = endOfSnapshot(selection)
  let last: ChainHead & { readonly at: Instant } = { ...emptyChain, at: instant(0) }
  for await (const { event, type, request } of lastingEvents(parts, selection)) {
    const leaf = JSON.parse(event.text) as LeafPart
    const { prev, at, data = {} } = leaf
    if (event.seq !== last.seq + 1) throw missing(shard, last.seq + 1)
    if (prev !== last.hash) throw broken(shard, event.seq, 'does not follow the one before it')
    const { seq, hash } = event
    if (seq === copied.seq && hash !== copied.hash) throw broken(shard, seq, 'is not the one that its head names')
    last = { seq, hash, at }
    if (request !== undefined) {
      const known = requests.get(request) ?? { events: 0, first: seq }
      requests.set(request, { ...known, events: known.events + 1 })
      if (seq > copied.seq) later.set(request, [...(later.get(request) ?? []), { seq, type, hash }])
    }
    noteAbsence(absences, { type, seq, hash }, leaf)
    if (type === 'erased' && data.event !== undefined)
      erased.set(data.event, new Set([...(erased.get(data.event) ?? []), ...(data.names ?? [])]))
  }
  const head = await headOf(parts, selection, last)
  return { head, requests, later, erased, absences }
}

/** Notes who is away, until the member is back. The archive knows recalls that these events do not tell of. */
function noteAbsence(
  absences: Map<string, DeputyRow>,
  { type, seq, hash }: ApprovalRequest['events'][number],
  { actor: { id: member }, data: { to: deputy, event: over } = {} }: LeafPart,
): void {
  if (type === 'delegated' && member !== undefined && deputy !== undefined)
    absences.set(deputyRow(deputy, member), { deputy, member, seq, event: hash })
  if (type !== 'recalled') return
  for (const [key, { event }] of absences) if (event === over) absences.delete(key)
}

/**
 * Writes a shard's events with their texts, except those that were erased later, and the rows of absences.
 *
 * @param wrote gets the number of events that were written since its last call
 * @returns how many texts are missing of events that only chunks have
 * @throws {RestoreRefused} for a text of another event that is missing although it was not erased, or that its event does
 *   not commit to
 */
export async function putEvents(
  parts: RestoredEventsParts,
  selection: ShardSelection,
  { erased, absences }: ShardStory,
  wrote: (events: number) => void,
): Promise<number> {
  const { shard } = selection
  const copied = endOfSnapshot(selection)
  let textless = 0
  const texts = textsOf(parts, selection)
  let text = await texts.next()
  let page: EventCopy[] = []
  const flush = async () => {
    await parts.rows.putEvents(page)
    wrote(page.length)
    page = []
  }
  for await (const { event, lasting } of lastingEvents(parts, selection)) {
    while (!text.done && text.value.row < lasting.row) text = await texts.next()
    const isOfThis = !text.done && text.value.row === lasting.row
    const copy = await believed(shard, event.seq, parts.rows.event(lasting, isOfThis && text.value ? text.value : null))
    if (event.seq > copied.seq) {
      page.push(copy)
      textless += textsMissing(copy, erased.get(event.hash))
    } else page.push(withoutErased(shard, copy, erased.get(event.hash)))
    if (page.length === pageSize) await flush()
  }
  if (page.length > 0) await flush()
  await parts.rows.putAbsences(shard, [...absences.values()])
  return textless
}

/** The number of texts to which an event commits, without erased ones. */
function textsMissing({ event }: EventCopy, gone: ReadonlySet<string> = new Set()): number {
  const { said = {} } = JSON.parse(event.text) as LeafPart
  return Object.keys(said).filter((name) => !gone.has(name)).length
}

/** The number of events that are written together. */
const pageSize = 500

function withoutErased(shard: Shard, copy: EventCopy, gone: ReadonlySet<string> = new Set()): EventCopy {
  const { event } = copy
  const { said = {} } = JSON.parse(event.text) as LeafPart
  for (const [name, digest] of Object.entries(said)) {
    const salted = event.said[name]
    if (salted === undefined && !gone.has(name))
      throw new RestoreRefused('missing-row', `Event ${event.seq} of shard ${shard} has lost its “${name}”.`, {
        ...{ shard, seq: event.seq },
      })
    if (salted !== undefined && saidDigest(salted) !== digest)
      throw broken(shard, event.seq, `commits to another “${name}”`)
  }
  const stranger = Object.keys(event.said).find((name) => !Object.hasOwn(said, name))
  if (stranger !== undefined) throw broken(shard, event.seq, `says nothing of a “${stranger}”`)
  const left = Object.entries(event.said).filter(([name]) => !gone.has(name))
  return { ...copy, event: { ...event, said: Object.fromEntries(left) as Readonly<Record<string, Salted>> } }
}

/** The events of a shard without their texts, one after the other. */
async function* lastingEvents(
  { archive, macs, rows }: RestoredEventsParts,
  selection: ShardSelection,
): AsyncGenerator<EventCopy, void, undefined> {
  const { shard, chain, chunks } = selection
  for (const segment of chain)
    for await (const page of rowsOf(archive, segment)) {
      const events = page.filter(isEvent)
      yield* await Promise.all(events.map((row) => believed(shard, numberIn(row), rows.event(row, null))))
    }
  for await (const leaves of leavesOf({ archive, macs }, chunks, endOfSnapshot(selection).seq))
    yield* await Promise.all(leaves.map((leaf) => rows.leaf(shard, leaf)))
}

/** Reads the head of the snapshot, and makes a later one if chunks have later events. */
async function headOf(
  parts: RestoredEventsParts,
  { shard, newest, chunks }: ShardSelection,
  last: ChainHead & { readonly at: Instant },
): Promise<HeadCopy> {
  const copied = newest && (await copiedHead(parts, shard, newest))
  if (chunks.length > 0) return parts.rows.laterHead(shard, copied && copied.row, last)
  if (copied?.head.seq !== last.seq || copied.head.hash !== last.hash)
    throw broken(shard, last.seq, 'is not the one that its head names')
  return copied
}

async function copiedHead(
  { archive, rows }: RestoredEventsParts,
  shard: Shard,
  newest: NonNullable<ShardSelection['newest']>,
): Promise<HeadCopy> {
  let head: StoredRow | undefined
  for await (const page of rowsOf(archive, newest)) head = page.find((row) => !isEvent(row)) ?? head
  if (head === undefined)
    throw new RestoreRefused('missing-row', `Shard ${shard} has no head in ${newest.name}.`, { shard })
  return believed(shard, newest.to.seq, rows.head(head))
}

async function* textsOf(
  { backup }: RestoredEventsParts,
  { erasable }: ShardSelection,
): AsyncGenerator<StoredRow, void, undefined> {
  for (const { texts } of erasable) for await (const page of rowsOf(backup, texts)) yield* page
}

/** Turns the error for a row that the service did not write into one of the restore. */
export async function believed<T>(shard: Shard, seq: number, read: Promise<T>): Promise<T> {
  try {
    return await read
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.code !== 'evidence-broken') throw cause
    const { row = '', check = '' } = cause.details.broken ?? {}
    throw new RestoreRefused(
      'broken-row',
      `Row ${row} of shard ${shard} is not one that the service wrote (${check}).`,
      {
        ...{ shard, ...(seq > 0 && { seq }) },
      },
    )
  }
}

const isEvent = ({ row }: StoredRow): boolean => row.startsWith('event-')

const numberIn = ({ row }: StoredRow): number => Number(row.slice('event-'.length))

const missing = (shard: Shard, seq: number) =>
  new RestoreRefused('missing-row', `The snapshot has no event ${seq} of shard ${shard}.`, { shard, seq })

const broken = (shard: Shard, seq: number, what: string) =>
  new RestoreRefused('broken-row', `Event ${seq} of shard ${shard} ${what}.`, { shard, seq })
