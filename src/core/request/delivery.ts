import { type Instant, plusSeconds } from '../data/instant.ts'
import type { Leaf } from './event.ts'
import type { ApprovalRequest, Step } from './request.ts'

/**
 * Whether the people who decide a request were reached in a channel. In its first minute a request is `pending` until each
 * group has a card.
 */
export const deliveryStates = ['pending', 'ok', 'late', 'undeliverable'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/**
 * Counts the events that a request's cards must show: up to the newest that changes what people see.
 *
 * An erasure changes what people see; the ask for it does not, nor does a refusal, nor a reminder.
 */
export const revision = ({ events }: Pick<ApprovalRequest, 'events'>): number => events.findLastIndex(isSeen) + 1

const unseen: ReadonlySet<Leaf['type']> = new Set(['shown', 'erasure-asked', 'refused', 'reminded'])
const isSeen = ({ type }: Pick<Leaf, 'type'>): boolean => !unseen.has(type)

/**
 * Says whether a commit leaves work for a delivery: cards that are out of date, people to be told again, or the file of an end, which a crash after
 * the commit may prevent. A redemption that policy allowed needs none: without an answer its executor repeats it. A use has no
 * card: that of its standing approval tells of it.
 */
export const needsDelivery = (after: ApprovalRequest, leaves: readonly Pick<Leaf, 'type'>[]): boolean =>
  after.policy.outcome === 'approve' && after.under === undefined
    ? leaves.some((leaf) => isSeen(leaf) || leaf.type === 'reminded')
    : leaves.some(({ type }) => type === 'cancelled' || type === 'revoked' || type === 'tampered')

/** Records, once and only while a request is pending, that no channel of its approvers was reached. Closes nothing. */
export function undeliverable(request: ApprovalRequest): Step {
  if (request.status !== 'pending' || request.undeliverable) return { request, events: [] }
  const actor = { kind: 'system' } as const
  return {
    request: { ...request, undeliverable: true },
    events: [{ type: 'undeliverable', actor, request: request.id }],
  }
}

/** Seconds without a delivered card after which a request counts as late, and later as undeliverable. */
export const lateAfter = 60
export const undeliverableAfter = 600

/**
 * Seconds until a failed send is tried again: 2 at least, 300 at most, doubling. They are spread at random, so that
 * sends that failed together are not tried again together.
 *
 * @param random from 0 up to 1
 */
export const backoff = (attempts: number, random: number): number => Math.min(2 ** (attempts + 1), 150) * (1 + random)

/** The state of a request's deliveries, as its `post-` row has it. */
export interface Posting {
  readonly by?: string
  readonly until?: Instant
  readonly notBefore?: Instant
  /** Claims since the last one that was finished or deferred. */
  readonly tries: number
}

/** Whether a delivery has a claim that has not lapsed. */
export const isClaimed = ({ by, until }: Pick<Posting, 'by' | 'until'>, now: Instant): boolean =>
  by !== undefined && until !== undefined && now < until

/**
 * Whether a delivery should begin.
 *
 * After each claim that lapses, the request rests for longer, up to 15 minutes. Otherwise a fault that ends deliveries
 * half-way could post one more card at every sweep.
 */
export function isWaiting(posting: Posting, now: Instant): boolean {
  const { until, notBefore, tries } = posting
  if (isClaimed(posting, now) || (notBefore !== undefined && now < notBefore)) return false
  const rest = Math.min(30 * (2 ** Math.max(0, tries - 1) - 1), 900)
  return until === undefined || now >= plusSeconds(until, rest)
}

/** The name of a card's row, which is unique within its request. */
export const cardName = (row: { readonly channel: string; readonly card?: { readonly activity: string } }): string =>
  JSON.stringify(row.card ? [row.channel, row.card.activity] : [row.channel])
