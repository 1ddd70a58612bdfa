import type { Day } from '../../core/data/day.ts'
import { endOf } from '../../core/data/day.ts'
import { type Shard, shards } from '../../core/data/id.ts'
import { type Instant, plusSeconds } from '../../core/data/instant.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Gap, LedgerMark } from '../../ports/ledgerMark.ts'
import type { StoredRow } from '../../ports/ledgerRows.ts'
import { openBefore } from '../seal/openRequests.ts'
import { leavesOf } from './chunkedEvents.ts'
import { checkFile, rowsOf } from './copiedFile.ts'
import { proveLog } from './logProof.ts'
import { RestoreRefused } from './refusal.ts'
import { putEvents, readStory, type RestoredEventsParts } from './restoredEvents.ts'
import { putRequests } from './restoredRequests.ts'
import { completeSeals, readSealedDays, type SealedDay, type SealedDaysParts } from './sealedDays.ts'
import {
  endOfSelection,
  endOfSnapshot,
  type ShardSelection,
  type SnapshotSelection,
  selectSnapshot,
} from './selection.ts'
import { findLost, type Lost, type TestimonyParts } from './testimony.ts'

/** The steps of a restore, for its progress. */
export type RestoreStep = 'files' | 'events' | 'requests' | 'log'

export type RestoreParts = RestoredEventsParts &
  SealedDaysParts &
  TestimonyParts & {
    readonly archive: Archive
    /** The ledger that is being restored. */
    readonly ledger: Pick<Ledger, 'events' | 'stream' | 'fence'>
    readonly mark: LedgerMark
    readonly clock: Clock
    readonly random: (bytes: number) => Uint8Array
    /** Is called with the progress of a step. */
    readonly progress: (step: RestoreStep, done: number, of: number) => void
  }

/** The result of a restore. */
export interface Restored {
  /** The time of the snapshot's newest part. */
  readonly at: Instant
  readonly events: number
  readonly requests: number
  /** Events that lost a text by an erasure. */
  readonly erased: number
  /** Events that no snapshot has, by shard: they came from chunks, which have no texts. */
  readonly textless: readonly Gap[]
  /** How many texts these events had. */
  readonly missingTexts: number
  /** The newest day whose root the restored events give; `null` if none is sealed. */
  readonly proved: { readonly date: Day; readonly size: number; readonly root: string } | null
  readonly lost: Lost
}

/** A snapshot whose files are all present and unaltered. */
export interface CheckedSnapshot {
  readonly selection: SnapshotSelection
  readonly days: readonly SealedDay[]
  readonly files: number
}

/** Seconds. A request that ended this shortly before the newest snapshot may still lack the file of its end. */
const recently = 24 * 3600

/**
 * Chooses a snapshot, and checks that all its files are present and unaltered. Writes nothing.
 *
 * @param until the last day whose snapshots count; `null` for the newest
 * @throws {RestoreRefused} naming the missing or altered part
 */
export async function checkSnapshot(parts: RestoreParts, until: Day | null): Promise<CheckedSnapshot> {
  const selection = await selectSnapshot(parts, until)
  const { seals } = selection
  const lasting = [seals, ...selection.shards.flatMap(({ chain, newest }) => [...chain, ...(newest ? [newest] : [])])]
  const erasable = [
    seals.limits,
    ...selection.shards.flatMap((one) => one.erasable.flatMap((s) => [s.texts, s.requests])),
  ]
  const files = [
    ...new Map(lasting.map((file) => [file.name, { file, from: parts.archive }])).values(),
    ...erasable.map((file) => ({ file, from: parts.backup })),
  ]
  for (const [done, { file, from }] of files.entries()) {
    await checkFile(from, file)
    parts.progress('files', done + 1, files.length)
  }
  for (const { chunks } of selection.shards)
    for await (const leaves of leavesOf(parts, chunks, 0))
      if (leaves.length === 0) throw new Error('A chunk has at least one event.')
  return { selection, days: await readSealedDays(parts), files: files.length }
}

