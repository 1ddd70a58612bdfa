import { type DeliveryState, lateAfter, undeliverable } from '../core/request/delivery.ts'
import { needsEnd } from '../core/request/ending.ts'
import type { RequestId } from '../core/data/id.ts'
import { earlier, type Instant, milliseconds, plusSeconds } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { type ApprovalRequest, overdue } from '../core/request/request.ts'
import { CardBook } from './requestCards.ts'
import { applyDeadline, believed, change, type ChangeParts } from '../approvals/commit.ts'
import type { Ends } from '../approvals/ends.ts'
import type { PostedCard, Sent } from '../ports/messenger.ts'
import type { Claimed } from '../ports/outbox.ts'
import type { Policy } from '../ports/policy.ts'
import type { Dispatch } from './dispatch.ts'
import { type GateKeeping, gateRound } from './gates.ts'
import { type Pace, pacing } from './pace.ts'
import { cardChannels, type PostingParts, postRound, type Round, type Shown } from './posting.ts'
import { Queue } from './queue.ts'
import { claimFor, type Held } from './sending.ts'
import { remember } from '../runtime/remember.ts'

export type DeliveryParts = ChangeParts &
  Omit<PostingParts, 'pace' | 'messenger'> & {
    readonly policy: Pick<Policy, 'version' | 'group' | 'complianceChannel'>
    readonly messenger: Pick<Dispatch, 'post' | 'update' | 'tell' | 'rulesOf'>
    readonly ends: Pick<Ends, 'leave'>
    /** Is called with each request that was recorded as undeliverable. Must not throw. */
    readonly undelivered?: (id: RequestId) => void
    /** Absent where no pipeline waits for decisions. */
    readonly gateKeeping?: GateKeeping
    /** Shared by everything in this process that sends; without it these deliveries have a pace of their own. */
    readonly pace?: Pace
  }

/** Deliveries that this process runs at once. */
const atOnce = 8

/** Requests that this process keeps in its queue, at most. The timer finds the others. */
const longestQueue = 1_000

/** Requests that a sweep takes on at once. */
const sweepPage = 100

/** Seconds after which a sweep takes on no more, since the next one comes after 30. */
const longestSweep = 25

/**
 * Seconds after which a row is looked at again although its cards may rest longer, so that a commit which left the row
 * is never overlooked for long.
 */
const longestDeferral = 300

/** Seconds up to which this process comes back on its own, without waiting for the timer. */
const soonAgain = 30

/** Seconds. Refused sends are tried again each hour. Older failures no longer count against health. */
const failureLasts = 7_200

/** Seconds in which the outcome of a redeemed request is expected. */
const outcomeWithin = 15

/** Seconds until a file that the archive did not take is tried again. */
const endAgain = 30

/** Stands for the archive among the channels that were not reached. */
const theArchive = 'archive'

/** Cards per channel. Crashes leave at most one extra card; the cap stops a client from registering many. */
const mostAdopted = 5

/**
 * Brings cards up to date. Commits leave `post-` rows. A delivery claims a row, makes every card show the
 * request as it is then, and deletes the row unless it changed meanwhile. Each step may end half way or happen twice:
 * the timer finds what is left, and the newest state wins.
 */
export class Delivery {
  readonly #parts: ChangeParts & PostingParts & Pick<DeliveryParts, 'policy' | 'ends' | 'undelivered' | 'gateKeeping'>
  readonly #runs: Queue<RequestId>
  readonly #channelOf: (card: PostedCard) => string
  /** What commits of this process made of requests, until it is delivered. */
  readonly #newest = new Map<RequestId, ApprovalRequest>()
  /** Channels that Teams has newly said not to exist, or to be closed to the bot. */
  readonly #absent = new Set<string>()
  /** Channels whose newest send did not get through, and the archive, and when that was. */
  readonly #failing = new Map<string, Instant>()

  constructor(parts: DeliveryParts) {
    const { messenger, pace = pacing(parts.clock, parts.messenger.rulesOf) } = parts
    this.#channelOf = ({ conversation }) => messenger.rulesOf(conversation).channelOf(conversation)
    const noting: PostingParts['messenger'] = {
      post: async (channel, ...more) => this.#posted(channel, await messenger.post(channel, ...more)),
      // A card that a person deleted is no failure.
      update: async (card, ...more) =>
        this.#noted(this.#channelOf(card), await messenger.update(card, ...more), 'gone'),
      // A person or thread that is not reached says nothing of the deliveries.
      tell: async (...all) => messenger.tell(...all),
    }
    this.#parts = { ...parts, pace, messenger: noting }
    this.#runs = new Queue({ atOnce, longest: longestQueue }, (id) => this.#deliver(id).catch(parts.failed))
  }

  /** Starts a delivery without waiting for it. Never throws. */
  soon(id: RequestId): void {
    void this.#runs.add(id)
  }

