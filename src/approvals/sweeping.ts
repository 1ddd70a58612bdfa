import { type Shard, shards } from '../core/data/id.ts'
import { plusSeconds } from '../core/data/instant.ts'
import type { DuePlace } from '../ports/ledger.ts'
import { applyDeadline, type ChangeParts } from './commit.ts'

/** Deadlines of one shard that are read at once. */
const pageSize = 500

/** Seconds after which a sweep begins with no further request, since the next sweep comes after 30. */
const longest = 25

/**
 * Makes a function that lets passed deadlines take effect, and returns the number of requests that it looked at. Shards
 * are swept side by side, and inside a shard one request after the other, because their commits follow each other.
 *
 * A request that fails keeps its deadline. It delays none behind it: every page begins after the page before, and a sweep
 * whose time is up is continued by the next, shard by shard.
 *
 * The function throws the first failure, after all shards have ended.
 */
export function sweeping(): (parts: ChangeParts) => Promise<number> {
  const places = new Map<Shard, DuePlace>()
  return async (parts) => {
    const sweep: Sweep = { parts, places, failures: [], count: 0 }
    await Promise.all(shards.map((shard) => sweepShard(sweep, shard)))
    if (sweep.failures.length > 0) throw sweep.failures[0]
    return sweep.count
  }
}

interface Sweep {
  readonly parts: ChangeParts
  /** Where the next sweep goes on, for each shard in which this one does not get to the end. */
  readonly places: Map<Shard, DuePlace>
  readonly failures: unknown[]
  count: number
}

/** Sweeps one shard until nothing more is due there, or the time is up. Never throws. */
async function sweepShard(sweep: Sweep, shard: Shard): Promise<void> {
  const { parts, places, failures } = sweep
  const { ledger, clock } = parts
  const began = clock.now()
  const end = plusSeconds(began, longest)
  let after = places.get(shard)
  places.delete(shard)
  try {
    do {
      const page = await ledger.dueIn(shard, began, { limit: pageSize, ...(after !== undefined && { after }) })
      for (const { request, place } of page.deadlines) {
        sweep.count += 1
        await applyDeadline(parts, request).catch((cause: unknown) => failures.push(cause))
        if (clock.now() < end) continue
        places.set(shard, place)
        return
      }
      after = page.next
    } while (after !== undefined)
  } catch (cause) {
    failures.push(cause)
  }
}
