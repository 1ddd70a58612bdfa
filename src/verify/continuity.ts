import { bundleFiles } from '../core/log/bundleFiles.ts'
import { Broken } from '../core/data/broken.ts'
import { startOf } from '../core/data/day.ts'
import type { RequestId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { requestCellIn } from '../core/record/tables.ts'
import { type DeputyFact, KnownDeputies } from '../core/record/knownDeputies.ts'
import { type HoldEvent, KnownHolds } from '../core/record/knownHolds.ts'
import type { Life } from '../core/record/replayedRequest.ts'
import type { HoldSubject } from '../core/request/hold.ts'
import { awaitsReview } from '../core/request/request.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { BrokenAt } from './finding.ts'

/**
 * How far a request has come: its status, the number of its newest event, and of how many commands it has events. If one of
 * two valid histories of a request lacks events of the other, their marks differ.
 */
export type Mark = string

/** The requests of a day that live longer than a day. */
export interface Continued {
  /** Requests that began on an earlier day, with the log index of their newest event in `carried.jsonl`. */
  readonly carried: readonly {
    readonly request: RequestId
    readonly newest: number
    readonly mark: Mark
    /** Whether it had ended before the day: only its texts can still change. */
    readonly ended: boolean
  }[]
  /** Requests that have an event of the day and may have more on a later day. */
  readonly open: readonly (readonly [RequestId, Mark])[]
  /** Requests that began on another day than the one in their id. */
  readonly strange: readonly (readonly [RequestId, Instant])[]
  /** Holds and releases, in the order of the log. */
  readonly holds: readonly HoldEvent[]
  /** Who was away, and what deputies did. */
  readonly deputies: readonly DeputyFact[]
  /** Requests that lost a text, and when. */
  readonly erasures: readonly (readonly [HoldSubject, Instant])[]
}

export const markOf = ({ request, seq, count }: Life): Mark => [request.status, seq, count].join(' ')

/**
 * Whether a request can still be decided, carried out or reported, or a broken glass be reviewed. A later day carries others
 * only for an erasure.
 */
export const isOpen = ({ request }: Life): boolean => !('closedAt' in request) || awaitsReview(request)

/**
 * Follows requests from day to day, and checks that no carried events are left out.
 *
 * A bundle alone proves only that its carried events are in the log. If it left out a denial, the request could seem to
 * be approved rightly.
 */
export class Continuity {
  readonly #open = new Map<RequestId, Mark>()
  /** Requests from before the first day of this series that a day has carried. */
  readonly #met = new Set<RequestId>()
  readonly #strange = new Map<RequestId, Instant>()
  #holds: KnownHolds | null = null
  #deputies: KnownDeputies | null = null
  /** The log size at the beginning of the first day of this series. */
  #began: number | null = null

  /** @throws {BrokenAt} `broken-series` */
  take(manifest: Manifest, day: Continued): void {
    this.#began ??= manifest.log.from.size
    for (const one of day.carried) {
      this.#check(manifest, one)
      this.#open.delete(one.request)
    }
    for (const [request, mark] of day.open) this.#open.set(request, mark)
    for (const [request, at] of day.strange) {
      const before = this.#strange.get(request)
      if (before !== undefined && before !== at) throw twice(request)
      this.#strange.set(request, at)
    }
    this.#checkHolds(manifest, day)
    this.#checkDeputies(manifest, day)
  }

  /** Checks that deputies acted for members who had said so, on this day or an earlier one, and were not back. */
  #checkDeputies({ date, log }: Manifest, { deputies }: Continued): void {
    this.#deputies ??= new KnownDeputies(log.from.size === 0)
    const known = this.#deputies
    known.begin(startOf(date))
    for (const fact of deputies) known.take(fact)
    try {
      known.judge()
    } catch (cause) {
      if (!(cause instanceof Broken)) throw cause
      throw discontinuity(cause.message, bundleFiles.records.name)
    }
    known.forget(startOf(date))
  }

  /** Checks that no text was erased while a hold of this day or an earlier one covered the request. */
  #checkHolds({ date, log }: Manifest, { holds, erasures }: Continued): void {
    this.#holds ??= new KnownHolds(log.from.size === 0)
    const known = this.#holds
    const member = bundleFiles.records.name
    for (const event of holds) {
      const wrong = known.refusal(event)
      if (wrong !== null)
        throw discontinuity(`Hold ${event.data.hold} is ${event.type} on ${date}, but ${wrong}.`, member)
      known.take(event)
    }
    for (const [request, at] of erasures) {
      const hold = known.covering(request, at)
      if (hold !== null)
        throw discontinuity(
          `Texts of request ${request.id} were erased on ${date}, while hold ${hold} covered it.`,
          member,
        )
    }
  }

  /** Whether every day must be searched for requests that were made a second time. */
  isSearched(): boolean {
    return this.#strange.size > 0
  }

  /**
   * Checks that a row of `requests.csv` is not a second beginning of a request.
   *
   * @throws {BrokenAt} `broken-series`
   */
  row(line: string): void {
    const request = requestCellIn(line, 'request')
    const at = this.#strange.get(request as RequestId)
    if (at !== undefined && at !== requestCellIn(line, 'requested_at')) throw twice(request)
  }

  #check({ date }: Manifest, { request, newest, mark, ended }: Continued['carried'][number]): void {
    const known = this.#open.get(request)
    // Requests that ended are not kept: there would be too many. Nothing that follows can change how this one ended.
    if (known === mark || (known === undefined && ended)) return
    const isOlder = known === undefined && this.#began !== null && newest < this.#began
    if (isOlder && !this.#met.has(request)) return void this.#met.add(request)
    const what = known === undefined ? 'it had ended, or had not begun' : 'it had other events'
    throw discontinuity(
      `Request ${request} goes on, on ${date}, from where it did not stand: ${what}. Events were left out.`,
    )
  }
}

const discontinuity = (what: string, member: string = bundleFiles.carried.name): BrokenAt =>
  new BrokenAt({ check: 'carried', member }, 'broken-series', what)

const twice = (request: string): BrokenAt =>
  discontinuity(`Request ${request} was asked for twice.`, bundleFiles.requests.name)
