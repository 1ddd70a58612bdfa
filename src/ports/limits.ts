import type { ObjectId } from '../core/data/id.ts'
import type { LimitRow } from '../core/request/limit.ts'

/** A row that counts open requests: one per agent, one per channel. */
export type LimitKey = { readonly agent: ObjectId } | { readonly channel: string }

/** Slots for requests that need humans. */
export interface Limits {
  /** An absent row is an empty one. */
  read(key: LimitKey): Promise<{ readonly row: LimitRow; readonly version: unknown }>
  /**
   * Replaces the row as it was read. A lost answer is found out by reading back.
   *
   * @throws {Conflict} if another process replaced it first
   */
  replace(key: LimitKey, version: unknown, row: LimitRow): Promise<void>
}
