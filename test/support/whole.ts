/**
 * `npm test` tries some of what the project's tables of cases hold, because its time is limited. The trial `tests` sets
 * this variable, and then everything is tried.
 */
export const isWhole = process.env['COUNTERSIGN_TESTS'] === 'whole'

/**
 * The cases of a table that are tried: all of them in the trial `tests`, and the first of each kind in `npm test`.
 *
 * @param kindOf what a case is an example of, as a text or a number; without it all cases are of one kind
 * @param most how many of a kind `npm test` tries
 */
export function someOf<T>(cases: readonly T[], kindOf: (one: T) => unknown = () => '', most = 1): readonly T[] {
  if (isWhole) return cases
  const counts = new Map<unknown, number>()
  return cases.filter((one) => {
    const kind = kindOf(one)
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return count <= most
  })
}

/**
 * Defines tests that are only in the trial `tests`: `npm test` tries what they check at smaller cases. A whole file of such
 * tests is called `NAME.whole.test.ts`.
 */
export function inWhole(define: () => void): void {
  if (isWhole) define()
}
