import type { Hex, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { StoredRow } from './ledgerRows.ts'

/** Events of one shard, from the first to the last of these numbers, that were recorded and could not be restored. */
export interface Gap {
  readonly shard: Shard
  readonly from: number
  readonly to: number
}

/** Why a ledger is open for reading only. */
export interface Incomplete {
  /** When the snapshot that it was restored from was kept. */
  readonly at: Instant
  /** At least one. */
  readonly gaps: readonly Gap[]
}

/** Keeps the service away from tables that are being restored, and says afterwards what they are good for. */
export interface LedgerMark {
  /**
   * Takes empty tables for a restore, or goes on with one that was begun.
   *
   * @param of what is restored: another restore than the one that was begun is refused
   * @returns `occupied` for tables that hold a ledger or other rows, `other` for another restore; nothing is changed then
   */
  begin(of: Hex): Promise<'begun' | 'occupied' | 'other'>
  /**
   * Ends the restore.
   *
   * @param meta the row that says what the ledger is, as it was
   * @param incomplete absent if nothing is missing: then the ledger is as it was
   * @throws {Problem} `evidence-broken` for a row that the service did not write
   */
  open(meta: StoredRow, incomplete?: Incomplete): Promise<void>
}
