import type { ExceptionKind } from '../core/record/eventType.ts'
import { withDay } from './day.ts'

/** A row of `exceptions.csv`. */
export interface ExceptionRow {
  /** The event's place in the log. Absent for what is about no event. */
  readonly index?: number
  readonly at: string
  /** Absent for an event of the log itself. */
  readonly request?: string
  readonly kind: ExceptionKind
  /** An object id, or `policy`, `system`. */
  readonly actor: string
  readonly action: string
  readonly detail: string
}

/** The exceptions of a day: how many of each kind, and the first of them by time. */
export interface DayExceptions {
  readonly counts: ReadonlyMap<ExceptionKind, number>
  /** Sorted by time. */
  readonly rows: readonly ExceptionRow[]
  /** How many are not among the rows. */
  readonly left: number
}

/**
 * Reads the exceptions of a bundle that was verified, so that the table is what the records say. Its rows stand in the
 * order of the log, shard by shard.
 *
 * @param most how many rows are kept in memory
 */
export function exceptionsIn(path: string, most: number): Promise<DayExceptions> {
  return withDay(path, async (day) => {
    const counts = new Map<ExceptionKind, number>()
    const rows: ExceptionRow[] = []
    let [lines, left] = [0, 0]
    for await (const line of day.exceptions()) {
      if (lines++ === 0) continue
      const row = exceptionRowIn(line)
      counts.set(row.kind, (counts.get(row.kind) ?? 0) + 1)
      if (rows.length < most) rows.push(row)
      else left++
    }
    return { counts, rows: rows.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), left }
  })
}

/** Reads a line of `exceptions.csv`: no cell has commas, quotes or line ends, and only an action may begin as a formula would. */
export function exceptionRowIn(line: string): ExceptionRow {
  const [index = '', at = '', request = '', kind = '', actor = '', action = '', detail = ''] = line.trimEnd().split(',')
  return {
    ...{ at, kind: kind as ExceptionKind, actor, action: action.replace(/^'/, ''), detail },
    ...(index !== '' && { index: Number(index) }),
    ...(request !== '' && { request }),
  }
}
