import { parseHttpDate } from './instant.ts'

/** Seconds. A longer wait than this is as good as for ever. */
const longest = 999_999

/**
 * Reads a `Retry-After` header (RFC 9110 section 10.2.3): seconds, or a date, of which it gives the seconds until then.
 *
 * @param now milliseconds since 1970
 * @returns `null` without the header, or for a text that is neither
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | null {
  if (header === null || header === undefined) return null
  const at = parseHttpDate(header)
  const seconds = /^\d+$/.test(header) ? Number(header) : at === null ? null : (at - now) / 1000
  return seconds === null ? null : Math.min(Math.max(seconds, 0), longest)
}
