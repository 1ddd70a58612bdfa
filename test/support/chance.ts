import * as fc from 'fast-check'

/** Shuffles a list. The order is the same for the same seed. */
export const shuffled = <T>(all: readonly T[], seed: number): T[] =>
  fc.sample(fc.shuffledSubarray([...all], { minLength: all.length }), { numRuns: 1, seed })[0] ?? []
