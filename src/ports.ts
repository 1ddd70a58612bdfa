import type { Action } from './core/action.ts'
import type { ChainHead, Leaf, Salted } from './core/event.ts'
import type { Digest, Hex, ObjectId, RequestId, Shard } from './core/id.ts'
import type { Instant } from './core/instant.ts'
import type { ApprovalRequest } from './core/request.ts'
import type { LimitRow } from './core/limit.ts'
import type { Presentation } from './core/presentation.ts'
import type { Judgement } from './core/submission.ts'

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
  /** Fresh for every commit; kept in its event rows, so that a commit whose answer was lost knows its own work. */
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

export interface Page {
  readonly requests: readonly ApprovalRequest[]
  /** Where the next page starts; absent after the last. */
  readonly cursor?: string
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

  /** `null` if there is no such request. */
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
  list(scope: Scope, page: { readonly keep: Keep; readonly limit: number; readonly cursor?: string }): Promise<Page>

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

/** A row that counts open requests: one per agent, one per channel. */
export type LimitKey = { readonly agent: ObjectId } | { readonly channel: string }

/** Slots for requests that need humans. */
export interface Limits {
  /** An absent row is an empty one. */
  read(key: LimitKey): Promise<{ readonly row: LimitRow; readonly version: unknown }>
  /**
   * Replaces the row as it was read. A lost answer is found out by reading back.
   *
   * @throws {Conflict} if somebody else replaced it first.
   */
  replace(key: LimitKey, version: unknown, row: LimitRow): Promise<void>
}

/** How an agent is registered in `approvers.json`. */
export interface AgentRegistration {
  readonly id: ObjectId
  readonly name: string
  readonly appId: ObjectId
  readonly owners: readonly ObjectId[]
  readonly sponsors: readonly ObjectId[]
  readonly executors: readonly ObjectId[]
  readonly onBehalfOf: 'required' | 'optional' | 'refused'
  /** Requests that wait for people at once, and asks for people in an hour. */
  readonly limits: { readonly pending: number; readonly hourly: number }
}

export interface ApproverGroup {
  readonly name: string
  readonly members: readonly ObjectId[]
  /** Members of this Entra group count too. */
  readonly entraGroup?: ObjectId
  readonly channels: readonly string[]
}

/** The policy in force: rules and roster, one version. Pure after loading. */
export interface Policy {
  readonly version: Digest
  /**
   * @throws {Problem} `invalid-input` with the pointer of a param that does not fit the schema.
   */
  judge(question: { readonly agent: ObjectId; readonly action: Action; readonly onBehalfOf?: ObjectId }): Judgement
  /** Pointers into requests for this action that may look like secrets; `*` stands for each item of an array. */
  notSecret(action: string): readonly string[]
  /** How requests for this action are to be shown; `null` if policy does not say. */
  presentation(action: string): Presentation | null
  /** `null` for an agent that is not registered. */
  agent(id: ObjectId): AgentRegistration | null
  agents(): readonly AgentRegistration[]
  groups(): readonly ApproverGroup[]
  /** `null` for a group that does not exist. */
  group(name: string): ApproverGroup | null
  /** All object ids of the person, joined by `sameAs` (symmetric, transitive), sorted; with the given one. */
  accounts(id: ObjectId): readonly ObjectId[]
  /** Where checkpoints are posted; `null` if nowhere. */
  complianceChannel(): string | null
  /** The files this version is the digest of, by name, as bytes. */
  files(): ReadonlyMap<string, Uint8Array>
}

/** A human of the tenant, as the directory knows them, at most 60 s ago. */
export interface Person {
  readonly name: string
  /** Of our tenant, not a guest. */
  readonly member: boolean
  readonly enabled: boolean
  readonly asOf: Instant
}

/** People and groups of the Entra tenant. Fails closed. */
export interface Directory {
  /** `null` if there is no such person. @throws {Problem} `unavailable` */
  person(id: ObjectId): Promise<Person | null>
  /** Transitive members, people only. @throws {Problem} `unavailable` */
  members(group: ObjectId): Promise<readonly ObjectId[]>
  ping(): Promise<void>
}

/** A public key of ours: P-256, as a JWK (RFC 7517) with its thumbprint (RFC 7638) as `kid`. */
export interface PublicKey {
  readonly kid: string
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** Signs with one key: ECDSA P-256 over SHA-256. Another instance of it signs the log; the keys never mix. */
export interface Signer {
  /** Newest first; the newest signs. Older ones are there to verify with, and to sign while a rotation lasts. */
  keys(): Promise<readonly PublicKey[]>
  /**
   * @param digest SHA-256, 32 bytes
   * @param kid which of its keys; the newest if none is named
   * @returns the signature as r‖s, 64 bytes, and which key made it
   * @throws {Problem} `unavailable`
   */
  sign(digest: Uint8Array, kid?: string): Promise<{ readonly kid: string; readonly signature: Uint8Array }>
}

export interface Clock {
  now(): Instant
}

/** A card that lies in Teams. */
export interface PostedCard {
  readonly conversation: string
  readonly activity: string
}

/**
 * What became of one send, with all its retries. Not sent: `gone` (404: the channel or card does not exist), `refused`
 * (403: the bot was removed; or another answer that will not change), `too-large` (413), `throttled` (429) or `passing` (everything that may work later; it
 * may even have been sent).
 */
export type Sent<T> =
  | { readonly sent: T }
  | {
      readonly unsent: 'gone' | 'refused' | 'too-large' | 'throttled' | 'passing'
      /** Seconds that Teams asked us to wait. */
      readonly retryAfter?: number
    }

/**
 * Cards and words in Teams. Every call ends within 20 s, with all its retries. Each first try is at the caller's pace;
 * a further one goes when `again` says so, and not at all if it says `false`.
 */
export interface Messenger {
  /** Posts a card that shows the request as it is. */
  post(channel: string, request: ApprovalRequest, again?: Again): Promise<Sent<PostedCard>>
  /** Makes a card show the request as it is. */
  update(card: PostedCard, request: ApprovalRequest, again?: Again): Promise<Sent<null>>
  /** Posts words into a channel. */
  say(channel: string, words: string, again?: Again): Promise<Sent<null>>
  /** Answers somebody in the conversation where they wrote: words, or an Adaptive Card. */
  reply(conversation: string, answer: string | object, again?: Again): Promise<Sent<null>>
}

/** Resolves when Teams may be called once more; to `false` if that is further ahead than anybody should wait. */
export type Again = () => Promise<boolean>

/**
 * What deliveries know of one card, or of a channel as long as it has none. Each card has a row of its own, so that
 * two who race, or a card that turns up later, never make each other forgotten.
 */
export interface CardRow {
  readonly channel: string
  /** Absent in the row of a channel that has no card yet. */
  readonly card?: PostedCard
  /** The newest revision of the request that the card is known to show. */
  readonly rev: number
  /** Failed tries since the last that worked. */
  readonly attempts: number
  /** Not before this moment is it tried again. */
  readonly notBefore?: Instant
  /** Teams refused it as if for ever; tried again now and then, for the bot may be added again. */
  readonly lost?: boolean
}

/** The right to deliver one request's cards, for a while. `version` is the adapter's own. */
export interface Claim {
  readonly request: RequestId
  readonly by: string
  readonly until: Instant
  /** Somebody else changed the row since it was last read: what was read before that may be out of date. */
  readonly moved: boolean
  readonly version: unknown
}

/**
 * Requests whose cards are out of date (`post-` rows, written by the ledger's commits), and the cards themselves.
 * Single rows: claims with If-Match, cards without; a lost answer is found out by reading back.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached.
 */
export interface Outbox {
  /**
   * Requests that wait for a delivery, unclaimed and not deferred; at most so many, from all shards, oldest first.
   * One whose claims keep ending without `finish` or `defer` rests longer each time.
   */
  waiting(now: Instant, limit: number): Promise<readonly RequestId[]>
  /**
   * `null` if there is nothing to deliver, or somebody else has the claim. A deferred request can be claimed: who
   * just committed comes at once.
   */
  claim(request: RequestId, by: string, now: Instant, until: Instant): Promise<Claim | null>
  /** Extends the claim; `null` if it was lost. A commit in between keeps the claim, and shows as `moved`. */
  renew(claim: Claim, until: Instant): Promise<Claim | null>
  /**
   * Ends it all: deletes the row as it was claimed or last renewed. `false` if it is another by now, or gone, perhaps
   * by this very call: renew to learn whether the claim is still held; if so, read the request and deliver again.
   */
  finish(claim: Claim): Promise<boolean>
  /** Gives the claim back; `waiting` leaves it out before this moment. `false` as for `finish`. */
  defer(claim: Claim, notBefore: Instant): Promise<boolean>
  /** Says that cards are out of date, as a commit does; a claim survives it. */
  touch(request: RequestId): Promise<void>
  cards(request: RequestId): Promise<readonly CardRow[]>
  /** Inserts or replaces the row of this card, or of this channel. */
  putCard(request: RequestId, row: CardRow): Promise<void>
  /** Forgets the card, or the channel; also if it is not known. */
  dropCard(request: RequestId, row: CardRow): Promise<void>
  /** Takes note that the bot came into a conversation. `false` if that is known; a lost answer may count as known. */
  arrive(conversation: string): Promise<boolean>
  /** Forgets that it did; also if it is not known. */
  leave(conversation: string): Promise<void>
}
