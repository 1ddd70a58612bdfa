import { setTimeout as pause } from 'node:timers/promises'
import { Passing } from './process.ts'

/** Tries of a call that the storage does not answer in time. */
const mostTries = 20

/**
 * Repeats calls that the storage did not answer in time, as clients and timers do. A busy machine must not fail the
 * trial.
 *
 * @param trouble is called for each such call
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
