import { type Instant, instant, milliseconds } from './instant.ts'
import { Problem } from './problem.ts'

/** A UTC day: `2026-01-31`. Compares as text. */
export type Day = string & { readonly __brand: 'Day' }

const length = 24 * 3600 * 1000

/** @throws {Problem} `invalid-input` unless the text is such a day and exists in the calendar. */
export function parseDay(text: string, pointer = ''): Day {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? milliseconds(`${text}T00:00:00.000Z` as Instant) : Number.NaN
  // Parsing back refuses 30 February, which some engines roll over.
  if (Number.isNaN(ms) || instant(ms).slice(0, 10) !== text)
    throw new Problem('invalid-input', 'A date is written as 2026-01-31, and exists in the calendar.', { pointer })
  return text as Day
}

/** The day that a moment lies in. */
export const dayOf = (at: Instant): Day => at.slice(0, 10) as Day

/** Its first moment. */
export const startOf = (day: Day): Instant => `${day}T00:00:00.000Z` as Instant

/** The first moment after it. */
export const endOf = (day: Day): Instant => instant(milliseconds(startOf(day)) + length)

export const nextDay = (day: Day): Day => dayOf(endOf(day))
