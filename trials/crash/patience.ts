import { setTimeout as pause } from 'node:timers/promises'
import { Passing } from './process.ts'

/** Tries of what finds no storage in time. */
const mostTries = 20

/**
 * Makes what repeats a call that found no storage in time, as clients and timers do: a machine that is busy elsewhere
 * proves nothing.
 *
 * @param trouble hears of each time
 */
export const patience =
  (trouble: () => void) =>
  async <T>(act: () => Promise<T>, isPassing: (result: T) => boolean = () => false): Promise<T> => {
    for (let left = mostTries; ; left--) {
      const result = await act().catch((cause: unknown) => {
        if (cause instanceof Passing && left > 0) return cause
        throw cause
      })
      if (!(result instanceof Passing) && (!isPassing(result) || left === 0)) return result
      trouble()
      await pause(1_000)
    }
  }