  /**
   * Starts a delivery after a commit of this process, which made this of the request. What was redeemed waits a moment:
   * its outcome mostly follows, and one more update would tell nobody anything. Never throws.
   */
  committed(request: ApprovalRequest): void {
    const { id, status } = request
    remember(this.#newest, id, request, longestQueue)
    if (status !== 'redeemed') return this.soon(id)
    void this.#unlessOutcome(request).catch(this.#parts.failed)
  }

  /** Delivers a redeemed request after a moment, unless another commit has started its own delivery. */
  async #unlessOutcome(request: ApprovalRequest): Promise<void> {
    await this.#parts.pause(outcomeWithin * 1000)
    if (this.#newest.get(request.id) === request) this.soon(request.id)
  }

  /** Resolves when a delivery that began no earlier than now has ended. It may have left something for later. */
  deliver(id: RequestId): Promise<void> {
    return this.#runs.add(id)
  }

  /** Delivers requests that wait and are not claimed, page by page. Returns how many requests it looked at. */
  async sweep(): Promise<number> {
    const { outbox, clock } = this.#parts
    const end = plusSeconds(clock.now(), longestSweep)
    const taken = new Set<RequestId>()
    for (;;) {
      const waiting = await outbox.waiting(clock.now(), sweepPage)
      const ids = waiting.filter((id) => !taken.has(id))
      for (const id of ids) taken.add(id)
      await Promise.all(ids.map((id) => this.#runs.add(id)))
      if (ids.length === 0 || waiting.length < sweepPage || clock.now() >= end) return taken.size
    }
  }

  /**
   * Takes note of a card that was clicked on and is not known, because a crash left it behind, and brings it up to date
   * if it lies in one of the request's channels. A known card that Teams refused is tried again. Never throws.
   */
  adopt(id: RequestId, channel: string, card: PostedCard): Promise<void> {
    return this.#adopt(id, channel, card).catch(this.#parts.failed)
  }

  /**
   * Says whether the people of every group that decides were told. A group without a channel, or whose channels are all
   * known not to exist, is told of nothing. Reads nothing for a request that is closed, that has no people who decide it,
   * or that is young while this process delivers it.
   */
  async state(request: ApprovalRequest): Promise<DeliveryState> {
    const { outbox, policy, clock } = this.#parts
    const untold = request.undeliverable ? 'undeliverable' : 'late'
    if (request.status !== 'pending') return request.undeliverable ? 'undeliverable' : 'ok'
    const groups = [...new Set(request.requirement.slots.flatMap((slot) => slot.groups))]
    const channels = groups.map((name) => policy.group(name)?.channels ?? [])
    const isYoung = !request.undeliverable && clock.now() < plusSeconds(request.createdAt, lateAfter)
    if (isYoung && channels.some((own) => isCutOff(own, (channel) => this.#absent.has(channel)))) return untold
    if (isYoung && this.#runs.has(request.id)) return 'pending'
    const book = await CardBook.open(outbox, request.id)
    if (channels.every((own) => own.some((channel) => book.isReached(channel)))) return 'ok'
    const mayCome = isYoung && !channels.some((own) => isCutOff(own, (channel) => book.isLost(channel)))
    return mayCome ? 'pending' : untold
  }

  /** For health: whether this process's newest send to some channel, or to the archive, failed. */
  isFailing(): boolean {
    const now = this.#parts.clock.now()
    return [...this.#failing.values()].some((at) => now < plusSeconds(at, failureLasts))
  }

  /** Resolves when nothing is under way in this process. */
  idle(): Promise<void> {
    return this.#runs.idle()
  }

  async #deliver(id: RequestId): Promise<void> {
    const { outbox, clock, random } = this.#parts
    const now = clock.now()
    const by = Buffer.from(random(16)).toString('hex')
    const claim = await outbox.claim(id, by, now, plusSeconds(now, claimFor))
    if (claim === null) return
    const held: Held = { claim, isFresh: true, hasSent: false }
    let isFirst = claim.isFirst && claim.rev === 1
    let known = this.#known(claim)
    do {
      const request = await this.#current(id, known)
      const ended = request ? await this.#round(held, { request, isFirst }) : { next: null }
      isFirst = false
      known = null
      if (ended === 'lost') break
      if (ended === 'unreachable') await this.#giveUp(id)
      else if (ended !== 'moved' && (await this.#isLeft(held, ended.next))) return
    } while (await this.#isRenewed(held))
    // The claim was lost: what was sent last may have come after what a newer claim sent.
    if (held.hasSent) await outbox.touch(id)
  }

  /** Records that no channel was reached. The card is still tried. */
  async #giveUp(id: RequestId): Promise<void> {
    await change(this.#parts, id, undeliverable)
    this.#parts.undelivered?.(id)
  }

  /** The request as a commit of this process made it, if that is the newest one. Nobody reads it twice. */
  #known({ request: id, rev }: Claimed): ApprovalRequest | null {
    const newest = this.#newest.get(id)
    this.#newest.delete(id)
    return newest?.events.length === rev ? newest : null
  }

  /** Updates the cards, and writes the file of a request that has none, after a crash or an outage. */
  async #round(held: Held, shown: Shown): Promise<Round> {
    const [ended, again] = await Promise.all([this.#shownAndOpened(held, shown), this.#leaveEnd(shown.request)])
    if (again === null || typeof ended === 'string') return ended
    return { next: ended.next === null ? again : earlier(ended.next, again) }
  }

  /** Shows a request that waits to people before its gate. A decision opens the gate first, because a pipeline stands still. */
  async #shownAndOpened(held: Held, shown: Shown): Promise<Round> {
    let next = null as Instant | null
    const come = (at: Instant) => {
      next = next === null ? at : earlier(next, at)
    }
    const isFirst = shown.request.status === 'pending'
    const posted = isFirst ? await postRound(this.#parts, held, shown) : null
    if (typeof posted === 'string') return posted
    const { ended, request } = await gateRound(this.#parts, { held, request: shown.request, come })
    if (ended !== null) return ended
    const cards = posted ?? (await postRound(this.#parts, held, { ...shown, request }))
    if (typeof cards === 'string' || next === null) return cards
    return { next: cards.next === null ? next : earlier(cards.next, next) }
  }

  /** Returns when to try again; `null` if there is no need. */
  async #leaveEnd(request: ApprovalRequest): Promise<Instant | null> {
    const { ends, clock, failed } = this.#parts
    try {
      if (!needsEnd(request)) return null
      // A row that was edited may say so, and a file that says it too could never be taken back.
      await ends.leave(await believed(this.#parts, request))
      this.#failing.delete(theArchive)
      return null
    } catch (cause) {
      failed(cause)
      if (!(cause instanceof Problem) || (cause.code !== 'unavailable' && cause.code !== 'busy')) return null
      this.#failing.set(theArchive, clock.now())
      return plusSeconds(clock.now(), endAgain)
    }
  }

  /** Gives the request after passed deadlines have taken effect, so that no card shows a state that is over. */
  async #current(id: RequestId, known: ApprovalRequest | null): Promise<ApprovalRequest | null> {
    const { ledger, clock } = this.#parts
    const request = known ?? (await ledger.find(id))
    if (!request || !overdue(request, clock.now())) return request
    return applyDeadline(this.#parts, id)
  }

  /** Gives the row up, unless it changed meanwhile: deletes it, or defers it until a send may be tried again. */
  async #isLeft({ claim }: Held, next: Instant | null): Promise<boolean> {
    const { outbox, clock, pause, failed } = this.#parts
    if (next === null) return outbox.finish(claim)
    const now = clock.now()
    const again = earlier(next, plusSeconds(now, longestDeferral))
    if (!(await outbox.defer(claim, again))) return false
    const ms = milliseconds(again) - milliseconds(now)
    if (ms <= soonAgain * 1000)
      void pause(ms)
        .then(() => this.soon(claim.request))
        .catch(failed)
    return true
  }

  async #isRenewed(held: Held): Promise<boolean> {
    const { outbox, clock } = this.#parts
    const claim = await outbox.renew(held.claim, plusSeconds(clock.now(), claimFor))
    if (claim !== null) Object.assign(held, { claim, isFresh: true })
    return claim !== null
  }

  async #adopt(id: RequestId, channel: string, card: PostedCard): Promise<void> {
    const { ledger, outbox, policy } = this.#parts
    // The channel and the conversation are two members of one activity: a card elsewhere is no card of the channel.
    if (this.#channelOf(card) !== channel) return
    const rows = await outbox.cards(id)
    const mine = rows.filter((row) => row.channel === channel && row.card)
    const known = mine.find((row) => row.card?.activity === card.activity)
    if (known && !known.lost) return
    if (!known) {
      const request = mine.length < mostAdopted ? await ledger.find(id) : null
      if (!request || (mine.length === 0 && !cardChannels(policy, request).includes(channel))) return
    }
    await outbox.putCard(id, { channel, card: known?.card ?? card, rev: known?.rev ?? 0, attempts: 0 })
    await outbox.touch(id)
    this.soon(id)
  }

  #posted<T>(channel: string, sent: Sent<T>): Sent<T> {
    if ('unsent' in sent && (sent.unsent === 'gone' || sent.unsent === 'refused')) this.#absent.add(channel)
    else this.#absent.delete(channel)
    return this.#noted(channel, sent)
  }

  #noted<T>(channel: string, sent: Sent<T>, harmless?: 'gone'): Sent<T> {
    if ('sent' in sent || sent.unsent === harmless) this.#failing.delete(channel)
    else this.#failing.set(channel, this.#parts.clock.now())
    return sent
  }
}

/** Whether no card can reach a group: all of its channels are lost, or it has none. Its people may decide over HTTP. */
const isCutOff = (own: readonly string[], isLost: (channel: string) => boolean): boolean => own.every(isLost)
