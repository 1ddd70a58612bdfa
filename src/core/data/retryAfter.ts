import { parseHttpDate } from './instant.ts'

/** Seconds, about 11 days. A longer wait is cut to this. */
const longest = 999_999

/**
 * Reads a `Retry-After` header (RFC 9110 section 10.2.3), which holds seconds or a date, as the seconds to wait.
 *
 * @param now milliseconds since 1970
 * @returns `null` without the header, or if its text is neither
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | null {
  if (header === null || header === undefined) return null
  const at = parseHttpDate(header)
  const seconds = /^\d+$/.test(header) ? Number(header) : at === null ? null : (at - now) / 1000
  return seconds === null ? null : Math.min(Math.max(seconds, 0), longest)
}
