import type { Digest, Hex } from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import type { EventOf, LogEvent } from '../core/record/eventType.ts'
import type { Requested } from '../core/request/event.ts'
import { type Candidate, fill, overlap, type Slot } from '../core/request/requirement.ts'
import type { DayTestId } from './dayTest.ts'

/** One element of a test's population, and whether it is an exception. */
export type ExaminedElement = readonly [test: Exclude<DayTestId, 'log-complete'>, isException: boolean]

/** A vote that was cast. */
interface CastVote extends Candidate {
  readonly hash: Hex
  readonly by: string
  readonly isApproval: boolean
  /** Whether it was void later, or content changed after it. */
  isOver: boolean
}

/** What an event of the ask said. */
interface Ask {
  readonly at: Instant
  readonly agent: string
  readonly data: Requested
}

/** Follows one request through its events, for the tests of a day. */
export class RequestTests {
  #ask: Ask | null = null
  #slots: readonly Slot[] = []
  #votes: CastVote[] = []
  /** Until when what was approved may be carried out; `null` unless it is approved now. */
  #approvedUntil: Instant | null = null
  /** Of the action as it is now: an approver may have made it smaller. */
  #digest: Digest | null = null
  #isUnreported = false

  /** Takes the request's next event. Returns what of it belongs to the populations of tests. */
  take(event: LogEvent, hash: Hex): readonly ExaminedElement[] {
    switch (event.type) {
      case 'requested':
        this.#ask = { at: event.at, agent: actorIn(event), data: event.data }
        this.#slots = event.data.requirement ?? []
        this.#digest = event.data.digest
        return []
      case 'decided':
        return this.#vote(event, hash)
      case 'glass-broken':
        return [['no-self-approval', this.#isBarred(event)]]
      case 'vote-void':
        for (const vote of this.#votes) if (vote.hash === event.data.vote) vote.isOver = true
        return []
      case 'narrowed':
      case 'answered':
        return this.#renew(event)
      case 'escalated':
        this.#escalate(event)
        return []
      case 'approved':
        return this.#approve(event)
      case 'redeemed':
        return this.#redeem(event)
      case 'succeeded':
      case 'failed':
        // What was overdue is counted on the day on which that was recorded.
        return this.#isUnreported ? [] : [['outcome-reported', false]]
      case 'unreported':
        this.#isUnreported = true
        return [['outcome-reported', true]]
      case 'revoked':
      case 'cancelled':
      case 'lapsed':
      case 'ended':
      case 'expired':
      case 'denied':
      case 'tampered':
        this.#approvedUntil = null
        return []
      case 'shown':
      case 'asked':
      case 'reminded':
      case 'refused':
      case 'undeliverable':
      case 'reviewed':
      case 'used':
      case 'unreviewed':
      case 'erasure-asked':
      case 'erased':
      case 'policy-changed':
      case 'key-rotated':
      case 'exported':
      case 'roster':
      case 'held':
      case 'released':
      case 'delegated':
      case 'recalled':
        return []
    }
  }

  /** What people decide on is new, so that earlier votes are over. */
  #renew(event: EventOf<'narrowed' | 'answered'>): readonly ExaminedElement[] {
    if (event.type === 'narrowed') this.#digest = event.data.digest
    for (const vote of this.#votes) vote.isOver = true
    return []
  }

  #vote(event: EventOf<'decided'>, hash: Hex): readonly ExaminedElement[] {
    const { verdict, facts } = event.data
    const isApproval = verdict === 'approve'
    const by = actorIn(event)
    this.#votes.push({ hash, by, isApproval, isOver: false, accounts: facts.accounts, groups: facts.groups })
    return isApproval ? [['no-self-approval', this.#isBarred(event)]] : []
  }

  /** Whether an account of who approves is one that may not. */
  #isBarred(event: EventOf<'decided' | 'glass-broken'>): boolean {
    if (!this.#ask) return true
    const { agent, data } = this.#ask
    const barred: readonly string[] = [...(data.excluded ?? []), agent, data.executor]
    return overlap<string>([actorIn(event), ...event.data.facts.accounts], barred)
  }

  #approve({ data }: EventOf<'approved'>): readonly ExaminedElement[] {
    this.#approvedUntil = data.lapsesAt
    if (data.by !== 'quorum') return []
    return [['quorum-met', this.#slots.length === 0 || this.#unfilled().length > 0]]
  }

  #redeem({ at, data }: EventOf<'redeemed'>): readonly ExaminedElement[] {
    const until = this.#approvedUntil
    this.#approvedUntil = null
    const isApproved = until !== null && at < until && data.digest === this.#digest
    return [['redeemed-only-when-approved', !isApproved]]
  }

  /** Lets the groups of unfilled slots join whose time has come. */
  #escalate({ at }: EventOf<'escalated'>): void {
    const asked = this.#ask?.at
    if (asked === undefined) return
    const waiting = this.#unfilled()
    this.#slots = this.#slots.map((slot) => {
      const { groups, later, quorum } = slot
      if (!later || !waiting.includes(slot) || at < plusSeconds(asked, later.after)) return slot
      return { groups: [...groups, ...later.groups], quorum }
    })
  }

  /** The slots that lack people, each of whom fills one place. */
  #unfilled(): readonly Slot[] {
    const have = fill(this.#slots, this.#approvals())
    return this.#slots.filter(({ quorum }, i) => (have[i] ?? 0) < quorum)
  }

  /** The approving votes that count: the newest of each person. */
  #approvals(): readonly CastVote[] {
    const newest = this.#votes.filter((vote, i) => !this.#votes.slice(i + 1).some(({ by }) => by === vote.by))
    return newest.filter(({ isApproval, isOver }) => isApproval && !isOver)
  }
}

const actorIn = ({ actor }: LogEvent): string => ('id' in actor ? actor.id : actor.kind)
