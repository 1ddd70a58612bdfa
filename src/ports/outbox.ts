import type { RequestId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Hearings } from './hearings.ts'
import type { PostedCard } from './messenger.ts'

/**
 * The state of one card, or of a channel that has no card yet. Each card has its own row, so that two racing deliveries
 * cannot overwrite each other's card, and a card that turns up later is not lost.
 */
export interface CardRow {
  readonly channel: string
  /** Absent in the row of a channel that has no card yet. */
  readonly card?: PostedCard
  /** The newest revision of the request that the card is known to show. */
  readonly rev: number
  /** Failed tries since the last successful one. */
  readonly attempts: number
  /** The earliest moment of the next try. */
  readonly notBefore?: Instant
  /** The channel refused the card for good. It is still tried now and then, because the bot may be added again. */
  readonly lost?: boolean
}

/**
 * That somebody was told of an event, or could not be. Written after the send, so that a crash in between has the words sent
 * again. Rows are not authenticated: whoever changes one can keep a notice from being sent, or have it sent again.
 */
export interface ToldRow {
  /** The number of the event. */
  readonly seq: number
  /** A channel, the compliance channel, or the object id of a person. */
  readonly whom: string
  /** When they were told; absent while they were not. */
  readonly at?: Instant
  /** Failed tries so far. */
  readonly attempts: number
  /** The earliest moment of the next try. */
  readonly notBefore?: Instant
  /** The place refused the words for good. */
  readonly lost?: boolean
}

/** The right to deliver one request's cards for a limited time. Only the adapter reads `version`. */
export interface Claim {
  readonly request: RequestId
  readonly by: string
  readonly until: Instant
  /** Whether the row changed since it was last read, so that a request read before may be out of date. */
  readonly moved: boolean
  readonly version: unknown
}

/** A claim that was just made, with what its row said. */
export interface Claimed extends Claim {
  /** The number of the request's events after the newest commit that left the row; `null` if no commit did. */
  readonly rev: number | null
  /** Whether no delivery claimed the row before. */
  readonly isFirst: boolean
}

/**
 * Requests whose cards are out of date (`post-` rows, written by the ledger's commits), the cards themselves, and who was told
 * of what.
 *
 * Each call writes a single row: claims with If-Match, cards without. After a lost answer the row is read back.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached.
 */
export interface Outbox extends Hearings {
  /**
   * Lists at most `limit` requests that wait for a delivery, unclaimed and not deferred, from all shards, oldest first.
   * A request whose claims keep ending without `finish` or `defer` is left out for longer each time.
   */
  waiting(now: Instant, limit: number): Promise<readonly RequestId[]>
  /**
   * Claims a request; `null` if there is nothing to deliver, or another delivery has the claim. A deferred request can
   * be claimed, so that a commit is delivered at once.
   */
  claim(request: RequestId, by: string, now: Instant, until: Instant): Promise<Claimed | null>
  /** Extends the claim; `null` if it was lost. A commit in between keeps the claim, and shows as `moved`. */
  renew(claim: Claim, until: Instant): Promise<Claim | null>
  /**
   * Ends a delivery: deletes the row if it is as it was claimed or last renewed. Otherwise returns `false`: the row has
   * changed, or is gone, perhaps by this very call. If the claim can then be renewed, the caller delivers again.
   */
  finish(claim: Claim): Promise<boolean>
  /** Gives the claim back; `waiting` leaves the request out until this moment. Returns `false` as `finish` does. */
  defer(claim: Claim, notBefore: Instant): Promise<boolean>
  /** Marks a request's cards as out of date, as a commit does. A claim stays valid. */
  touch(request: RequestId): Promise<void>
  cards(request: RequestId): Promise<readonly CardRow[]>
  /** Inserts or replaces the row of this card, or of this channel. */
  putCard(request: RequestId, row: CardRow): Promise<void>
  /** Deletes the row of this card, or of this channel, if it exists. */
  dropCard(request: RequestId, row: CardRow): Promise<void>
  told(request: RequestId): Promise<readonly ToldRow[]>
  /** Inserts or replaces the row of this event and this reader. */
  putTold(request: RequestId, row: ToldRow): Promise<void>
  /** Notes that the bot was added to a conversation. `false` if that was known, or perhaps after a lost answer. */
  arrive(conversation: string): Promise<boolean>
  /** Notes that the bot was removed from a conversation. */
  leave(conversation: string): Promise<void>
}
