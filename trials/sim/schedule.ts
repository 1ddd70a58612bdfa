import type { Scheduler } from 'fast-check'

/** Whole numbers below 2^32, the same for the same seed (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

export type Schedule = ReturnType<typeof schedule>

/**
 * Lets one thing happen at a time, in the order of fast-check's scheduler: no clock, no timer. Whatever has to wait for
 * the outside comes to a point, and goes on when it is picked, alone.
 */
export function schedule(scheduler: Scheduler) {
  const underway = new Set<symbol>()

  return {
    /** Resolves when it is picked. */
    point: (): Promise<void> => scheduler.schedule(Promise.resolve()),

    /** While this work is under way nothing is picked, however long it takes: real files have an order of their own. */
    async alone<T>(work: () => Promise<T>): Promise<T> {
      const mine = Symbol('work')
      underway.add(mine)
      try {
        return await work()
      } finally {
        underway.delete(mine)
      }
    },

    /** Picks until nothing waits any more. @param isBusy whether more will come, though nothing waits */
    async drain(isBusy: () => boolean): Promise<void> {
      for (;;) {
        await breath()
        while (underway.size > 0 || isBusy()) await breath()
        if (scheduler.count() === 0) return
        await scheduler.waitOne()
      }
    },
  }
}

/** Everything runs that waits for nothing but its turn. */
const breath = (): Promise<void> => new Promise((done) => setImmediate(done))
