/** A line of one side, or of both. */
export interface DiffLine {
  readonly sign: 'before' | 'after' | 'both'
  readonly line: string
}

/** The largest table of pairs of lines that are compared. Beyond it what differs is shown as removed and added. */
const most = 1_000_000

/**
 * Compares two lists of lines by a longest common subsequence. Lines that were removed come before those that were added
 * in their place. Both lists can be read from the result.
 */
export function lineDiff(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start += 1
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  return [
    ...before.slice(0, start).map((line): DiffLine => ({ sign: 'both', line })),
    ...between(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map((line): DiffLine => ({ sign: 'both', line })),
  ]
}

function between(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const common = before.length * after.length > most ? () => 0 : commonLengths(before, after)
  const found: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [removed, added] = [before[i], after[j]]
    if (removed !== undefined && removed === added && common(i, j) > 0) {
      found.push({ sign: 'both', line: removed })
      i += 1
      j += 1
    } else if (removed !== undefined && (added === undefined || common(i + 1, j) >= common(i, j + 1))) {
      found.push({ sign: 'before', line: removed })
      i += 1
    } else if (added !== undefined) {
      found.push({ sign: 'after', line: added })
      j += 1
    }
  }
  return found
}

/** The length of the longest common subsequence of what follows each pair of places. */
function commonLengths(before: readonly string[], after: readonly string[]): (i: number, j: number) => number {
  const width = after.length + 1
  const lengths = new Uint32Array((before.length + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  return at
}
