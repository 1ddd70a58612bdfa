import type { Shard } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { Ledger } from '../ports/ledger.ts'
import { inTime } from '../runtime/deadline.ts'

/** Milliseconds. While the storage hangs, callers get an error within 8 s instead of queueing up behind each other. */
const longestWait = 6_500

/**
 * Runs work one after the other for each shard inside this process.
 *
 * @throws {Problem} `busy` if the work before does not end in time
 */
export function takeTurns(mostWait = longestWait): Ledger['inTurn'] {
  const ends = new Map<Shard, Promise<unknown>>()
  return (shard, work) => {
    const before = ends.get(shard) ?? Promise.resolve()
    const mine = inTime(before, mostWait, busy).then(work)
    // Resolves to nothing: if each promise held the result of the one before, no result would ever be freed.
    const ended = Promise.allSettled([before, mine]).then(() => undefined)
    ends.set(shard, ended)
    return mine
  }
}

const busy = (): never => {
  throw new Problem('busy', 'Too many changes wait: try again.', { retryAfter: 2 })
}
