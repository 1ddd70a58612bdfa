import type { JSX } from 'preact'
import { pageWords } from './pageWords.ts'
import { address } from './router.ts'

/** The month that a page shows, as its address has it. */
interface MonthShown {
  /** The query of the API for these days, both included. */
  readonly range: { readonly from: string; readonly to: string }
  /** Names the month, and leads to those beside it. */
  readonly links: JSX.Element
}

/**
 * Finds the month that a page shows: that of the address, as `?month=2026-11`, or else the last one.
 *
 * @param path the page's path
 */
export function monthShown(path: string, query: URLSearchParams): MonthShown {
  const last = newestMonth()
  const month = monthIn(query) ?? last
  const days = daysIn(month)
  const name = pageWords.month.name(`${month}-01`)
  const to = (months: number) => address(path, { month: moved(month, months) })
  return {
    range: { from: `${month}-01`, to: days.at(-1) ?? '' },
    links: (
      <nav class="months" aria-label={pageWords.month.title}>
        <a href={to(-1)}>← {pageWords.month.earlier}</a>
        <h2>{name}</h2>
        {month < last && <a href={to(1)}>{pageWords.month.later} →</a>}
      </nav>
    ),
  }
}

/** The month in the address of a page, as `2026-11`; `null` if the address names no month, or none that the calendar has. */
export function monthIn(query: URLSearchParams): string | null {
  const given = query.get('month') ?? ''
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(given) ? given : null
}

/** The month of the day before today, in UTC: the newest day that can be sealed. */
const newestMonth = (): string => new Date(Date.now() - 86_400_000).toISOString().slice(0, 7)

/** Lists the days of a month, the first one first. */
export function daysIn(month: string): readonly string[] {
  const count = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate()
  return Array.from({ length: count }, (_, i) => `${month}-${String(i + 1).padStart(2, '0')}`)
}

function moved(month: string, by: number): string {
  const at = new Date(`${month}-01T00:00:00.000Z`)
  at.setUTCMonth(at.getUTCMonth() + by)
  return at.toISOString().slice(0, 7)
}
