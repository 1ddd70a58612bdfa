import { bounds } from '../../core/data/bound.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { objectsIn } from '../answer.ts'
import { Exit, withMore } from '../exit.ts'
import type { Session } from '../session.ts'
import { agentsOf, approversOf, type Criteria } from './criteria.ts'
import { type TimeRange, windowsOf } from './range.ts'

/** What was found, and how far the ledger was looked through. */
export interface FoundRequests {
  /** As the service answers them: newest first, or pending ones by deadline. */
  readonly requests: readonly JsonObject[]
  /** Whether all of the range was looked through. */
  readonly complete: boolean
  /** If not: the moment down to which it was. */
  readonly until?: string
  /** Names in requests that were looked at, for a search that found none. */
  readonly names: NamesThere
}

/** Names of agents, and of people who decided. */
interface NamesThere {
  readonly agent: readonly string[]
  readonly approver: readonly string[]
}

/** What one answer holds at most. Requests are large, and this program reads no more than 1 MiB at once. */
const perPage = 20

/**
 * Finds requests, page after page, over as many ranges as the service takes at once. Shows how far it is.
 *
 * @param range absent for what is pending, which has none
 * @param most how many are found at most
 */
export async function findRequests(
  { service, screen }: Pick<Session, 'service' | 'screen'>,
  { query, fits }: Criteria,
  { range, most }: { readonly range: TimeRange | null; readonly most: number },
): Promise<FoundRequests> {
  const requests: JsonObject[] = []
  const names = { agent: new Set<string>(), approver: new Set<string>() }
  const there = (): NamesThere => ({ agent: [...names.agent], approver: [...names.approver] })
  let until: string | undefined = range?.to
  try {
    for (const window of range === null ? [null] : windowsOf(range, bounds.list.days)) {
      let cursor: string | undefined
      do {
        const asked = { ...query, ...window, limit: String(perPage), ...(cursor !== undefined && { cursor }) }
        const page = pageIn(await service.list(asked))
        for (const request of page.requests) {
          for (const name of agentsOf(request)) names.agent.add(name)
          for (const name of approversOf(request)) names.approver.add(name)
          if (fits(request)) requests.push(request)
        }
        if (requests.length > most) return cutAt(most, { requests, names: there() })
        ;[cursor, until] = [page.cursor, page.until ?? window?.from]
        screen.progress(`${requests.length} found, looked back to ${until ?? 'now'}`)
      } while (cursor !== undefined)
    }
    return { requests, complete: true, names: there() }
  } catch (cause) {
    if (!(cause instanceof Exit) || until === undefined || until === range?.to) throw cause
    throw withMore(cause, `${requests.length} were found by then, back to ${until}.`)
  } finally {
    screen.progress(null)
  }
}

interface Page {
  readonly requests: readonly JsonObject[]
  readonly cursor?: string
  readonly until?: string
}

/** @throws {Exit} 69 if it is no list */
function pageIn({ requests, cursor, until }: JsonObject): Page {
  return {
    requests: objectsIn(requests),
    ...(typeof cursor === 'string' && { cursor }),
    ...(typeof until === 'string' && { until }),
  }
}

/** Ends a search that has found more than is wanted. */
function cutAt(most: number, { requests: all, names }: Pick<FoundRequests, 'requests' | 'names'>): FoundRequests {
  const requests = all.slice(0, most)
  const last = requests.at(-1)?.['createdAt']
  return { requests, names, complete: false, ...(typeof last === 'string' && { until: last }) }
}
