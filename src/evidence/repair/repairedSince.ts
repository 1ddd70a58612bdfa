import type { Shard } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { readRecord } from '../../core/record/record.ts'
import type { Ledger } from '../../ports/ledger.ts'

/** The number of events that are read at once. */
const some = 500

/** An event as it was seen: its number, and when its chain was seen to reach it. */
export interface SeenEvent {
  readonly seq: number
  readonly at: Instant
}

/**
 * Finds out whether a repair removed an event from a chain after it had been seen. An authentic event records that. Only a
 * person who may repair can cause it, and no repair removes an event that a file in the archive names.
 *
 * @param upTo where the chain ends now
 */
export const repairedSince = async (
  ledger: Pick<Ledger, 'stream'>,
  shard: Shard,
  seen: SeenEvent,
  upTo: number,
): Promise<boolean> => (await repairSince(ledger, shard, seen, upTo)) !== null

/**
 * Does what {@link repairedSince} does, and returns the number from which on the chain was replaced, by one repair or several;
 * `null` if none was.
 */
export async function repairSince(
  ledger: Pick<Ledger, 'stream'>,
  shard: Shard,
  seen: SeenEvent,
  upTo: number,
): Promise<number | null> {
  let lowest: number | null = null
  for (let end = upTo; end > 0; end -= some) {
    const leaves: string[] = []
    for await (const page of ledger.stream(shard, Math.max(0, end - some), end))
      leaves.push(...page.map(({ text }) => text))
    for (const leaf of leaves.toReversed()) {
      const event = readRecord(leaf)
      // Times never run backwards in a shard.
      if (event.at < seen.at) return lowest
      if (event.type === 'tampered' && event.request === undefined && event.data.from <= seen.seq)
        lowest = Math.min(lowest ?? seen.seq, event.data.from)
    }
  }
  return lowest
}
