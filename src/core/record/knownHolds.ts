import { dayOf, endOf } from '../data/day.ts'
import type { HoldId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import { covers, type HoldScope, type HoldSubject } from '../request/hold.ts'
import type { EventOf } from './eventType.ts'

/**
 * Seconds by which the times of a hold and of an erasure may differ without meaning anything. They are in different shards,
 * and the clocks of two processes differ by up to so much.
 */
const slack = 60

interface KnownHold {
  readonly scope: HoldScope
  readonly from: Instant
  readonly until?: Instant
}

/** What rules ask about holds. */
export type HoldsOfDay = Pick<KnownHolds, 'refusal' | 'take' | 'covering'>

/** Stands for the holds of a day that is not over: a later event may release one. Rules about holds then come later. */
export const laterHolds: HoldsOfDay = { refusal: () => null, take: () => undefined, covering: () => null }

/** What can be told of a hold. */
export type HoldEvent = Pick<EventOf<'held' | 'released'>, 'type' | 'at' | 'data'>

/** The holds that the events of a log say are in force. Events are taken in the order of their chain. */
export class KnownHolds {
  readonly #isWhole: boolean
  readonly #holds = new Map<HoldId, KnownHold>()
  /** Released holds whose `held` is in a part of the log that was not read. */
  readonly #released = new Set<HoldId>()

  /** @param isWhole whether the events begin with the first of the log, so that no earlier hold is unknown */
  constructor(isWhole = false) {
    this.#isWhole = isWhole
  }

  /** Says why this event cannot follow; `null` if it can. */
  refusal({ type, data: { hold } }: HoldEvent): string | null {
    const known = this.#holds.get(hold)
    if (type === 'held') return known || this.#released.has(hold) ? 'there is a hold with this id' : null
    if (known?.until !== undefined || this.#released.has(hold)) return 'the hold was released before'
    return known || !this.#isWhole ? null : 'there is no such hold'
  }

  take(event: HoldEvent): void {
    const { at, data } = event
    if ('scope' in data) this.#holds.set(data.hold, { scope: data.scope, from: at })
    else {
      const known = this.#holds.get(data.hold)
      if (known) this.#holds.set(data.hold, { ...known, until: at })
      else this.#released.add(data.hold)
    }
  }

  /**
   * Finds a hold that covered a request at a moment; `null` if none did, as far as the events of its day tell. Within a
   * minute after a hold began, and before it ended, or the day did, nobody can tell.
   */
  covering(request: HoldSubject, at: Instant): HoldId | null {
    const dayEnd = endOf(dayOf(at))
    for (const [hold, { scope, from, until = dayEnd }] of this.#holds)
      if (plusSeconds(from, slack) < at && plusSeconds(at, slack) < until && covers(scope, request)) return hold
    return null
  }
}
