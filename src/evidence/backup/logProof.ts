import { encode64 } from '../../core/data/base64.ts'
import { type Shard, shards } from '../../core/data/id.ts'
import { emptyFrontier, growing, rootOf } from '../../core/log/merkle.ts'
import { type ChainHead, emptyChain } from '../../core/request/event.ts'
import type { Ledger } from '../../ports/ledger.ts'
import { RestoreRefused } from './refusal.ts'
import type { SealedDay } from './sealedDays.ts'

/** Where the restored chains end. */
export type ChainEnds = ReadonlyMap<Shard, ChainHead>

export interface LogProofParts {
  readonly ledger: Pick<Ledger, 'stream'>
}

/**
 * Hashes the restored events into the log's tree, and compares the root of every complete day with the sealed one.
 *
 * @param proved gets the number of events that were hashed since its last call
 * @returns how many of the days are complete: all before the first incomplete one
 * @throws {RestoreRefused} `broken-log` if the events give another root
 */
export async function proveLog(
  { ledger }: LogProofParts,
  days: readonly SealedDay[],
  ends: ChainEnds,
  proved: (events: number) => void,
): Promise<number> {
  const log = growing(emptyFrontier)
  for (const [place, { manifest }] of days.entries()) {
    const isComplete = shards.every((shard) => (manifest.shards[shard]?.to ?? 0) <= (ends.get(shard) ?? emptyChain).seq)
    if (!isComplete) return place
    for (const shard of shards) {
      const { from, to } = manifest.shards[shard] ?? { from: 0, to: 0 }
      if (from === to) continue
      for await (const page of ledger.stream(shard, from, to)) {
        for (const { hash } of page) log.add(Buffer.from(hash, 'hex'))
        proved(page.length)
      }
    }
    const { size, root } = manifest.log.to
    const found = log.frontier()
    if (found.size !== size || encode64(rootOf(found)) !== root)
      throw new RestoreRefused('broken-log', `The restored events are not those that were sealed on ${manifest.date}.`)
  }
  return days.length
}
