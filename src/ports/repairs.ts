import type { RequestId, Shard } from '../core/data/id.ts'
import type { SurveyedRow } from '../core/record/chainSurvey.ts'
import type { Tampered } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Change, Loaded } from './ledger.ts'

/** A shard's head as it lies there. */
export interface SurveyedHead {
  /** `null` for a head that is gone, or that the service did not write. */
  readonly head: Loaded['head'] | null
  /** Why there is none. */
  readonly check: 'missing' | 'mac' | 'form' | null
  readonly version: unknown
}

/** A request's row as it lies there. */
export interface SurveyedRequest {
  readonly id: RequestId
  /** What the row says, as far as it can be read; nothing of it is to be believed. */
  readonly request: ApprovalRequest | null
  /** Why the service did not write it; `null` for an authentic row, whose state may be another than its events say. */
  readonly check: 'missing' | 'mac' | 'form' | null
  readonly version: unknown
}

/** The repair of a chain that was begun and is not finished: what it is about. */
export type BegunRepair = Pick<Tampered, 'from' | 'to' | 'check'>

/**
 * Rows as they lie in the storage, whoever wrote them, and the writes that a repair takes. Rows that are taken out of a
 * shard are kept as they were, beside it, for whoever investigates.
 *
 * Each call can be repeated after a crash. A row that changed since it was read is a conflict.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached; `newer-format` for a row of a later program
 */
export interface Repairs {
  /** Reads the rows of a shard's chain after a number, in the order of their keys. */
  survey(shard: Shard, after: number): AsyncIterable<readonly SurveyedRow[]>
  head(shard: Shard): Promise<SurveyedHead>
  /** Reads the repair that was begun and not finished; `null` for none, and for one that the service did not write. */
  begun(shard: Shard): Promise<BegunRepair | null>
  begin(shard: Shard, repair: BegunRepair): Promise<void>
  /** Authenticates rows anew whose leaves are known to be right. @throws {Conflict} */
  mend(shard: Shard, rows: readonly SurveyedRow[]): Promise<void>
  /**
   * Takes rows out of the chain, writes the head anew with events behind it, and ends the repair that was begun. The last
   * write does all of what is left as one unit.
   *
   * @param head as it lies there
   * @param loaded where the chain goes on
   * @throws {Conflict} if the head or one of the rows changed
   */
  finish(head: SurveyedHead, loaded: Loaded, rows: readonly SurveyedRow[], change: Change): Promise<void>
  /** Lists the requests that rows name which were taken out of this shard's chain. Nothing of it is authentic. */
  named(shard: Shard): Promise<readonly RequestId[]>
  /** Lists the requests of a shard that have a deadline. Nothing of it is authentic. */
  due(shard: Shard): Promise<readonly RequestId[]>
  request(id: RequestId): Promise<SurveyedRequest>
  /**
   * Makes the rows by which a request is found say what it is, and keeps its own row as it lies.
   *
   * @returns the shard, to commit the request with: its row is then replaced
   */
  prepare(row: SurveyedRequest, request: ApprovalRequest): Promise<Loaded>
  /** Takes away the row of a request that has no events, and the rows by which it is found. */
  remove(row: SurveyedRequest): Promise<void>
}
