import type { NewerRow } from '../core/data/problem.ts'
import type { ChainHead, Leaf, Salted } from '../core/request/event.ts'
import type { Digest, Hex, ObjectId, RequestId, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { ApprovalRequest } from '../core/request/request.ts'

/** Somebody else changed the rows first. Never leaves the use case: it loads again and asks the core again. */
export class Conflict extends Error {
  constructor(options?: ErrorOptions) {
    super('Somebody else changed this first.', options)
    this.name = 'Conflict'
  }
}

/** A shard as one attempt found it. `version` is the adapter's own: what was read, and with which ETags. */
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
  /** The request that was asked for; `null` if there is none, or none was asked for. */
  readonly request: ApprovalRequest | null
  /** The idempotency key's row that was asked for; `null` if there is none, or none was asked for. */
  readonly key: UsedKey | null
  readonly version: unknown
}

/** What is loaded of a shard beside its head. */
export interface Wanted {
  readonly request?: RequestId
  /** What `find` has just given of that request: it may serve instead of a read; a change since is a lost race. */
  readonly found?: ApprovalRequest
  readonly key?: Hex
}

/** An idempotency key that was used: for which request, with which body. */
export interface UsedKey {
  readonly request: RequestId
  readonly body: Hex
}

/** What one transition writes, as one unit. */
export interface Change {
  /** Fresh for every commit; kept in its event rows, so that a commit whose answer was lost is recognised. */
  readonly op: string
  /** The trace that it is part of (W3C Trace Context), kept beside its events. */
  readonly trace?: string
  readonly at: Instant
  /** At least one; numbered on from the loaded head. */
  readonly leaves: readonly Leaf[]
  /** The request as it now stands; its row, deadline and indexes follow from it. Absent for events of the log itself. */
  readonly request?: ApprovalRequest
  /** With a new request that came with an idempotency key. */
  readonly key?: UsedKey & { readonly hash: Hex }
  /** When `policy-changed` is among the leaves. */
  readonly policy?: Digest
  /** When `key-rotated` is among the leaves. */
  readonly logKey?: string
  /** With `erased`: earlier events of the request, and what is left of their texts. */
  readonly cleared?: readonly { readonly seq: number; readonly said: Readonly<Record<string, Salted>> }[]
}

/** Which requests a list is about; a predicate then filters inside it. */
export type Scope =
  | { readonly by: 'time'; readonly from: Instant; readonly to: Instant }
  | { readonly by: 'agent' | 'approver'; readonly id: ObjectId; readonly from?: Instant; readonly to?: Instant }
  | { readonly by: 'pending' }

/** Whether a list holds this request. What it throws, the list throws. */
export type Keep = (request: ApprovalRequest) => boolean | Promise<boolean>

export interface RequestPage {
  readonly requests: readonly ApprovalRequest[]
  /** Where the next page starts; absent after the last. */
  readonly cursor?: string
  /** Requests that were left out because this program is too old to read them; absent if there are none. */
  readonly newer?: readonly NewerRow[]
}

/** An event as it is kept. `said` holds what is not erased. */
export interface KeptEvent {
  readonly seq: number
  /** Of this text, computed when it is read: it is not what was kept of it. */
  readonly hash: Hex
  readonly text: string
  readonly said: Readonly<Record<string, Salted>>
  /** Of the call or the timer that caused it, to find them in the log; not hashed. */
  readonly trace?: string
}

/** All requests and events: 16 shards, each with its own chain. */
export interface Ledger {
  /** Runs work one after the other for each shard inside this process, so that it does not race itself. */
  inTurn<T>(shard: Shard, work: () => Promise<T>): Promise<T>

  /** Reads a shard's head and, in the same round, a request or an idempotency key's row. Passing faults are retried. */
  load(shard: Shard, want: Wanted): Promise<Loaded>

  /**
   * Writes request, events, chain head, deadline, indexes, key and `post-` row as one unit: all of it or none of it.
   * A lost answer is found out by reading back: success means it is written.
   *
   * @throws {Conflict} if the head or the request is not as it was loaded, or the key or request exists already.
   * @throws {Problem} `unavailable` if the storage cannot be reached, or its clock and ours are over 30 s apart.
   */
  commit(loaded: Loaded, change: Change): Promise<void>

  /** `null` if there is no such request. @throws {Problem} `newer-format` for one that a later program wrote */
  find(id: RequestId): Promise<ApprovalRequest | null>

  /** `null` if the key was never used. */
  findKey(shard: Shard, hash: Hex): Promise<UsedKey | null>

  /** The request's events, oldest first. @throws {Broken} `broken-chain` if one is missing */
  events(request: ApprovalRequest): Promise<readonly KeptEvent[]>

  /** Ids of requests whose next deadline is at or before this moment; at most `limit`, earliest first in each shard. */
  due(before: Instant, limit: number): Promise<readonly RequestId[]>

  /**
   * Reads one page: newest first, `pending` by deadline. Reads at most 5,000 rows, so a page may be short and still
   * have a cursor.
   *
   * @throws {Problem} `invalid-input` for a cursor that this ledger did not make.
   */
  list(
    scope: Scope,
    page: { readonly keep: Keep; readonly limit: number; readonly cursor?: string },
  ): Promise<RequestPage>

  /**
   * The shard's newest sequence number, and whose events came after the given one (all of them known by then).
   * `null` asks for the number alone.
   */
  news(shard: Shard, after: number | null): Promise<{ readonly seq: number; readonly requests: readonly RequestId[] }>

  /**
   * Lets no event before this moment appear in the shard any more: from now on its time is at least this. Changes
   * nothing where that holds already; a lost race is tried again inside.
   */
  fence(shard: Shard, at: Instant): Promise<void>

  /** The shard's newest event whose own time is before this moment; {@link emptyChain} if there is none. */
  cut(shard: Shard, before: Instant): Promise<ChainHead>

  /** Streams the shard's events after one number up to another, oldest first, in pages; stops at the first that is missing. */
  stream(shard: Shard, after: number, upTo: number): AsyncIterable<readonly KeptEvent[]>

  /** Resolves if the storage answers; for health. */
  ping(): Promise<void>
}
