import type { Day } from '../core/data/day.ts'
import type { BrokenRow, Problem } from '../core/data/problem.ts'
import type { ChainHead } from '../core/request/event.ts'
import type { Hex, RequestId, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { CosignerRefusal } from './cosigner.ts'

/** For each shard the newest event that is in the log. */
export type Cuts = Readonly<Record<Shard, ChainHead>>

/** The state of the log after the newest committed seal. */
export interface SealHead {
  /** The number of the newest bundle. The first is 1. */
  readonly number: number
  readonly date: Day
  /** Leaves in the log. */
  readonly size: number
  /** Base64. */
  readonly root: string
  /** Roots of the perfect subtrees of `size`, largest first, base64. */
  readonly frontier: readonly string[]
  readonly cuts: Cuts
  /** The key that signs the next day (RFC 7638 thumbprint). */
  readonly key: string
  /** SHA-256 of the newest manifest. */
  readonly manifest: Hex
}

/** The content of a day's bundle, fixed before anything is written, so that a resumed seal makes the same bytes. */
export interface Plan {
  readonly date: Day
  readonly number: number
  readonly sealedAt: Instant
  /** Name and version of the program. */
  readonly tool: string
  /** The key that signs the day (RFC 7638 thumbprint). */
  readonly key: string
  /** Log size before this day. */
  readonly size: number
  readonly from: Cuts
  readonly to: Cuts
}

/**
 * How far the events of a shard are collected in chunks. It saves reading them: they alone tell the same.
 */
export interface Collected {
  readonly date: Day
  /** Name and version of the program that collected them. */
  readonly tool: string
  /** The newest chunk, by its digest. */
  readonly chunk: Hex
  /** Requests that go on: those of each chunk, by its digest, that no later chunk has. Absent if there are very many. */
  readonly open?: Readonly<Record<Hex, readonly RequestId[]>>
  /** Requests that began on an earlier day and have events in these chunks. Absent if there are very many. */
  readonly carried?: readonly RequestId[]
}

/** The broken evidence because of which sealing has stopped. */
export interface Alarm {
  readonly date: Day
  readonly code: string
  /** For people. */
  readonly words: string
  /** The row that does not hold. Absent in alarms of an earlier version. */
  readonly broken?: BrokenRow
  readonly since: Instant
}

/** How far a witness has cosigned the sealed days, and what keeps it from going on. */
export interface Cosigning {
  /** The newest day whose checkpoint needs no further cosignature of this witness; `null` before the first. */
  readonly through: Day | null
  /** Absent while nothing is wrong. */
  readonly fault?: CosigningFault
}

/** Why the next day has no cosignature of a witness. */
export interface CosigningFault {
  readonly code: CosigningFaultCode
  /** The first day that has none. */
  readonly date: Day
  readonly since: Instant
}

/**
 * Beside the refusals: `stale-size`, the witness has cosigned a longer log than was sealed here; `bad-cosignature`, its answer has
 * no cosignature that holds.
 */
export type CosigningFaultCode = CosignerRefusal | 'stale-size' | 'bad-cosignature'

/**
 * The state of sealing. Each call writes a single row with If-Match, and reads back after a lost answer.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached.
 */
export interface Seals {
  /** The first day that can have events. */
  first(): Promise<Day>
  /** `head` is `null` before the first seal. */
  head(): Promise<{ readonly head: SealHead | null; readonly version: unknown }>
  plan(date: Day): Promise<Plan | null>
  /** All plans, oldest first; the last may not be sealed yet. */
  plans(): Promise<readonly Plan[]>
  /** Creates the plan of its day, unless the day has one. Returns the stored plan. */
  propose(plan: Plan): Promise<Plan>
  /**
   * Commits a seal: replaces the head if it is as it was read, and adds an announcement of the day, as one unit. Clears
   * the alarm.
   *
   * @throws {Conflict} if another process sealed meanwhile
   */
  advance(version: unknown, head: SealHead): Promise<void>
  /**
   * Tells how far the shards are collected; those of which nothing is known are absent.
   *
   * @param forged is called with rows that the service did not write. They are as absent
   */
  collected(forged: (cause: Problem) => void): Promise<ReadonlyMap<Shard, Collected>>
  keepCollected(shard: Shard, collected: Collected): Promise<void>
  /**
   * Tells how far a witness has cosigned; `null` if nothing is known of it.
   *
   * @param witness the id of its key: 8 hex digits
   */
  cosigning(witness: string): Promise<Cosigning | null>
  keepCosigning(witness: string, cosigning: Cosigning): Promise<void>
  alarm(): Promise<Alarm | null>
  raise(alarm: Alarm): Promise<void>
  /** Ends the alarm, if there is one. */
  clear(): Promise<void>
  /**
   * Lists sealed days whose checkpoints are not announced and not claimed yet, oldest first. Claims each of them until
   * the given moment.
   */
  announcements(now: Instant, until: Instant): Promise<readonly Day[]>
  /** Deletes the announcement of this day, after it was posted. */
  announced(date: Day): Promise<void>
}
