import { Broken } from '../../core/data/broken.ts'
import { dayOf } from '../../core/data/day.ts'
import { idSlack, type RequestId, type Shard, shards } from '../../core/data/id.ts'
import { type Instant, instant, plusSeconds } from '../../core/data/instant.ts'
import { evidenceBroken, isBroken } from '../../core/data/problem.ts'
import {
  authenticatedSnapshot,
  type BackupFile,
  formatSnapshot,
  type Segment,
  type SnapshotNote,
  snapshotName,
  snapshotsPrefix,
} from '../../core/log/snapshot.ts'
import { type ChainHead, emptyChain } from '../../core/request/event.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventCopy, HeadCopy, LedgerRows, StoredRow } from '../../ports/ledgerRows.ts'
import type { Seals } from '../../ports/seals.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { Macs } from '../../runtime/macs.ts'
import { readSnapshots } from '../witnessFiles.ts'
import { keepRows } from './copiedFile.ts'

export interface SnapshotParts {
  readonly rows: LedgerRows
  readonly seals: Pick<Seals, 'head'>
  /** The write-once container. */
  readonly archive: Pick<Archive, 'list' | 'write'>
  /** The container for what can be erased. */
  readonly backup: Pick<Archive, 'write'>
  readonly macs: Macs
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  /** Is called with rows that are not as the service wrote them. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** Seconds. Files of the container `backup` live for 30 days, so there are always at least three full copies. */
const baseEvery = 7 * 24 * 3600

/** The number of requests that are read at the same time. */
const atOnce = 16

/**
 * Copies what is new in the tables, at most once a day. After an erasure it copies within the hour, because a restore
 * would undo an erasure that is in no snapshot.
 *
 * Each shard is copied separately, as a segment that continues the one before. The file with the note is written last,
 * so that a crash leaves only whole segments, and files that no note names. The next run goes on from the newest
 * segment of each shard. Two runs at once leave two segments, of which a restore takes one.
 *
 * @returns the names of the files that were written
 * @throws {Problem} `unavailable`
 */
export async function takeSnapshot(parts: SnapshotParts): Promise<readonly string[]> {
  const { rows, clock, failed } = parts
  const began = clock.now()
  const notes = await recentNotes(parts, began)
  const written: string[] = []
  let isWhole = true
  for (const shard of shards) {
    try {
      const known = notes.flatMap((note) => (note.kind === 'segment' && note.shard === shard ? [note] : []))
      written.push(...(await copyShard(parts, shard, known)))
    } catch (cause) {
      if (!(cause instanceof Broken || isBroken(cause))) throw cause
      failed(cause)
      isWhole = false
    }
  }
  written.push(...(await copySeals(parts, notes)))
  if (isWhole) await rows.taken(began)
  return written
}

/** Reads the notes of this month and the last. A shard without notes is copied from its first event on. */
async function recentNotes({ archive, macs, failed }: SnapshotParts, now: Instant): Promise<readonly SnapshotNote[]> {
  const month = now.slice(0, 7)
  const before = instant(Date.parse(`${month}-01T00:00:00.000Z`) - 1).slice(0, 7)
  const files = await abreast(2, [before, month], (one) => archive.list(`${snapshotsPrefix}${one}`))
  const { found, foreign } = await readSnapshots(macs, files.flat())
  for (const row of foreign) failed(evidenceBroken({ shard: 'snapshots', row, check: 'mac' }))
  return found
}

async function copyShard(parts: SnapshotParts, shard: Shard, known: readonly Segment[]): Promise<readonly string[]> {
  const { rows, clock } = parts
  let head = await rows.head(shard)
  // A shard without events has at most a time, which a restore sets again.
  if (head === null || head.head.seq === 0) return []
  const now = clock.now()
  const last = known.reduce<Segment | null>((a, b) => (a === null || b.to.seq >= a.to.seq ? b : a), null)
  if (last !== null && head.head.seq < last.to.seq)
    throw evidenceBroken({ shard, row: `head ${head.head.seq}, was ${last.to.seq}`, check: 'head' })
  let base = !known.some((one) => one.base && one.at > plusSeconds(now, -baseEvery))
  if (!base && last !== null && !(await isDue(parts, last, head.head, now))) return []
  let from: ChainHead = last?.to ?? emptyChain
  const since = base || last === null ? instant(0) : plusSeconds(last.at, -idSlack)
  const written: string[] = []
  for (;;) {
    written.push(...(await keepSegment(parts, { shard, from, head, base, since })))
    // A text that was erased meanwhile may be missing in this copy: then the snapshot needs the event `erased`, too.
    if (!(await rows.hasErased(shard, head.head.seq))) return written
    ;[from, base] = [head.head, false]
    head = (await rows.head(shard)) ?? head
  }
}

async function isDue({ rows }: SnapshotParts, last: Segment, head: ChainHead, now: Instant): Promise<boolean> {
  if (head.seq === last.to.seq) return false
  return dayOf(last.at) < dayOf(now) || rows.hasErased(last.shard, last.to.seq)
}

interface Stretch {
  readonly shard: Shard
  readonly from: ChainHead
  readonly head: HeadCopy
  readonly base: boolean
  /** From when on idempotency keys are new. */
  readonly since: Instant
}

async function keepSegment(parts: SnapshotParts, stretch: Stretch): Promise<readonly string[]> {
  const { rows, archive, backup, macs, clock, random } = parts
  const { shard, from, head, base } = stretch
  const { origin, sign } = await macs.rows()
  const begun = { kind: 'segment', at: clock.now(), shard, from, to: head.head, base } as const
  const name = `${snapshotName(begun)}${Buffer.from(random(8)).toString('hex')}`
  const asked = new Set<RequestId>()
  const all = rows.events(shard, base ? 0 : from.seq, head.head.seq)
  const texts = await keepRows(backup, `${name}.texts`, textsOf(all, asked))
  const changed = base ? rows.requests(shard) : requestsOf(parts, shard, [...asked])
  const requests = await keepRows(backup, `${name}.requests`, both(changed, rows.keys(shard, stretch.since)))
  const lasting = lastingOf(rows.events(shard, from.seq, head.head.seq), stretch)
  const note = (content: Pick<Segment, 'sha256' | 'lines'>): string => {
    const segment: Segment = { ...begun, ...content, texts, requests }
    return formatSnapshot(segment, sign(authenticatedSnapshot(origin, segment)))
  }
  const segment = await keepRows(archive, `${snapshotsPrefix}${name}`, lasting, note)
  return [segment.name, texts.name, requests.name]
}

/** @param asked takes the requests that the events are about */
async function* textsOf(
  events: AsyncIterable<readonly EventCopy[]>,
  asked: Set<RequestId>,
): AsyncGenerator<readonly StoredRow[]> {
  for await (const page of events) {
    for (const { request } of page) if (request) asked.add(request)
    yield page.flatMap(({ erasable }) => (erasable ? [erasable] : []))
  }
}

async function* requestsOf(
  { rows }: SnapshotParts,
  shard: Shard,
  ids: readonly RequestId[],
): AsyncGenerator<readonly StoredRow[]> {
  const each = 500
  for (let at = 0; at < ids.length; at += each)
    yield await abreast(atOnce, ids.slice(at, at + each), async (request) => {
      const row = await rows.request(request)
      if (row === null) throw evidenceBroken({ shard, row: 'request', request, check: 'missing' })
      return row
    })
}

/** The events, and the head that they lead to. */
async function* lastingOf(
  events: AsyncIterable<readonly EventCopy[]>,
  { shard, from, head }: Stretch,
): AsyncGenerator<readonly StoredRow[]> {
  let newest: ChainHead = from
  for await (const page of events) {
    yield page.map(({ lasting }) => lasting)
    newest = page.at(-1)?.event ?? newest
  }
  if (newest.seq !== head.head.seq || newest.hash !== head.head.hash)
    throw evidenceBroken({ shard, row: `head ${head.head.seq}`, check: 'head' })
  yield [head.row]
}

async function* both<T>(first: AsyncIterable<T>, second: AsyncIterable<T>): AsyncGenerator<T> {
  yield* first
  yield* second
}

/** Copies the rows of sealing once a day, and after each seal. */
async function copySeals(parts: SnapshotParts, notes: readonly SnapshotNote[]): Promise<readonly string[]> {
  const { rows, seals, archive, backup, macs, clock, random } = parts
  const begun = { kind: 'seal', at: clock.now(), number: (await seals.head()).head?.number ?? 0 } as const
  const isKept = notes.some(
    (note) => note.kind === 'seal' && note.number === begun.number && dayOf(note.at) === dayOf(begun.at),
  )
  if (isKept) return []
  const { origin, sign } = await macs.rows()
  const name = `${snapshotName(begun)}${Buffer.from(random(8)).toString('hex')}`
  const limits: BackupFile = await keepRows(backup, `${name}.limits`, rows.limits())
  const copy = await keepRows(archive, `${snapshotsPrefix}${name}`, rows.seals(), (content) => {
    const note = { ...begun, ...content, limits }
    return formatSnapshot(note, sign(authenticatedSnapshot(origin, note)))
  })
  return [copy.name, limits.name]
}