/**
 * Restores a snapshot into empty tables and goes on with the events that chunks have, repeats every erasure, and proves the
 * result against the archive. Lists the events that the archive names and that are nowhere. If there are any, or if some came
 * from chunks, the ledger is opened for reading only: texts and idempotency keys are missing then.
 *
 * A crash may end it anywhere: the tables stay closed to the service, and the next call with the same snapshot writes
 * all of it again.
 *
 * @throws {RestoreRefused} naming the missing or altered part; the tables then stay closed
 * @throws {Problem} `unavailable`
 */
export async function restore(parts: RestoreParts, { selection, days }: CheckedSnapshot): Promise<Restored> {
  const { ledger, seals, mark, clock } = parts
  refuse(await mark.begin(selection.id))
  const counts = await putShards(parts, selection)
  const meta = await putOthers(parts, selection)
  await completeSeals(parts, days)
  const complete = await proveLog(
    parts,
    days,
    counts.ends,
    counter(parts, 'log', days.at(-1)?.manifest.log.to.size ?? 0),
  )
  const proved = days[complete - 1] ?? null
  const lost = await findLost(parts, counts.ends, {
    ...{ proved, beyond: days.slice(complete), now: clock.now() },
    open: await openBefore(parts, proved?.manifest ?? null),
    first: String(meta.columns['first']) as Day,
  })
  const { head } = await seals.head()
  const textless = selection.shards.flatMap(textlessIn)
  const isWhole = lost.gaps.length === 0 && textless.length === 0
  if (isWhole && head !== null) for (const shard of shards) await ledger.fence(shard, endOf(head.date))
  await mark.open(meta, isWhole ? undefined : { at: selection.at, gaps: lost.gaps, textless })
  const { events, requests, erased, missingTexts } = counts
  const { date, log } = proved?.manifest ?? {}
  return {
    ...{ at: selection.at, events, requests, erased, textless, missingTexts },
    ...{ proved: date && log ? { date, ...log.to } : null, lost },
  }
}

/** The events of a shard that only chunks have. */
function textlessIn(selection: ShardSelection): readonly Gap[] {
  const [from, to] = [endOfSnapshot(selection).seq + 1, endOfSelection(selection).seq]
  return to < from ? [] : [{ shard: selection.shard, from, to }]
}

function refuse(outcome: Awaited<ReturnType<LedgerMark['begin']>>): void {
  if (outcome === 'occupied')
    throw new RestoreRefused('not-empty', 'The tables are not empty: a snapshot is restored into empty ones alone.')
  if (outcome === 'other')
    throw new RestoreRefused('not-empty', 'Another snapshot was begun to be restored here: delete both tables first.')
}

async function putShards(parts: RestoreParts, { at, shards: all }: SnapshotSelection) {
  const total = all.reduce((sum, selection) => sum + endOfSelection(selection).seq, 0)
  const wroteEvents = counter(parts, 'events', total)
  const ends = new Map<Shard, { readonly seq: number; readonly hash: SealedDay['sha256'] }>()
  let [events, requests, erased, missingTexts] = [0, 0, 0, 0]
  for (const selection of all) {
    const story = await readStory(parts, selection)
    missingTexts += await putEvents(parts, selection, story, wroteEvents)
    const wroteRequests = counter(parts, 'requests', story.requests.size)
    await putRequests(parts, selection, story, plusSeconds(at, -recently), wroteRequests)
    await parts.rows.put([story.head.row])
    ends.set(selection.shard, story.head.head)
    events += story.head.head.seq
    requests += story.requests.size
    erased += story.erased.size
  }
  return { ends, events, requests, erased, missingTexts }
}

/** Writes the rows of limits and of sealing. Returns the row that describes the ledger. */
async function putOthers(parts: RestoreParts, { seals }: SnapshotSelection): Promise<StoredRow> {
  for await (const page of rowsOf(parts.backup, seals.limits)) await parts.rows.putLimits(page)
  let meta: StoredRow | undefined
  for await (const page of rowsOf(parts.archive, seals)) {
    meta = page.find(({ row }) => row === 'meta') ?? meta
    await parts.rows.put(page.filter(({ row }) => row !== 'meta'))
  }
  if (meta === undefined)
    throw new RestoreRefused('missing-row', `${seals.name} has no row meta.`, { file: seals.name })
  return meta
}

function counter({ progress }: Pick<RestoreParts, 'progress'>, step: RestoreStep, of: number) {
  let done = 0
  return (more: number): void => progress(step, (done += more), of)
}
