import type { NewerRow } from '../core/data/problem.ts'
import type { ChainHead, Leaf, Salted } from '../core/request/event.ts'
import type { Digest, Hex, ObjectId, RequestId, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { ApprovalRequest } from '../core/request/request.ts'

/** Another commit changed the rows first. Never leaves the use case, which loads again and asks the core again. */
export class Conflict extends Error {
  constructor(options?: ErrorOptions) {
    super('Another commit changed this first.', options)
    this.name = 'Conflict'
  }
}

/** A shard as one attempt loaded it. Only the adapter reads `version`: the loaded rows with their ETags. */
export interface Loaded {
  readonly shard: Shard
  readonly head: ChainHead & {
    /** Never runs backwards; at least the time of the newest event. `null` in an empty shard. */
    readonly recordedAt: Instant | null
    /** The policy version last used in this shard; `null` before the first. */
    readonly policy: Digest | null
    /** The log key that a `key-rotated` of this shard last named (RFC 7638 thumbprint); `null` before the first. */
    readonly logKey: string | null
  }
  /** The wanted request; `null` if it does not exist, or none was wanted. */
  readonly request: ApprovalRequest | null
  /** The row of the wanted idempotency key; `null` if it does not exist, or none was wanted. */
  readonly key: KeyRow | null
  readonly version: unknown
}

/** What to load of a shard in addition to its head. */
export interface Wanted {
  readonly request?: RequestId
  /** The request as `find` has just returned it. It may replace a read; if it changed since, the commit conflicts. */
  readonly found?: ApprovalRequest
  readonly key?: Hex
}

/** A used idempotency key: the request that it made, and the hash of the body that came with it. */
export interface UsedKey {
  readonly request: RequestId
  readonly body: Hex
  /** Only of a use: the claim of its key, from which the key leads here. Its shard is that of the hash. */
  readonly claim?: { readonly hash: Hex; readonly under: RequestId }
}

/**
 * An idempotency key that made no request here. In the key's own shard it is left to a use of this standing approval. In the
 * shard of the standing approval it says that no use may take it any more. The id in it tells when it was claimed.
 */
export interface ClaimedKey extends Pick<UsedKey, 'request' | 'body'> {
  readonly under: RequestId
}

/** The row of an idempotency key. */
export type KeyRow = UsedKey | ClaimedKey

export const isClaim = (key: KeyRow): key is ClaimedKey => 'under' in key

/** All that one transition writes, as one unit. */
export interface Change {
  /** The operation id: new for every commit, and stored with its events, to recognise it after a lost answer. */
  readonly op: string
  /** The trace of the commit (W3C Trace Context), stored beside its events. */
  readonly trace?: string
  readonly at: Instant
  /** At least one, numbered from the loaded head on. */
  readonly leaves: readonly Leaf[]
  /** The request after the transition. Its row, deadline and indexes follow from it. Absent for events of the log. */
  readonly request?: ApprovalRequest
  /** Only with a new request that is a use: the standing approval, which was loaded, after it. */
  readonly beside?: ApprovalRequest
  /** Only with a new request that came with an idempotency key. It replaces the claim that was loaded. */
  readonly key?: UsedKey & { readonly hash: Hex }
  /** Only with a leaf `delegated`, which the row names from now on, or `recalled` alone, which deletes the row. */
  readonly deputy?: Pick<DeputyRow, 'deputy' | 'member'>
  /** Only with a leaf `policy-changed`. */
  readonly policy?: Digest
  /** Only with a leaf `key-rotated`. */
  readonly logKey?: string
  /** Only with a leaf `erased`: earlier events of the request, and their remaining texts. */
  readonly cleared?: readonly { readonly seq: number; readonly said: Readonly<Record<string, Salted>> }[]
}

/** Names the event `delegated` by which a member last named a deputy. The row gives no right: the event does. */
export interface DeputyRow {
  readonly deputy: ObjectId
  readonly member: ObjectId
  readonly seq: number
  readonly event: Hex
}

/** The requests that a list reads. A {@link Keep} then filters them. */
export type Scope =
  | { readonly by: 'time'; readonly from: Instant; readonly to: Instant }
  | { readonly by: 'agent' | 'approver'; readonly id: ObjectId; readonly from?: Instant; readonly to?: Instant }
  | { readonly by: 'pending' }
  /** Broken glasses that nobody has reviewed. */
  | { readonly by: 'review' }
  /** Standing approvals that can be used. */
  | { readonly by: 'standing' }

/** Whether a list includes this request. The list throws the errors of this function. */
export type Keep = (request: ApprovalRequest) => boolean | Promise<boolean>

export interface RequestPage {
  readonly requests: readonly ApprovalRequest[]
  /** The start of the next page; absent on the last page. */
  readonly cursor?: string
  /** How far the ledger was read: when the last request that was looked at was made, or expires. With a cursor only. */
  readonly until?: Instant
  /** Requests that were left out because this program is too old to read them; absent if there are none. */
  readonly newer?: readonly NewerRow[]
}

/** A stored event. `said` has the texts that are not erased. */
export interface KeptEvent {
  readonly seq: number
  /** The leaf hash of the text, computed on reading: a stored hash would not reveal an altered text. */
  readonly hash: Hex
  readonly text: string
  readonly said: Readonly<Record<string, Salted>>
  /** The trace of the call or timer that caused the event, to find it in the log. Not part of the leaf. */
  readonly trace?: string
}

/** The place of a deadline or a prompt in its shard. Only the adapter reads it. */
export type DuePlace = string & { readonly __brand: 'DuePlace' }

/** Which page of them to read. */
export interface DuePart {
  readonly limit: number
  /** The place after which it begins; at the beginning if absent. */
  readonly after?: DuePlace
}

export interface DuePage {
  readonly deadlines: readonly { readonly request: RequestId; readonly place: DuePlace }[]
  /** The next page begins after this place; absent on the last page. */
  readonly next?: DuePlace
}

/** All requests and events: 16 shards, each with its own chain. */
export interface Ledger {
  /** Runs work on a shard after all earlier work on it, so that this process does not race itself. */
  inTurn<T>(shard: Shard, work: () => Promise<T>): Promise<T>

  /** Reads a shard's head and, in the same round, a request or an idempotency key's row. Retries passing faults. */
  load(shard: Shard, want: Wanted): Promise<Loaded>

  /**
   * Writes request, events, chain head, deadline, indexes, key and `post-` row as one unit: all of it or none of it.
   * Each row of evidence is authenticated.
   * After a lost answer it reads back what was written, so that success always means that the commit is stored.
   *
   * With a standing approval beside a new request, the loaded request is the standing approval, and its row is replaced.
   *
   * @throws {Conflict} if the head, the request or the key's claim is not as it was loaded, or the key or request exists
   *   already.
   * @throws {Problem} `unavailable` if the storage cannot be reached, or its clock and this one are over 30 s apart.
   */
  commit(loaded: Loaded, change: Change): Promise<void>

  /** Reads a request; `null` if there is none. @throws {Problem} `newer-format` for a row of a later program */
  find(id: RequestId): Promise<ApprovalRequest | null>

  /**
   * Reads requests of one shard that were asked for one soon after the other: their rows lie side by side, and a thousand
   * take one read. A request is left out if it does not exist or its row cannot be believed; `find` tells which.
   */
  findMany(shard: Shard, ids: readonly RequestId[]): Promise<ReadonlyMap<RequestId, ApprovalRequest>>

  /**
   * Reads the rows of a deputy from the deputy's shard, or those of all deputies of the shard. They are not authenticated.
   * A row of another form is left out.
   */
  deputies(shard: Shard, deputy?: ObjectId): Promise<readonly DeputyRow[]>

  /** Reads the row of an idempotency key; `null` if there is none. */
  findKey(shard: Shard, hash: Hex): Promise<KeyRow | null>

  /**
   * Writes the claim of an idempotency key, alone. After a lost answer it returns the claim that was written.
   *
   * @returns the row that there was; `null` if the claim was written
   * @throws {Conflict} if the row that there was is gone
   * @throws {Problem} `unavailable`
   */
  claimKey(shard: Shard, hash: Hex, claim: ClaimedKey): Promise<KeyRow | null>

  /**
   * Reads the request's events, oldest first.
   *
   * @throws {Problem} `evidence-broken` if one is missing, or not authentic
   */
  events(request: Pick<ApprovalRequest, 'id' | 'events'>): Promise<readonly KeptEvent[]>

  /** Ids of requests whose next deadline is at or before this moment; at most `limit`, earliest first in each shard. */
  due(before: Instant, limit: number): Promise<readonly RequestId[]>

  /**
   * Reads a page of the shard's requests whose next deadline is at or before this moment, earliest first. Deadlines that
   * this program cannot read are passed over, so a page may be short, or empty, and have a next one.
   */
  dueIn(shard: Shard, before: Instant, page: DuePart): Promise<DuePage>

  /** Reads a page of the shard's requests whose next prompt is at or before this moment, as {@link dueIn} does. */
  promptsIn(shard: Shard, before: Instant, page: DuePart): Promise<DuePage>

  /** Ids of requests that wait for people: of each shard those that expire first, at most `limit`. */
  pending(limit: number): Promise<readonly RequestId[]>

  /** Does what {@link pending} does, for broken glasses that nobody has reviewed, or standing approvals that can be used. */
  open(kind: 'review' | 'standing', limit: number): Promise<readonly RequestId[]>

  /**
   * Reads one page: newest first, or by deadline for `pending`, `review` and `standing`. Reads at most 5,000 rows, so a page may be short and
   * still have a cursor.
   *
   * @throws {Problem} `invalid-input` for a cursor that this ledger did not make.
   */
  list(
    scope: Scope,
    page: { readonly keep: Keep; readonly limit: number; readonly cursor?: string },
  ): Promise<RequestPage>

  /**
   * Reads the shard's newest sequence number, and the requests with events after the given number. None of these events
   * is missed. With `null` it reads the number only.
   */
  news(shard: Shard, after: number | null): Promise<{ readonly seq: number; readonly requests: readonly RequestId[] }>

  /**
   * Raises the shard's time to this moment, so that no earlier event can appear any more. Changes nothing if the time
   * is late enough already. Retries a lost race itself.
   */
  fence(shard: Shard, at: Instant): Promise<void>

  /** Finds the shard's newest event from before this moment; {@link emptyChain} if there is none. */
  cut(shard: Shard, before: Instant): Promise<ChainHead>

  /**
   * Streams the shard's events after `after` up to `upTo`, oldest first, in pages. Stops at the first missing one.
   *
   * @throws {Problem} `evidence-broken` at the first that the service did not write, after all before it
   */
  stream(shard: Shard, after: number, upTo: number): AsyncIterable<readonly KeptEvent[]>

  /** Resolves if the storage answers; for health. */
  ping(): Promise<void>
}
