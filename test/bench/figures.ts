import type { Measured } from './measure.ts'

/** What is allowed: a multiple of the floor, and megabytes. */
export interface Most {
  readonly ratio: number
  readonly megabytes: number
}

/** What was measured of one program: medians over all runs; each ratio is to the floor of its own run. */
export interface Figures {
  readonly name: string
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly megabytes: number
  readonly ratio: number
  readonly most?: Most
  readonly holds?: boolean
  /** Run by run. */
  readonly runs: readonly Measured[]
}

export function figuresOf(
  name: string,
  measures: {
    readonly events: number
    readonly took: readonly Measured[]
    readonly floor: readonly Measured[]
    readonly most: Most | undefined
  },
): Figures {
  const { events, took: runs, floor, most } = measures
  const seconds = median(runs.map((run) => run.seconds))
  const megabytes = Math.max(...runs.map((run) => run.megabytes))
  const ratio = median(runs.map((run, i) => run.seconds / (floor[i]?.seconds ?? Number.NaN)))
  const limits = most && { most, holds: ratio <= most.ratio && megabytes <= most.megabytes }
  return { name, seconds, eventsPerSecond: events / seconds, megabytes, ratio, ...limits, runs }
}

/** For people. */
export function tableOf(all: readonly Figures[]): string {
  const rows = all.map(({ name, seconds, eventsPerSecond, megabytes, ratio, most, holds }) => [
    name,
    seconds.toFixed(2),
    Math.round(eventsPerSecond).toLocaleString('en'),
    megabytes.toFixed(0),
    ratio.toFixed(2),
    most ? `≤ ${most.ratio} ×, ${most.megabytes} MB` : '',
    holds === undefined ? '' : holds ? 'holds' : 'missed',
  ])
  const lines = [['', 'seconds', 'events/s', 'MB at most', '× floor', 'goal', ''], ...rows]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  const isNumber = (column: number) => column > 0 && column < 5
  const cell = (text: string, column: number) =>
    isNumber(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
  return lines.map((line) => `${line.map(cell).join('  ').trimEnd()}\n`).join('')
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [left = Number.NaN, right = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? right : (left + right) / 2
}
