import type { JSX } from 'preact'
import { pageWords } from './pageWords.ts'
import { address } from './router.ts'

/** The month that a page shows, as its address has it. */
interface MonthShown {
  /** In words. */
  readonly name: string
  /** The days of the month, in UTC, the first one first. */
  readonly days: readonly string[]
  /** The query of the API for these days, both included. */
  readonly range: { readonly from: string; readonly to: string }
  /** Names the month, and leads to those beside it. */
  readonly links: JSX.Element
}

interface MonthBounds {
  /** The first month that has something, as `2026-11`. Without it the reader may go back without end. */
  readonly first?: string | undefined
  /** The last month that the links lead to, and the one that is shown if the address names none. */
  readonly last?: string
}

/**
 * Finds the month that a page shows: that of the address, as `?month=2026-11`, or else the last one.
 *
 * @param path the page's path
 */
export function monthShown(
  path: string,
  query: URLSearchParams,
  { first, last = newestMonth() }: MonthBounds = {},
): MonthShown {
  const month = monthIn(query) ?? last
  const days = daysIn(month)
  const name = pageWords.month.name(`${month}-01`)
  const to = (months: number) => address(path, { month: moved(month, months) })
  return {
    ...{ name, days },
    range: { from: `${month}-01`, to: days.at(-1) ?? '' },
    links: (
      <nav class="months" aria-label={pageWords.month.title}>
        {(first === undefined || month > first) && <a href={to(-1)}>← {pageWords.month.earlier}</a>}
        <h2>{name}</h2>
        {month < last && <a href={to(1)}>{pageWords.month.later} →</a>}
      </nav>
    ),
  }
}

/** `null` if the address names no month, or none that the calendar has. */
function monthIn(query: URLSearchParams): string | null {
  const given = query.get('month') ?? ''
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(given) ? given : null
}

/** The month of the day before today, in UTC: the newest day that can be sealed. */
const newestMonth = (): string => new Date(Date.now() - 86_400_000).toISOString().slice(0, 7)

function daysIn(month: string): readonly string[] {
  const count = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate()
  return Array.from({ length: count }, (_, i) => `${month}-${String(i + 1).padStart(2, '0')}`)
}

function moved(month: string, by: number): string {
  const at = new Date(`${month}-01T00:00:00.000Z`)
  at.setUTCMonth(at.getUTCMonth() + by)
  return at.toISOString().slice(0, 7)
}
