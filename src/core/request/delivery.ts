import { type Instant, plusSeconds } from '../data/instant.ts'
import type { ApprovalRequest, Step } from './request.ts'

/** Whether the people who decide a request were reached in Teams. */
export const deliveryStates = ['ok', 'late', 'undeliverable'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/**
 * Says how many of a request's events its cards have to show: up to the newest that changes what people see. That
 * somebody was shown a view does not, so it makes no card out of date; that a text was erased does.
 */
export const revision = ({ events, erasures = 0 }: Pick<ApprovalRequest, 'events' | 'erasures'>): number =>
  events.findLastIndex(({ type }) => type !== 'shown') + 1 + erasures

/** Records, once and while it matters, that nobody who decides could be reached in Teams. It closes nothing. */
export function undeliverable(request: ApprovalRequest): Step {
  if (request.status !== 'pending' || request.undeliverable) return { request, events: [] }
  const actor = { kind: 'system' } as const
  return {
    request: { ...request, undeliverable: true },
    events: [{ type: 'undeliverable', actor, request: request.id }],
  }
}

/** Nobody was reached: after so many seconds a request is called late, and then undeliverable. */
export const lateAfter = 60
export const undeliverableAfter = 600

/**
 * Seconds until a failed send is tried again: 2 at least, 300 at most, doubling, and spread so that those who failed
 * together do not come back together.
 *
 * @param random from 0 up to 1
 */
export const backoff = (attempts: number, random: number): number => Math.min(2 ** (attempts + 1), 150) * (1 + random)

/** What a `post-` row says of its deliveries. */
export interface Posting {
  readonly by?: string
  readonly until?: Instant
  readonly notBefore?: Instant
  /** Claims since the last that was finished or deferred. */
  readonly tries: number
}

/** Somebody has the claim, or had it and it has not lapsed. */
export const isClaimed = ({ by, until }: Posting, now: Instant): boolean =>
  by !== undefined && until !== undefined && now < until

/**
 * Whether a delivery should begin. Claims that lapse rest for longer each time, up to 15 minutes: whatever ends
 * deliveries half way must not post a card at every sweep.
 */
export function isWaiting(posting: Posting, now: Instant): boolean {
  const { until, notBefore, tries } = posting
  if (isClaimed(posting, now) || (notBefore !== undefined && now < notBefore)) return false
  const rest = Math.min(30 * (2 ** Math.max(0, tries - 1) - 1), 900)
  return until === undefined || now >= plusSeconds(until, rest)
}

/** What tells a row of cards from another of the same request. */
export const cardName = (row: { readonly channel: string; readonly card?: { readonly activity: string } }): string =>
  JSON.stringify(row.card ? [row.channel, row.card.activity] : [row.channel])
