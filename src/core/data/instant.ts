import { Problem } from './problem.ts'

/** A moment: RFC 3339, UTC, milliseconds, as `2026-01-31T09:30:00.000Z`. Compares as text. */
export type Instant = string & { readonly __brand: 'Instant' }

/** @throws {Problem} `invalid-input` unless the text is such a moment in UTC and its day exists in the calendar. */
export function parseInstant(text: string, pointer = ''): Instant {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text) ? Date.parse(text) : Number.NaN
  // Some engines read 30 February as a day in March: writing the parsed value again reveals it.
  if (Number.isNaN(ms) || instant(ms).slice(0, 19) !== text.slice(0, 19))
    throw new Problem('invalid-input', 'A time is written as 2026-01-31T09:30:00.000Z, in UTC.', { pointer })
  return instant(ms)
}

/** @param ms since 1970, UTC */
export const instant = (ms: number): Instant => new Date(ms).toISOString() as Instant

export const milliseconds = (at: Instant): number => Date.parse(at)

export const plusSeconds = (at: Instant, seconds: number): Instant => instant(milliseconds(at) + seconds * 1000)

/** The first moment of the hour (UTC). Hours never span two days. */
export const hourOf = (at: Instant): Instant => `${at.slice(0, 13)}:00:00.000Z` as Instant

export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b)

export const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b)

/** Reads the date of an HTTP header (RFC 9110 section 5.6.7) as milliseconds since 1970; `null` for any other text. */
export function parseHttpDate(text: string): number | null {
  const ms = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}
