import { type RequestId, type Shard, shards } from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import type { DuePage, DuePart, DuePlace } from '../ports/ledger.ts'
import { applyDeadline, type ChangeParts } from './commit.ts'
import type { PeopleParts } from './eligibility.ts'
import { applyPrompt } from './prompting.ts'

/** Deadlines of one shard that are read at once. */
const pageSize = 500

/** Seconds after which a sweep begins with no further request, since the next sweep comes after 30. */
const longest = 25

type SweepingParts = ChangeParts & PeopleParts

/** What is due at a moment, and how it takes effect. */
interface Kind {
  readonly pageOf: (parts: SweepingParts, shard: Shard, before: Instant, part: DuePart) => Promise<DuePage>
  readonly apply: (parts: SweepingParts, id: RequestId) => Promise<unknown>
}

/** Deadlines first: a request that expires now is not escalated any more. */
const kinds: readonly Kind[] = [
  { pageOf: ({ ledger }, ...where) => ledger.dueIn(...where), apply: applyDeadline },
  { pageOf: ({ ledger }, ...where) => ledger.promptsIn(...where), apply: applyPrompt },
]

/**
 * Makes a function that lets passed deadlines and prompts take effect, and returns the number of requests that it looked at.
 * Shards are swept side by side, and inside a shard one request after the other, because their commits follow each other.
 *
 * A request that fails keeps its deadline. It delays none behind it: every page begins after the page before, and a sweep
 * whose time is up is continued by the next, shard by shard.
 *
 * The function throws the first failure, after all shards have ended.
 */
export function sweeping(): (parts: SweepingParts) => Promise<number> {
  const places = kinds.map((kind) => [kind, new Map<Shard, DuePlace>()] as const)
  return async (parts) => {
    const sweep: Sweep = { parts, end: plusSeconds(parts.clock.now(), longest), failures: [], count: 0 }
    await Promise.all(
      shards.map(async (shard) => {
        for (const [kind, left] of places) await sweepShard(sweep, kind, shard, left)
      }),
    )
    if (sweep.failures.length > 0) throw sweep.failures[0]
    return sweep.count
  }
}

interface Sweep {
  readonly parts: SweepingParts
  /** When the sweep begins with no further request. */
  readonly end: Instant
  readonly failures: unknown[]
  count: number
}

/**
 * Sweeps one shard until nothing more is due there, or the time is up. Never throws.
 *
 * @param places where the next sweep goes on, for each shard in which this one does not get to the end
 */
async function sweepShard(
  sweep: Sweep,
  { pageOf, apply }: Kind,
  shard: Shard,
  places: Map<Shard, DuePlace>,
): Promise<void> {
  const { parts, end, failures } = sweep
  const began = parts.clock.now()
  let after = places.get(shard)
  places.delete(shard)
  try {
    do {
      const page = await pageOf(parts, shard, began, { limit: pageSize, ...(after !== undefined && { after }) })
      for (const { request, place } of page.deadlines) {
        sweep.count += 1
        await apply(parts, request).catch((cause: unknown) => failures.push(cause))
        if (parts.clock.now() < end) continue
        places.set(shard, place)
        return
      }
      after = page.next
    } while (after !== undefined)
  } catch (cause) {
    failures.push(cause)
  }
}
