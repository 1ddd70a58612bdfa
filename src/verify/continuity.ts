import type { RequestId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Life } from '../core/record/replayedRequest.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { BrokenAt } from './finding.ts'

/**
 * How far a request had come. Of two legal histories of a request, where one lacks events of the other, it differs: it
 * tells how many events there were, and which was the newest.
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
    ...[request.status, seq, request.decisions.length, request.shown.length],
    ...[request.undeliverable, 'unreported' in request && request.unreported],
  ].join(' ')

/** Whether anything can come after it: else no later day may carry it. */
export const isOpen = ({ request }: Life): boolean => !('closedAt' in request)

/**
 * Follows requests from day to day. A bundle alone proves that what it carries is in the log, not that it carries all:
 * if a denial were left out, the request could be approved after all.
 */
export function continuity() {
  const open = new Map<RequestId, Mark>()
  /** Requests from before the first day here, once they were met. */
  const met = new Set<RequestId>()
  const strange = new Map<RequestId, Instant>()
  let began: number | null = null

  function check({ date }: Manifest, { request, newest, mark }: Continued['carried'][number]): void {
    const known = open.get(request)
    if (known === mark) return
    if (known === undefined && began !== null && newest < began && !met.has(request)) return void met.add(request)
    const what = known === undefined ? 'it had ended, or had not begun' : 'it had other events'
    throw wrong(`Request ${request} goes on, on ${date}, from where it did not stand: ${what}. Events were left out.`)
  }

  return {
    /** @throws {BrokenAt} `broken-series` */
    take(manifest: Manifest, day: Continued): void {
      began ??= manifest.log.from.size
      for (const one of day.carried) {
        check(manifest, one)
        open.delete(one.request)
      }
      for (const [request, mark] of day.open) open.set(request, mark)
      for (const [request, at] of day.strange) {
        const before = strange.get(request)
        if (before !== undefined && before !== at) throw twice(request)
        strange.set(request, at)
      }
    },

    /** Whether every day has to be searched for another beginning of some requests. */
    isSearched: (): boolean => strange.size > 0,

    /**
     * Looks at a row of `requests.csv`.
     *
     * @throws {BrokenAt} `broken-series`
     */
    row(line: string): void {
      const cells = line.split(',', 15)
      const at = strange.get(cells[0] as RequestId)
      if (at !== undefined && at !== cells[14]) throw twice(cells[0] ?? '')
    },
  }
}

const wrong = (what: string, member = 'carried.jsonl'): BrokenAt =>
  new BrokenAt({ check: 'carried', member }, 'broken-series', what)

const twice = (request: string): BrokenAt => wrong(`Request ${request} was asked for twice.`, 'requests.csv')
