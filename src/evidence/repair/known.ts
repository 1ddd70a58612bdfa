import { type Day, dayOf, endOf, nextDay } from '../../core/data/day.ts'
import { type RequestId, type Shard, shardOf } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { chunksOf } from '../../core/log/chunk.ts'
import { endPath, endPrefixes, endsPrefix } from '../../core/log/end.ts'
import { type Segment, snapshotsPrefix } from '../../core/log/snapshot.ts'
import { headsPrefix } from '../../core/log/witness.ts'
import { type ChainHead, emptyChain } from '../../core/request/event.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SealHead, Seals } from '../../ports/seals.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { Macs } from '../../runtime/macs.ts'
import { openBefore } from '../seal/openRequests.ts'
import { monthsBack } from '../witness.ts'
import { readChunks, readEnds, readHeads, readSnapshots } from '../witnessFiles.ts'

export interface KnownParts {
  readonly seals: Pick<Seals, 'first' | 'head' | 'plan'>
  readonly archive: Pick<Archive, 'createOrRead' | 'list' | 'find' | 'read'>
  readonly macs: Macs
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
}

/** Facts about a shard's chain from other sources than its own rows. */
export interface KnownChain {
  /** The newest event that is sealed. */
  readonly sealed: ChainHead
  /** The newest event that is sealed, planned, or named by a file of the archive. No repair may remove it. */
  readonly least: ChainHead
  /** The source of that fact, for people. */
  readonly by: string
  /** No event of the shard may be recorded before this moment; `null` if no day was planned. */
  readonly fenced: Instant | null
  /** Requests of the shard that were pending or approved when the newest sealed day ended; `null` before the first. */
  readonly open: ReadonlySet<RequestId> | null
}

/** The number of files that are read at the same time. */
const atOnce = 8

/**
 * Reads the facts about a shard.
 *
 * @throws {Problem} `unavailable`; `evidence-broken` for a forged row of sealed days
 * @throws {Broken} `missing-member` if the archive lacks the list of open requests
 */
export async function knownOf(parts: KnownParts, shard: Shard): Promise<KnownChain> {
  const { seals } = parts
  const { head } = await seals.head()
  const date = head === null ? await seals.first() : nextDay(head.date)
  const [plan, ids] = await Promise.all([seals.plan(date), openBefore(parts, head)])
  const open = ids.filter((id) => shardOf(id) === shard)
  const sealed = head?.cuts[shard] ?? emptyChain
  const [witnessed, collected, ended, kept] = await Promise.all([
    newestWitnessed(parts, shard, head?.date ?? date),
    newestCollected(parts, shard, date),
    newestEnded(parts, shard, head, open),
    newestKept(parts, shard, head?.date ?? date),
  ])
  const named = [
    { ...sealed, by: 'is sealed' },
    { ...(plan?.to[shard] ?? emptyChain), by: `is in the plan of ${date}` },
    { ...witnessed, by: 'is named by the heads in the archive' },
    { ...collected, by: 'is in a chunk of the archive' },
    { ...ended, by: 'ended a request, as a file in the archive says' },
    ...(kept === null ? [] : [{ ...kept.to, by: `is in the snapshot ${kept.name}` }]),
  ]
  const least = named.reduce((a, b) => (b.seq > a.seq ? b : a))
  return {
    sealed,
    least,
    by: least.by,
    fenced: plan ? endOf(plan.date) : head && endOf(head.date),
    open: head && new Set(open),
  }
}

/** Reads the notes of a month's files, the newest first. Each names the highest head that was seen. */
async function newestWitnessed({ archive, macs, clock }: KnownParts, shard: Shard, from: Day): Promise<ChainHead> {
  for (const month of monthsBack(dayOf(clock.now()), from)) {
    const { found } = await readHeads(macs, await archive.list(`${headsPrefix}${month}`))
    const heads = found.flatMap(({ heads }) => heads[shard] ?? [])
    if (heads.length > 0) return heads.reduce((a, b) => (b.seq > a.seq ? b : a))
  }
  return emptyChain
}

/** Reads the notes of the chunks of the day that is not sealed. */
async function newestCollected({ archive, macs }: KnownParts, shard: Shard, date: Day): Promise<ChainHead> {
  const { found } = await readChunks(macs, await archive.list(chunksOf(date, shard)))
  return found.reduce((a, { to }) => (to.seq > a.seq ? to : a), emptyChain)
}

/** Ends of requests that were open when the newest sealed day ended, or were asked for later. */
async function newestEnded(
  { archive, macs, clock }: KnownParts,
  shard: Shard,
  head: SealHead | null,
  open: readonly RequestId[],
): Promise<ChainHead> {
  const prefixes = head === null ? [endsPrefix] : endPrefixes(endOf(head.date), clock.now())
  const listed = await abreast(atOnce, prefixes, (prefix) => archive.list(prefix))
  const kept = await abreast(atOnce, open, (id) => archive.find(endPath(id)))
  const isMine = (file: ArchivedFile | null): file is ArchivedFile => file?.name.endsWith(`-${shard}`) === true
  const { found } = await readEnds(macs, [...listed.flat(), ...kept].filter(isMine))
  const ends = found.filter((end) => end.shard === shard).map(({ seq, leaf }): ChainHead => ({ seq, hash: leaf }))
  return ends.reduce((a, b) => (b.seq > a.seq ? b : a), emptyChain)
}

/** Finds the snapshot that has the newest events: the next snapshot goes on from there. `null` if there is none. */
async function newestKept(
  { archive, macs, clock }: KnownParts,
  shard: Shard,
  from: Day,
): Promise<(Segment & { readonly name: string }) | null> {
  for (const month of monthsBack(dayOf(clock.now()), from)) {
    const files = await archive.list(`${snapshotsPrefix}${month}`)
    const mine = files.filter(({ name }) => name.split('/').at(-1)?.startsWith(`${shard}-`))
    const { found } = await readSnapshots(macs, mine)
    const segments = found.flatMap((note) => (note.kind === 'segment' ? [note] : []))
    if (segments.length > 0) return segments.reduce((a, b) => (b.to.seq > a.to.seq ? b : a))
  }
  return null
}
