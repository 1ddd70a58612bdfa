import type { Shard } from '../../core/data/id.ts'
import { Problem } from '../../core/data/problem.ts'
import type { LostEvent } from '../../core/record/chainSurvey.ts'

/** Says that an event cannot be done without, and how its row is put back. Nothing was changed. */
export const lostEvent = (shard: Shard, { seq, hash }: LostEvent, why: string): Problem =>
  new Problem(
    'not-repairable',
    `Nothing was changed. Event ${seq} of shard ${shard} is lost, and ${why}. Put its leaf back from a copy, as a ` +
      `snapshot, an exported event or a bundle has it: SHA-256(00 ‖ leaf) is ${hash}. Then repair the shard again.`,
  )

/** Says that a chain holds, and what it records does not follow the rules: no row can be blamed for that. */
export const unlawful = (shard: Shard, what: string): Problem =>
  new Problem('not-repairable', `Nothing was changed in shard ${shard}: ${what}`)
