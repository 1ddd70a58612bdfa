import type { Shard } from '../../core/data/id.ts'
import { Problem } from '../../core/data/problem.ts'
import type { LostEvent } from '../../core/record/chainSurvey.ts'

/** The problem of a lost event that is needed, with how to put its row back. Nothing was changed. */
export const lostEvent = (shard: Shard, { seq, hash }: LostEvent, why: string): Problem =>
  new Problem(
    'not-repairable',
    `Nothing was changed. Event ${seq} of shard ${shard} is lost, and ${why}. Put its leaf back from a copy, as a ` +
      `snapshot, an exported event or a bundle has it: SHA-256(00 ‖ leaf) is ${hash}. Then repair the shard again.`,
  )

/** The problem of a chain that holds but records events against the rules. No single row is at fault. */
export const unlawful = (shard: Shard, what: string): Problem =>
  new Problem('not-repairable', `Nothing was changed in shard ${shard}: ${what}`)
