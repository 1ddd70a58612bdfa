import type { RequestId, Shard } from '../core/data/id.ts'
import type { SurveyedRow } from '../core/record/chainSurvey.ts'
import type { Tampered } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Change, Loaded } from './ledger.ts'

/** A shard's head as it is stored. */
export interface SurveyedHead {
  /** `null` if the head is missing, or if the service did not write it. */
  readonly head: Loaded['head'] | null
  /** Why it is `null`. */
  readonly check: 'missing' | 'mac' | 'form' | null
  readonly version: unknown
}

/** A request's row as it is stored. */
export interface SurveyedRequest {
  readonly id: RequestId
  /** The readable content of the row, which must not be trusted. */
  readonly request: ApprovalRequest | null
  /** Why the row is not authentic; `null` if it is. Its state may still differ from its events. */
  readonly check: 'missing' | 'mac' | 'form' | null
  readonly version: unknown
}

/** The findings of a repair that was begun and is not finished. */
export type BegunRepair = Pick<Tampered, 'from' | 'to' | 'check'>

/**
 * Reads of rows as they are stored, even foreign ones, and the writes of a repair. Copies of removed rows are kept beside the
 * shard for an investigation.
 *
 * Each call can be repeated after a crash. A row that changed since it was read is a conflict.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached; `newer-format` for a row of a later program
 */
export interface Repairs {
  /** Reads the rows of a shard's chain after a number, in the order of their keys. */
  survey(shard: Shard, after: number): AsyncIterable<readonly SurveyedRow[]>
  head(shard: Shard): Promise<SurveyedHead>
  /** Reads the findings of an unfinished repair; `null` if there is none, or if the service did not write it. */
  begun(shard: Shard): Promise<BegunRepair | null>
  begin(shard: Shard, repair: BegunRepair): Promise<void>
  /** Authenticates rows again whose leaves are known to be right. @throws {Conflict} */
  mend(shard: Shard, rows: readonly SurveyedRow[]): Promise<void>
  /**
   * Removes rows from the chain, writes the head again with events after it, and ends the repair. The last write does all of
   * the rest as one unit.
   *
   * @param head as it is stored
   * @param loaded the state from which the chain goes on
   * @throws {Conflict} if the head or one of the rows changed
   */
  finish(head: SurveyedHead, loaded: Loaded, rows: readonly SurveyedRow[], change: Change): Promise<void>
  /** Lists the requests that removed rows of this shard's chain name. Nothing of this is authentic. */
  named(shard: Shard): Promise<readonly RequestId[]>
  /** Lists the requests of a shard that have a deadline. Nothing of this is authentic. */
  due(shard: Shard): Promise<readonly RequestId[]>
  request(id: RequestId): Promise<SurveyedRequest>
  /**
   * Corrects the rows by which a request is found, and keeps its own row as it is.
   *
   * @returns the shard, to commit the request with: its row is then replaced
   */
  prepare(row: SurveyedRequest, request: ApprovalRequest): Promise<Loaded>
  /** Removes the row of a request without events, and the rows by which it is found. */
  remove(row: SurveyedRequest): Promise<void>
}
