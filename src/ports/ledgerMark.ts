import type { Hex, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { StoredRow } from './ledgerRows.ts'

/** Events of one shard, from the first to the last of these numbers. */
export interface Gap {
  readonly shard: Shard
  readonly from: number
  readonly to: number
}

/** Why a ledger is open for reading only. */
export interface Incomplete {
  /** The time of the snapshot from which it was restored. */
  readonly at: Instant
  /** Events that were recorded and could not be restored. */
  readonly gaps: readonly Gap[]
  /** Events that were restored from chunks: without the texts and idempotency keys that came with them. */
  readonly textless: readonly Gap[]
}

/** Keeps the service from tables that are being restored, and notes afterwards whether they are complete. */
export interface LedgerMark {
  /**
   * Claims empty tables for a restore, or goes on with one that was begun.
   *
   * @param of identifies the restore: another one than the begun one is refused
   * @returns `occupied` for tables that hold a ledger or other rows, `other` for another restore; nothing is changed then
   */
  begin(of: Hex): Promise<'begun' | 'occupied' | 'other'>
  /**
   * Ends the restore.
   *
   * @param meta the old row that describes the ledger
   * @param incomplete absent if nothing is missing; else at least one of its lists is not empty
   * @throws {Problem} `evidence-broken` for a row that the service did not write
   */
  open(meta: StoredRow, incomplete?: Incomplete): Promise<void>
}
