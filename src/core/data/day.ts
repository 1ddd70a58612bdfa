import { type Instant, instant, milliseconds } from './instant.ts'
import { Problem } from './problem.ts'

/** A UTC day: `2026-01-31`. Compares as text. */
export type Day = string & { readonly __brand: 'Day' }

const length = 24 * 3600 * 1000

/** @throws {Problem} `invalid-input` unless the text is written as `2026-01-31` and the day exists in the calendar. */
export function parseDay(text: string, pointer = ''): Day {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? milliseconds(`${text}T00:00:00.000Z` as Instant) : Number.NaN
  // Some engines read 30 February as a day in March: writing the parsed value again reveals it.
  if (Number.isNaN(ms) || instant(ms).slice(0, 10) !== text)
    throw new Problem('invalid-input', 'A date is written as 2026-01-31, and exists in the calendar.', { pointer })
  return text as Day
}

/** The UTC day of a moment. */
export const dayOf = (at: Instant): Day => at.slice(0, 10) as Day

/** The first moment of the day. */
export const startOf = (day: Day): Instant => `${day}T00:00:00.000Z` as Instant

/** The first moment after the day. */
export const endOf = (day: Day): Instant => instant(milliseconds(startOf(day)) + length)

export const nextDay = (day: Day): Day => dayOf(endOf(day))

export const dayBefore = (day: Day): Day => dayOf(instant(milliseconds(startOf(day)) - 1))
