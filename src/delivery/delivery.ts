import { lateAfter, undeliverable } from '../core/request/delivery.ts'
import type { RequestId } from '../core/data/id.ts'
import { earlier, type Instant, milliseconds, plusSeconds } from '../core/data/instant.ts'
import { type ApprovalRequest, overdue } from '../core/request/request.ts'
import { openBook } from './requestCards.ts'
import { change, type ChangeParts, settle } from '../approvals/commit.ts'
import { channelsOf } from '../approvals/eligibility.ts'
import type { PostedCard, Sent } from '../ports/messenger.ts'
import type { Policy } from '../ports/policy.ts'
import { posting, type PostingParts } from './posting.ts'
import { queue } from './queue.ts'
import { claimFor, type Held } from './sending.ts'

export type DeliveryParts = ChangeParts & PostingParts & { readonly policy: Pick<Policy, 'version' | 'group'> }

/** Whether the people who decide a request were reached in Teams. */
export type DeliveryState = 'ok' | 'late' | 'undeliverable'

export type Delivery = ReturnType<typeof deliveries>

/** Deliveries under way in this process, and how many more are kept in mind: the rest is found by the timer. */
const atOnce = 8
const longestQueue = 1_000

/** What one sweep takes on. */
const sweepLimit = 100

/** Seconds. A row is looked at again after this, though its cards may rest longer, so that no commit lies there. */
const longestDeferral = 300

/** Seconds up to which this process comes back by itself, without waiting for the timer. */
const soonAgain = 30

/** Seconds. What Teams refuses is tried each hour while it matters: a failure that is older is nobody's any more. */
const failureLasts = 7_200

/** Cards of one channel that are kept up to date; more than crashes leave behind would be somebody's game. */
const mostAdopted = 5

/**
 * Brings the cards in Teams to show the truth. Commits leave `post-` rows; a delivery claims one, makes every card
 * show the request as it is then, and deletes the row unless it changed meanwhile. Any of this may end half way or
 * happen twice: what is left is found by the timer, and the newest state wins.
 */
export function deliveries(parts: DeliveryParts) {
  const { ledger, outbox, policy, clock, failed } = parts
  /** Channels whose newest send did not get through, and when that was. */
  const failing = new Map<string, Instant>()
  const noted = <T>(channel: string, sent: Sent<T>, harmless?: 'gone'): Sent<T> => {
    if ('sent' in sent || sent.unsent === harmless) failing.delete(channel)
    else failing.set(channel, clock.now())
    return sent
  }
  const round = posting({
    ...parts,
    messenger: {
      post: async (channel, ...more) => noted(channel, await parts.messenger.post(channel, ...more)),
      // Somebody deleted the card: that is no failure.
      update: async (card, ...more) =>
        noted(card.conversation.split(';')[0] ?? '', await parts.messenger.update(card, ...more), 'gone'),
    },
  })
  const runs = queue({ atOnce, longest: longestQueue }, (id) => deliver(id).catch(failed))

  async function deliver(id: RequestId): Promise<void> {
    const now = clock.now()
    const by = Buffer.from(parts.random(16)).toString('hex')
    const claim = await outbox.claim(id, by, now, plusSeconds(now, claimFor))
    if (claim === null) return
    const held: Held = { claim, hasSent: false }
    do {
      const request = await current(id)
      const ended = request ? await round(held, request) : { next: null }
      if (ended === 'lost') break
      if (ended === 'unreachable') await change(parts, id, undeliverable)
      else if (ended !== 'moved' && (await isLeft(held, ended.next))) return
    } while (await isRenewed(held))
    // The claim was lost: what was sent last may have come after what somebody newer sent.
    if (held.hasSent) await outbox.touch(id)
  }

  /** The request as it stands, with passed deadlines taken effect: nobody is shown a state that is over. */
  async function current(id: RequestId): Promise<ApprovalRequest | null> {
    const request = await ledger.find(id)
    if (!request || !overdue(request, clock.now())) return request
    return settle(parts, id)
  }

  /** Gives the row up: deleted, or until there is something to try again. Not if it changed meanwhile. */
  async function isLeft({ claim }: Held, next: Instant | null): Promise<boolean> {
    if (next === null) return outbox.finish(claim)
    const now = clock.now()
    const again = earlier(next, plusSeconds(now, longestDeferral))
    if (!(await outbox.defer(claim, again))) return false
    const ms = milliseconds(again) - milliseconds(now)
    if (ms <= soonAgain * 1000)
      void parts
        .pause(ms)
        .then(() => soon(claim.request))
        .catch(failed)
    return true
  }

  async function isRenewed(held: Held): Promise<boolean> {
    const claim = await outbox.renew(held.claim, plusSeconds(clock.now(), claimFor))
    if (claim !== null) held.claim = claim
    return claim !== null
  }

  /** Starts a delivery and does not wait for it. Never throws. */
  const soon = (id: RequestId): void => void runs.add(id)

  async function adopt(id: RequestId, channel: string, card: PostedCard): Promise<void> {
    const rows = await outbox.cards(id)
    const mine = rows.filter((row) => row.channel === channel && row.card)
    const known = mine.find((row) => row.card?.activity === card.activity)
    if (known && !known.lost) return
    if (!known) {
      const request = mine.length < mostAdopted ? await ledger.find(id) : null
      if (!request || (mine.length === 0 && !channelsOf(policy, request.requirement?.slots).includes(channel))) return
    }
    await outbox.putCard(id, { channel, card: known?.card ?? card, rev: known?.rev ?? 0, attempts: 0 })
    await outbox.touch(id)
    soon(id)
  }

  return {
    soon,

    /** Resolves when a delivery has ended that began no earlier than now; it may have left something for later. */
    deliver: (id: RequestId): Promise<void> => runs.add(id),

    /** Delivers what waits and nobody is at. Returns how many requests it looked at. */
    async sweep(): Promise<number> {
      const ids = await outbox.waiting(clock.now(), sweepLimit)
      await Promise.all(ids.map((id) => runs.add(id)))
      return ids.length
    },

    /**
     * Takes note of a card that somebody clicked on, and brings it up to date, if it lies in one of the request's
     * channels and is not known: a crash left it behind. A known one that Teams refused is tried again. Never throws.
     */
    adopt: (id: RequestId, channel: string, card: PostedCard): Promise<void> => adopt(id, channel, card).catch(failed),

    /** Says whether people were reached; reads nothing for a request that is young, closed, or nobody's to decide. */
    async state(request: ApprovalRequest): Promise<DeliveryState> {
      const flagged = request.undeliverable ? 'undeliverable' : 'ok'
      if (request.status !== 'pending') return flagged
      const channels = channelsOf(policy, request.requirement?.slots)
      const isYoung = clock.now() < plusSeconds(request.createdAt, lateAfter)
      if (channels.length === 0 || (isYoung && !request.undeliverable)) return flagged
      const book = await openBook(outbox, request.id)
      if (channels.some(book.isReached)) return 'ok'
      return request.undeliverable ? 'undeliverable' : 'late'
    },

    /** Whether there is a channel that the newest thing this process wanted to send there did not reach; for health. */
    isFailing: (): boolean => {
      const now = clock.now()
      return [...failing.values()].some((at) => now < plusSeconds(at, failureLasts))
    },

    /** Resolves when nothing is under way in this process. */
    idle: (): Promise<void> => runs.idle(),
  }
}
