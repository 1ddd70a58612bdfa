import type { Shard } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { Ledger } from '../ports/ledger.ts'

/** Milliseconds. While the storage hangs, those who wait hear so instead of queueing up behind each other, in 8 s. */
const longestWait = 6_500

/** Runs work one after the other for each shard inside this process. */
export function takeTurns(mostWait = longestWait): Ledger['inTurn'] {
  const ends = new Map<Shard, Promise<unknown>>()
  return (shard, work) => {
    const before = ends.get(shard) ?? Promise.resolve()
    const mine = inTime(before, mostWait).then(work)
    // Ends with nothing: a chain of ends that held each other's results would keep every result for ever.
    const ended = Promise.allSettled([before, mine]).then(() => undefined)
    ends.set(shard, ended)
    return mine
  }
}

/** @throws {Problem} `busy` if what is waited for does not end in time. */
async function inTime(before: Promise<unknown>, mostWait: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(
      () => fail(new Problem('busy', 'Too many changes wait: try again.', { retryAfter: 2 })),
      mostWait,
    )
  })
  try {
    await Promise.race([before, late])
  } finally {
    clearTimeout(timer)
  }
}
