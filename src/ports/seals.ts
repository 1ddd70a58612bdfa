import type { Day } from '../core/data/day.ts'
import type { ChainHead } from '../core/request/event.ts'
import type { Hex, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'

/** The newest event of every shard, up to which events are in the log. */
export type Cuts = Readonly<Record<Shard, ChainHead>>

/** Where the log stands: what was committed by the newest seal. */
export interface SealHead {
  /** Of the newest bundle; the first is 1. */
  readonly number: number
  readonly date: Day
  /** Leaves in the log. */
  readonly size: number
  /** Base64. */
  readonly root: string
  /** Roots of the perfect subtrees of `size`, largest first, base64. */
  readonly frontier: readonly string[]
  readonly cuts: Cuts
  /** Which key signs the next day (RFC 7638 thumbprint). */
  readonly key: string
  /** SHA-256 of the newest manifest. */
  readonly manifest: Hex
}

/** What one day will hold, fixed before anything of it is written: so a resumed seal makes the same bytes. */
export interface Plan {
  readonly date: Day
  readonly number: number
  readonly sealedAt: Instant
  /** Name and version of the program. */
  readonly tool: string
  /** Which key signs (RFC 7638 thumbprint). */
  readonly key: string
  /** Log size before this day. */
  readonly size: number
  readonly from: Cuts
  readonly to: Cuts
}

/** Why sealing has stopped: evidence that does not hold. */
export interface Alarm {
  readonly date: Day
  readonly code: string
  /** For people. */
  readonly words: string
  readonly since: Instant
}

/**
 * What is known of sealed days: single rows, replaced with If-Match; a lost answer is found out by reading back.
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
  /** Creates the plan of its day, or finds that there is one; answers the one that stands. */
  propose(plan: Plan): Promise<Plan>
  /**
   * Commits a seal: replaces the head as it was read, and leaves an announcement of the day, as one unit.
   * Clears the alarm.
   *
   * @throws {Conflict} if another process sealed meanwhile
   */
  advance(version: unknown, head: SealHead): Promise<void>
  alarm(): Promise<Alarm | null>
  raise(alarm: Alarm): Promise<void>
  /**
   * Sealed days whose checkpoints are not announced and not claimed yet, oldest first; each is claimed until
   * then by being listed.
   */
  announcements(now: Instant, until: Instant): Promise<readonly Day[]>
  /** Deletes the announcement of this day: it was told. */
  announced(date: Day): Promise<void>
}
