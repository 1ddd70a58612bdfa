import { bounds } from '../data/bound.ts'
import type { Hex, ObjectId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import type { Delegated } from '../request/event.ts'
import type { Facts, StandIn } from '../request/requirement.ts'
import { factsIn } from './auditException.ts'
import type { LogEvent } from './eventType.ts'
import { illegal } from './replayedRequest.ts'

/** Seconds by which the clocks of two processes differ, one of which recorded the absence and the other the act. */
const clocks = 60

/**
 * Seconds for which a deputy's act may follow a `recalled`. They are in different shards, and an act rests on facts that are
 * a little older than it.
 */
const underway = bounds.facts.oldest + clocks

/** What a log tells of deputies: that a member is away, is back, or that a deputy acted. */
export type DeputyFact =
  | { readonly kind: 'away'; readonly event: LogEvent; readonly hash: Hex }
  | { readonly kind: 'back'; readonly event: LogEvent; readonly of: Hex }
  | { readonly kind: 'act'; readonly event: LogEvent }

/** Picks what deputies are judged by; `null` for an event that does not concern them. */
export function deputyFactOf(event: LogEvent, hash: Hex): DeputyFact | null {
  if (event.type === 'delegated') return { kind: 'away', event, hash }
  if (event.type === 'recalled') return { kind: 'back', event, of: event.data.event }
  return factsIn(event)?.for === undefined ? null : { kind: 'act', event }
}

interface KnownAway extends Delegated {
  readonly by: ObjectId
  readonly at: Instant
}

/**
 * The absences that the events of a log tell of, and what deputies did meanwhile. A deputy's events may lie in another shard
 * than the request that they act on, so nothing is judged before all shards of the day were read.
 */
export class KnownDeputies {
  readonly #aways = new Map<Hex, KnownAway>()
  readonly #backs = new Map<Hex, Instant>()
  #untold: { readonly event: LogEvent; readonly flaw: () => string | null }[] = []
  readonly #isWhole: boolean
  /** From when on every absence is known; `null` before the first day of which all events are. */
  #since: Instant | null = null

  /** @param isWhole whether the events begin with the first of the log */
  constructor(isWhole = false) {
    this.#isWhole = isWhole
  }

  /** Says that all events since this moment are taken. Only the first call counts. */
  begin(at: Instant): void {
    this.#since ??= plusSeconds(at, bounds.away + clocks)
  }

  take(fact: DeputyFact): void {
    const { event } = fact
    if (fact.kind === 'away') this.#takeAway(event, fact.hash)
    else if (fact.kind === 'back') this.#takeBack(event, fact.of)
    else this.#untold.push({ event, flaw: () => this.#flawOf(event) })
  }

  /**
   * Judges what was taken since the last time. Called when all events of the day were taken.
   *
   * @throws {Broken} `illegal-event`
   */
  judge(): void {
    const untold = this.#untold
    this.#untold = []
    for (const { event, flaw } of untold) {
      const found = flaw()
      if (found !== null) throw illegal(event, found)
    }
  }

  /** Forgets absences that ended before this day, so that a long series takes no more memory than a month. */
  forget(before: Instant): void {
    for (const [hash, { until }] of this.#aways)
      if (plusSeconds(until, underway) < before) {
        this.#aways.delete(hash)
        this.#backs.delete(hash)
      }
  }

  #takeAway(event: LogEvent, hash: Hex): void {
    if (event.type !== 'delegated' || !('id' in event.actor)) return
    this.#aways.set(hash, { ...event.data, by: event.actor.id, at: event.at })
  }

  /** A second time says nothing new: a row that somebody put back may have been taken away again. */
  #takeBack(event: LogEvent, of: Hex): void {
    if (!this.#backs.has(of)) this.#backs.set(of, event.at)
    const flaw = () => (this.#aways.has(of) || !this.#isAllKnown(event.at) ? null : unsaid)
    this.#untold.push({ event, flaw })
  }

  #flawOf(event: LogEvent): string | null {
    const facts = factsIn(event)
    if (!facts?.for) return null
    const away = this.#aways.get(facts.for.event)
    if (!away) return this.#isAllKnown(event.at) ? unsaid : null
    const back = this.#backs.get(facts.for.event)
    if (back !== undefined && plusSeconds(back, underway) < event.at) return 'the member was back'
    if (plusSeconds(event.at, clocks) < away.at) return 'the member was not away yet'
    return differs(facts, facts.for, away)
  }

  #isAllKnown(at: Instant): boolean {
    return this.#isWhole || (this.#since !== null && at >= this.#since)
  }
}

const unsaid = 'no member said that they are away'

/** Compares what a deputy's act rests on with what the member said. */
function differs({ accounts }: Facts, standIn: StandIn, { by, to, groups, until }: KnownAway): string | null {
  if (!standIn.accounts.includes(by)) return 'another member was away'
  if (standIn.accounts.includes(to) || !accounts.includes(to)) return 'the member named another deputy'
  if (standIn.until !== until) return 'the member was away until another time'
  return standIn.groups.every((group) => groups.includes(group)) ? null : 'the deputy was named for other groups'
}
