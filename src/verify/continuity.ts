import { bundleFiles } from '../core/log/bundleFiles.ts'
import type { RequestId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { requestCellIn } from '../core/record/tables.ts'
import type { Life } from '../core/record/replayedRequest.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { BrokenAt } from './finding.ts'

/**
 * How far a request had come: how many events it had, and what the newest did. It differs between two legal histories
 * of a request of which one lacks events of the other.
 */
export type Mark = string

/** What a day says of requests that live longer than a day. */
export interface Continued {
  /** Requests that began on an earlier day, as `carried.jsonl` has them, and the log index of the newest event there. */
  readonly carried: readonly { readonly request: RequestId; readonly newest: number; readonly mark: Mark }[]
  /** Requests with an event of the day, and that may have more. */
  readonly open: readonly (readonly [RequestId, Mark])[]
  /** Requests whose id bears the time of another day than that on which they began. */
  readonly strange: readonly (readonly [RequestId, Instant])[]
}

export const markOf = ({ request, seq }: Life): Mark =>
  [
    request.status,
    seq,
    request.decisions.length,
    request.shown.length,
    request.undeliverable,
    'unreported' in request && request.unreported,
  ].join(' ')

/** Says whether more events may follow. A later day may carry no other request. */
export const isOpen = ({ request }: Life): boolean => !('closedAt' in request)

/**
 * Follows requests from day to day. A bundle alone proves that what it carries is in the log, not that it carries all:
 * if a denial were left out, the request could be approved after all.
 */
export class Continuity {
  readonly #open = new Map<RequestId, Mark>()
  /** Requests from before the first day here, once they were met. */
  readonly #met = new Set<RequestId>()
  readonly #strange = new Map<RequestId, Instant>()
  /** The log size with which the first day here begins. */
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
  }

  /** Says whether every day has to be searched for a second beginning of some requests. */
  isSearched(): boolean {
    return this.#strange.size > 0
  }

  /**
   * Looks at a row of `requests.csv`.
   *
   * @throws {BrokenAt} `broken-series`
   */
  row(line: string): void {
    const request = requestCellIn(line, 'request')
    const at = this.#strange.get(request as RequestId)
    if (at !== undefined && at !== requestCellIn(line, 'requested_at')) throw twice(request)
  }

  #check({ date }: Manifest, { request, newest, mark }: Continued['carried'][number]): void {
    const known = this.#open.get(request)
    if (known === mark) return
    const isOlder = known === undefined && this.#began !== null && newest < this.#began
    if (isOlder && !this.#met.has(request)) return void this.#met.add(request)
    const what = known === undefined ? 'it had ended, or had not begun' : 'it had other events'
    throw wrong(`Request ${request} goes on, on ${date}, from where it did not stand: ${what}. Events were left out.`)
  }
}

const wrong = (what: string, member: string = bundleFiles.carried.name): BrokenAt =>
  new BrokenAt({ check: 'carried', member }, 'broken-series', what)

const twice = (request: string): BrokenAt => wrong(`Request ${request} was asked for twice.`, bundleFiles.requests.name)
