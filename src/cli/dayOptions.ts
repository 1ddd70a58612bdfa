import { type Day, parseDay } from '../core/data/day.ts'
import { Problem } from '../core/data/problem.ts'
import { Exit, exits } from './exit.ts'
import type { Options } from './options.ts'

/** Reads a day that an option names. @throws {Exit} 78, naming the option and the rule */
export function dayIn(options: Options, option: 'from' | 'to' | 'through'): Day | undefined {
  const given = options.one(option)
  try {
    return given === undefined ? undefined : parseDay(given)
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    throw new Exit(exits.usage, `--${option}: "${given}" is not a day in UTC as 2026-01-31, that the calendar has.`)
  }
}

/** The first and the last day of a period; absent if they are not given. */
interface DayRange {
  readonly from?: Day | undefined
  readonly to?: Day | undefined
}

/** Reads `--from` and `--to`. @throws {Exit} 78, naming the option and the rule */
export function periodIn(options: Options): DayRange {
  const [from, to] = [dayIn(options, 'from'), dayIn(options, 'to')]
  if (from !== undefined && to !== undefined && from > to)
    throw new Exit(exits.usage, `--from: ${from} is after --to, ${to}.`)
  if (from !== undefined && to !== undefined && Date.parse(to) - Date.parse(from) >= mostDays * day)
    throw new Exit(exits.usage, `--from: a period has at most ${mostDays} days, and ${from} to ${to} are more.`)
  return { from, to }
}

/** Days of a period: what `--last` can say, too. */
const mostDays = 9_999

const day = 86_400_000
