import type { Day } from '../core/data/day.ts'
import type { BrokenRow } from '../core/data/problem.ts'
import type { ChainHead } from '../core/request/event.ts'
import type { Hex, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'

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
  alarm(): Promise<Alarm | null>
  raise(alarm: Alarm): Promise<void>
  /**
   * Lists sealed days whose checkpoints are not announced and not claimed yet, oldest first. Claims each of them until
   * the given moment.
   */
  announcements(now: Instant, until: Instant): Promise<readonly Day[]>
  /** Deletes the announcement of this day, after it was posted. */
  announced(date: Day): Promise<void>
}
