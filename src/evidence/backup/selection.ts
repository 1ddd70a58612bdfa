import { type Day, dayOf } from '../../core/data/day.ts'
import { type Hex, sha256, type Shard, shards } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { type SealCopy, type Segment, type SnapshotNote, snapshotsPrefix } from '../../core/log/snapshot.ts'
import { type ChainHead, emptyChain } from '../../core/request/event.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Clock } from '../../ports/clock.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { Macs } from '../../runtime/macs.ts'
import { readSnapshots } from '../witnessFiles.ts'
import type { KeptChunk } from '../chunk/chunkFiles.ts'
import { type ChunkReadingParts, chunksAfter, daysSince } from './chunkedEvents.ts'
import { RestoreRefused } from './refusal.ts'

type Named<Note> = Note & { readonly name: string }

/** The segments of one shard that a restore needs. */
export interface ShardSelection {
  readonly shard: Shard
  /** Each continues the one before; the first begins with the first event. They hold all events. */
  readonly chain: readonly Named<Segment>[]
  /** Hold the texts and requests of the whole shard: the first is a full copy, the others have later changes. */
  readonly erasable: readonly Segment[]
  /** Ends with the row of the head; `null` for a shard that had no event at the time of the snapshot. */
  readonly newest: Named<Segment> | null
  /** Chunks with later events, which go on from each other. */
  readonly chunks: readonly KeptChunk[]
}

/** The last event that the snapshot of a shard has. */
export const endOfSnapshot = ({ newest }: Pick<ShardSelection, 'newest'>): ChainHead => newest?.to ?? emptyChain

/** The last event of a shard that can be restored. */
export const endOfSelection = (selection: ShardSelection): ChainHead =>
  selection.chunks.at(-1)?.to ?? endOfSnapshot(selection)

/** The files that a restore uses, chosen from all snapshots. */
export interface SnapshotSelection {
  /** The time of its newest file. */
  readonly at: Instant
  readonly shards: readonly ShardSelection[]
  readonly seals: Named<SealCopy>
  /** Identifies this selection of files. */
  readonly id: Hex
}

/**
 * Chooses the newest snapshot of each shard, and the chunks that go on from it.
 *
 * @param until the last day whose snapshots count
 * @throws {RestoreRefused} `no-snapshot`, naming the shard if its segments leave a gap
 */
export async function selectSnapshot(
  parts: ChunkReadingParts & { readonly clock: Clock },
  until: Day | null,
): Promise<SnapshotSelection> {
  const { archive, macs, clock } = parts
  const { found } = await readSnapshots(macs, await archive.list(snapshotsPrefix))
  const counting = found.filter(({ at }) => until === null || dayOf(at) <= until)
  const seals = newestSeals(counting)
  if (seals === null)
    throw new RestoreRefused(
      'no-snapshot',
      `The archive has no snapshot of this ledger${until === null ? '' : ` from ${until} or before`}.`,
    )
  const chosen = await abreast(1, shards, async (shard): Promise<readonly ShardSelection[]> => {
    const segments = counting.flatMap((note) => (isSegment(note) && note.shard === shard ? [note] : []))
    const kept = segments.length === 0 ? nothingOf(shard) : selectShard(shard, segments)
    const days = daysSince((kept.newest ?? seals).at, clock.now())
    const selection = { ...kept, chunks: await chunksAfter(parts, { shard, after: endOfSnapshot(kept), days }) }
    return endOfSelection(selection).seq === 0 ? [] : [selection]
  }).then((all) => all.flat())
  const segmentsOf = ({ chain, newest }: ShardSelection) => (newest ? [...chain, newest] : [])
  const names = [seals.name, ...chosen.flatMap(segmentsOf).map(({ name }) => name)]
  const times = [seals.at, ...chosen.flatMap(({ newest }) => (newest ? [newest.at] : []))]
  return {
    at: times.reduce((a, b) => (a > b ? a : b)),
    shards: chosen,
    seals,
    id: sha256(names.join('\n')),
  }
}

/** The newest snapshot of one day. */
export interface SnapshotDay {
  readonly date: Day
  readonly at: Instant
  readonly events: number
  /** The number of the newest bundle that was sealed by then. */
  readonly sealed: number
}

/** Lists the days with snapshots, oldest first. */
export async function listSnapshots(parts: {
  readonly archive: Pick<Archive, 'list'>
  readonly macs: Macs
}): Promise<readonly SnapshotDay[]> {
  const { found } = await readSnapshots(parts.macs, await parts.archive.list(snapshotsPrefix))
  const dates = [...new Set(found.map(({ at }) => dayOf(at)))].sort()
  const days: SnapshotDay[] = []
  for (const date of dates) {
    const counting = found.filter(({ at }) => dayOf(at) <= date)
    const seals = newestSeals(counting)
    const ends = new Map<Shard, number>()
    for (const note of counting.filter(isSegment))
      ends.set(note.shard, Math.max(note.to.seq, ends.get(note.shard) ?? 0))
    const at = counting.reduce<Instant>((newest, note) => (note.at > newest ? note.at : newest), '' as Instant)
    if (seals) days.push({ date, at, events: [...ends.values()].reduce((a, b) => a + b, 0), sealed: seals.number })
  }
  return days
}

const isSegment = (note: Named<SnapshotNote>): note is Named<Segment> => note.kind === 'segment'

function newestSeals(notes: readonly Named<SnapshotNote>[]): Named<SealCopy> | null {
  const copies = notes.flatMap((note): Named<SealCopy>[] => (note.kind === 'seal' ? [note] : []))
  return copies.reduce<Named<SealCopy> | null>((a, b) => (a === null || b.at > a.at ? b : a), null)
}

const nothingOf = (shard: Shard): Omit<ShardSelection, 'chunks'> => ({ shard, chain: [], erasable: [], newest: null })

function selectShard(shard: Shard, segments: readonly Named<Segment>[]): Omit<ShardSelection, 'chunks'> {
  const byEnd = segments.toSorted((a, b) => b.to.seq - a.to.seq || (a.at < b.at ? 1 : -1))
  const [newest] = byEnd
  if (!newest) throw new Error('A shard without segments is not chosen.')
  const chain: Named<Segment>[] = []
  for (let end = newest.to; end.seq > 0; ) {
    const before = byEnd.find(({ from, to }) => to.seq === end.seq && to.hash === end.hash && from.seq < to.seq)
    if (!before)
      throw new RestoreRefused('no-snapshot', `No segment of shard ${shard} leads to event ${end.seq}.`, {
        ...{ shard, seq: end.seq },
      })
    chain.unshift(before)
    end = before.from
  }
  const isOnChain = ({ to }: Segment) => chain.some((one) => one.to.seq === to.seq && one.to.hash === to.hash)
  const base = byEnd.filter((one) => one.base && isOnChain(one)).reduce<Segment | null>(later, null)
  if (!base) throw new RestoreRefused('no-snapshot', `No segment of shard ${shard} holds all its texts.`, { shard })
  const erasable = [base, ...chain.filter(({ from }) => from.seq >= base.to.seq)]
  return { shard, chain, erasable, newest }
}

/** The later one of two copies, because its files are kept longer. */
const later = (a: Segment | null, b: Segment): Segment => (a === null || b.at > a.at ? b : a)
