import type { Hex, RequestId, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { ChainHead, Fact } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { DeputyRow, ClaimedKey, KeptEvent } from './ledger.ts'

/** A row as it is stored, without the storage's own columns. Unknown columns are kept in a snapshot, too. */
export interface StoredRow {
  readonly partition: string
  readonly row: string
  readonly columns: Readonly<Record<string, string | number | boolean>>
}

/** An event, known to be authentic, and its row in two halves. */
export interface EventCopy {
  readonly event: KeptEvent
  readonly type: Fact['type']
  readonly request?: RequestId
  /** The columns that no erasure changes. */
  readonly lasting: StoredRow
  /** Texts that people wrote, and unknown columns; `null` if there are neither. */
  readonly erasable: StoredRow | null
}

/** A shard's head, known to be authentic, and its row. */
export interface HeadCopy {
  readonly head: ChainHead
  readonly row: StoredRow
}

/** The row of an idempotency key, known to be authentic. */
export interface KeyCopy {
  readonly hash: Hex
  readonly request: RequestId
  /** Whether the key made no request in this shard. */
  readonly isClaim: boolean
  /** Only of a use: its claim. */
  readonly claim?: ClaimCopy
}

/** The claim of a use, which lies in the shard of its hash. */
export interface ClaimCopy extends ClaimedKey {
  readonly hash: Hex
}

/**
 * The rows of the ledger, to be copied and put back. Streams come in pages, ascending.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached; `evidence-broken` for a row that the service did
 *   not write
 */
export interface LedgerRows {
  /** `null` for a shard that never had an event. */
  head(shard: Shard): Promise<HeadCopy | null>
  /** Streams a shard's events after `after` up to `upTo`. @throws {Problem} `evidence-broken` also if one is missing */
  events(shard: Shard, after: number, upTo: number): AsyncIterable<readonly EventCopy[]>
  /** Whether the shard has an event `erased` after this number. */
  hasErased(shard: Shard, after: number): Promise<boolean>
  request(id: RequestId): Promise<StoredRow | null>
  /** Streams the rows of all requests of a shard. */
  requests(shard: Shard): AsyncIterable<readonly StoredRow[]>
  /** Streams the rows of a shard's idempotency keys that were used or claimed at this moment or later. */
  keys(shard: Shard, since: Instant): AsyncIterable<readonly StoredRow[]>
  /** Streams the rows of sealing. */
  seals(): AsyncIterable<readonly StoredRow[]>
  /** Streams the rows of limits. */
  limits(): AsyncIterable<readonly StoredRow[]>
  /** Notes, for health, that a snapshot is complete. */
  taken(at: Instant): Promise<void>
  /** When the newest snapshot was complete; `null` before the first. */
  newest(): Promise<Instant | null>
}

/** A request to be written. */
export interface RestoredRequest {
  readonly request: ApprovalRequest
  /** The row that it was read from, whose MAC and unknown columns it keeps; `null` for one that is made anew. */
  readonly row: StoredRow | null
  /** Whether a delivery has to update its cards and write the file of its end. */
  readonly isOutOfDate: boolean
}

/**
 * Reads rows of a snapshot, and writes them to tables that are being restored. A restore that ended anywhere is
 * repeated, and then writes the same rows again.
 *
 * @throws {Problem} `unavailable`; `evidence-broken` for a row that the service did not write
 */
export interface RestoredRows {
  /** Puts the halves of an event's row together. */
  event(lasting: StoredRow, erasable: StoredRow | null): Promise<EventCopy>
  head(row: StoredRow): Promise<HeadCopy>
  /** Makes the row of an event of which only the leaf is known. */
  leaf(shard: Shard, leaf: ChainHead & { readonly text: string }): Promise<EventCopy>
  /**
   * Makes the row of a head that names a later event than a known one, or the first.
   *
   * @param before has the rest: which policy and log key were in force is not known of the later event
   */
  laterHead(shard: Shard, before: StoredRow | null, newest: ChainHead & { readonly at: Instant }): Promise<HeadCopy>
  request(row: StoredRow): Promise<ApprovalRequest>
  key(row: StoredRow): Promise<KeyCopy>
  /** Writes claims of keys, in whatever shards. */
  putClaims(claims: readonly ClaimCopy[]): Promise<void>
  /** Writes rows of one partition of the ledger. */
  put(rows: readonly StoredRow[]): Promise<void>
  /** Writes events of one shard with their remaining texts. */
  putEvents(events: readonly EventCopy[]): Promise<void>
  /** Writes the rows of absences of one shard. */
  putAbsences(shard: Shard, rows: readonly DeputyRow[]): Promise<void>
  /** Writes requests of one shard with their deadlines and indexes. */
  putRequests(requests: readonly RestoredRequest[]): Promise<void>
  /** Writes rows of limits. */
  putLimits(rows: readonly StoredRow[]): Promise<void>
}
