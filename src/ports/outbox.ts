import type { RequestId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { PostedCard } from './messenger.ts'

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
  /** Teams refused it for good; it is tried again now and then, because the bot may be added again. */
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
