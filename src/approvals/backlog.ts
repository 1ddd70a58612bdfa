import { timeOf } from '../core/data/id.ts'
import { type Instant, milliseconds } from '../core/data/instant.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'

/** Seconds between two counts, because each reads the deadlines of all shards. */
const every = 300

/** The most requests that are counted in each shard. */
const most = 1_000

/** How many requests wait for people, and for how long: the oldest in seconds, and how many waited longer. */
export interface Backlog {
  readonly waiting: number
  readonly oldest: number
  readonly overHour: number
  readonly overDay: number
}

/** What is open at this moment: at most so many of each shard are counted. */
export interface OpenCounts {
  readonly pending: number
  /** When the oldest of these was asked for. */
  readonly oldest?: Instant
  /** Broken glasses that nobody has reviewed, also late ones. */
  readonly reviews: number
  /** Standing approvals that can be used. */
  readonly standing: number
}

/** Counts what is open, by the rows of deadlines and reviews alone: three reads of each shard. */
export async function openCounts(ledger: Pick<Ledger, 'pending' | 'open'>): Promise<OpenCounts> {
  const [pending, reviews, standing] = await Promise.all([
    ledger.pending(most),
    ledger.open('review', most),
    ledger.open('standing', most),
  ])
  const [oldest] = pending.map(timeOf).sort()
  return {
    ...{ pending: pending.length, reviews: reviews.length, standing: standing.length },
    ...(oldest !== undefined && { oldest }),
  }
}

/**
 * Makes a function that counts the requests which wait for people, for the log. It returns an empty object if the last
 * count is younger than five minutes.
 */
export function backlog(parts: {
  readonly ledger: Pick<Ledger, 'pending'>
  readonly clock: Clock
}): () => Promise<Backlog | Readonly<Record<string, never>>> {
  let counted: Instant | undefined

  return async () => {
    const now = parts.clock.now()
    if (counted !== undefined && milliseconds(now) - milliseconds(counted) < every * 1000) return {}
    counted = now
    const ids = await parts.ledger.pending(most)
    const ages = ids.map((id) => Math.max(0, Math.round((milliseconds(now) - milliseconds(timeOf(id))) / 1000)))
    const over = (seconds: number) => ages.filter((age) => age > seconds).length
    const oldest = ages.reduce((a, b) => Math.max(a, b), 0)
    return { waiting: ages.length, oldest, overHour: over(3_600), overDay: over(86_400) }
  }
}
