import type { Hex, HoldId, ObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { HoldScope } from '../core/request/hold.ts'

/** Who held or released, and the event that records it. */
export interface HoldAct {
  readonly by: ObjectId
  /** The application that the person used. */
  readonly client?: ObjectId
  /** When the row was written. The event comes later. */
  readonly at: Instant
  /** Absent until the event is in the log, and the archive has its file. */
  readonly recorded?: { readonly seq: number; readonly leaf: Hex; readonly at: Instant }
}

/** A hold as its row has it. Why it was taken is a said text of its event, so that no snapshot keeps it for good. */
export interface HoldRow extends HoldAct {
  readonly hold: HoldId
  readonly scope: HoldScope
  readonly release?: HoldAct
}

/** A row, and what tells its version from others. */
export interface StoredHold {
  readonly row: HoldRow
  readonly version: unknown
}

/**
 * The rows `hold-<id>` of the ledger, each authenticated. A write reads back after a lost answer.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached; `evidence-broken` for a row that the service did not
 *   write
 */
export interface HoldRows {
  /** All rows, oldest first. */
  all(): Promise<readonly StoredHold[]>
  /** `null` if there is none. */
  find(hold: HoldId): Promise<StoredHold | null>
  /** Creates the row unless there is one. Returns the stored row. */
  create(row: HoldRow): Promise<StoredHold>
  /** @throws {Conflict} if the row is not as it was read */
  replace(version: unknown, row: HoldRow): Promise<StoredHold>
}
