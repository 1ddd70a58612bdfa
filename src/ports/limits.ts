import type { ObjectId } from '../core/data/id.ts'
import type { LimitRow } from '../core/request/limit.ts'

/**
 * A row that counts: open requests of an agent, or in a channel; the answers of policy to an agent; or the asks of all
 * agents whose subject begins with these two digits.
 */
export type LimitKey =
  | { readonly agent: ObjectId }
  | { readonly channel: string }
  | { readonly answered: ObjectId }
  | { readonly subjects: string }

/** The slots of requests that need people, and the counts of what was asked and denied. */
export interface Limits {
  /** Reads a row. A row that does not exist is read as an empty one. */
  read(key: LimitKey): Promise<{ readonly row: LimitRow; readonly version: unknown }>
  /**
   * Replaces the row if it is still as it was read. Reads back after a lost answer, so that success means it is stored.
   *
   * @returns the version that the row has now; `undefined` if only reading it tells
   * @throws {Conflict} if another process replaced it first
   */
  replace(key: LimitKey, version: unknown, row: LimitRow): Promise<unknown>
}
