import type { RequestId, Shard } from './id.ts'

/**
 * What can be wrong with evidence, in the order in which the verifier checks. Scripts rely on the codes: they never
 * change.
 *
 * Three are no faults of the evidence. `newer-format`: this program is too old to understand an event or a bundle member.
 * `cannot-judge`: this program cannot read a policy that was in force. `unexplained`: a text is missing, and an event that
 * says that it was erased can be on a day that was not given.
 */
export type BrokenCode =
  | 'bad-zip'
  | 'missing-member'
  | 'unlisted-member'
  | 'bad-manifest'
  | 'wrong-key'
  | 'bad-signature'
  | 'wrong-digest'
  | 'bad-checkpoint'
  | 'foreign-checkpoint'
  | 'bad-record'
  | 'newer-format'
  | 'broken-chain'
  | 'wrong-root'
  | 'bad-consistency'
  | 'bad-carried'
  | 'wrong-counts'
  | 'wrong-table'
  | 'illegal-event'
  | 'against-policy'
  | 'cannot-judge'
  | 'bad-said'
  | 'withheld'
  | 'unexplained'
  | 'bad-proof'
  | 'broken-series'
  | 'late-start'
  | 'early-end'
  | 'another-history'
  | 'bad-cosignature'
  | 'not-cosigned'
  | 'bad-grant'
  | 'unlogged-grant'

/** Where an event is, or belongs, that does not hold. */
export interface EventPlace {
  readonly shard: Shard
  readonly seq?: number
  readonly request?: RequestId
}

/** Evidence that does not hold. The message names the place and what is wrong, for a compliance officer. */
export class Broken extends Error {
  readonly code: BrokenCode
  /** Absent for what is about no single event. */
  readonly event?: EventPlace

  constructor(code: BrokenCode, message: string, { event, ...options }: ErrorOptions & { event?: EventPlace } = {}) {
    super(message, options)
    this.name = 'Broken'
    this.code = code
    if (event) this.event = event
  }
}
