import { endOf, parseDay, startOf } from '../../core/data/day.ts'
import { type Instant, instant, milliseconds, parseInstant } from '../../core/data/instant.ts'
import { Problem } from '../../core/data/problem.ts'
import { Exit, exits } from '../exit.ts'
import type { Options } from '../options.ts'

/** Moments between which requests were made: `from` belongs to the range, `to` does not. */
export interface TimeRange {
  readonly from: Instant
  readonly to: Instant
}

/** Days of a range of which only the end is given. */
const days = 31

const day = 86_400_000

/**
 * Reads `--from` and `--to`: days in UTC, of which both belong to the range, or times. Without `--to` the range ends now;
 * without `--from` it is the 31 days before its end.
 *
 * @throws {Exit} 78, naming the option
 */
export function readRange(options: Options, now: number): TimeRange {
  const [from, to] = [options.one('from'), options.one('to')]
  const end = to === undefined ? instant(now) : momentIn('to', to)
  const start = from === undefined ? instant(milliseconds(end) - days * day) : momentIn('from', from)
  if (start >= end) throw new Exit(exits.usage, `--from: ${start} is not before the end of the range, ${end}.`)
  return { from: start, to: end }
}

function momentIn(option: 'from' | 'to', text: string): Instant {
  try {
    if (/^\d{4}-\d\d-\d\d$/.test(text)) return option === 'from' ? startOf(parseDay(text)) : endOf(parseDay(text))
    return parseInstant(text)
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    const rule = 'a day in UTC as 2026-01-31, or a time as 2026-01-31T09:30:00Z, that the calendar has'
    throw new Exit(exits.usage, `--${option}: "${text}" is not ${rule}.`)
  }
}

/** Cuts a range into pieces of at most so many days, the newest first. */
export function* windowsOf({ from, to }: TimeRange, most: number): Generator<TimeRange> {
  const start = milliseconds(from)
  for (let end = milliseconds(to); end > start; end -= most * day)
    yield { from: instant(Math.max(start, end - most * day)), to: instant(end) }
}
