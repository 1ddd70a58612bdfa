import { type Shard, shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { type ChainHead, emptyChain } from '../core/request/event.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { SinkCursor, SinkCursors, SinkFault } from '../ports/sinks.ts'

/** How far a shard is, and how far each sink is in it. */
export interface ShardPlaces {
  readonly shard: Shard
  readonly head: ChainHead
  /** By sink; `null` for a cursor that the service did not write. */
  readonly cursors: ReadonlyMap<string, SinkCursor | null>
}

/** How far a sink is, and what is wrong with it. */
export interface SinkProgress {
  readonly state: 'ok' | 'failing' | 'off'
  /** Events of the log that the sink was not sent. */
  readonly lag: number
  /** Of the shard that waits longest. */
  readonly why?: SinkFault
  readonly since?: Instant
}

/** @throws {Problem} `unavailable`, `evidence-broken` */
export const placesOf = async ({
  cursors,
  ledger,
}: {
  readonly cursors: Pick<SinkCursors, 'all'>
  readonly ledger: Pick<Ledger, 'load'>
}): Promise<readonly ShardPlaces[]> =>
  Promise.all(
    shards.map(async (shard) => {
      const found = await cursors.all(shard)
      // The head is read later, so that no cursor seems to be beyond it.
      return { shard, cursors: found, head: (await ledger.load(shard, {})).head }
    }),
  )

/** A sink that was never sent anything has no cursor, and all events before it. */
export function progressOf(places: readonly ShardPlaces[], sink: string): SinkProgress {
  const found = places.map(({ head, cursors }) => ({
    head,
    cursor: cursors.has(sink) ? (cursors.get(sink) ?? null) : emptyChain,
  }))
  const lag = found.reduce((sum, { head, cursor }) => sum + Math.max(0, head.seq - (cursor?.seq ?? 0)), 0)
  const known: readonly SinkCursor[] = found.flatMap(({ cursor }) => cursor ?? [])
  const off = oldest(known.flatMap((one) => (one.off ? [{ why: one.off.why, since: one.off.at }] : [])))
  if (off) return { state: 'off', lag, ...off }
  if (known.length < found.length) return { state: 'failing', lag, why: 'not-believed' }
  const failing = oldest(known.flatMap((one) => one.failing ?? []))
  return failing ? { state: 'failing', lag, why: failing.why, since: failing.since } : { state: 'ok', lag }
}

const oldest = <T extends { readonly since: Instant }>(all: readonly T[]): T | undefined =>
  all.toSorted((a, b) => (a.since < b.since ? -1 : 1))[0]
