import { address } from './router.ts'
import { words } from './words.ts'

/** A month in the address of a page, as `2026-11`; `null` if there is none, or none that the calendar has. */
export function monthIn(query: URLSearchParams): string | null {
  const given = query.get('month') ?? ''
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(given) ? given : null
}

/** The month of the day before today, in UTC: the newest day that can be sealed. */
export const newestMonth = (): string => new Date(Date.now() - 86_400_000).toISOString().slice(0, 7)

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

interface MonthsProps {
  /** The page's path. */
  readonly path: string
  readonly month: string
  /** The first month that has something, and the last one. Without a first one the reader may go back without end. */
  readonly first?: string
  readonly last: string
}

/** Names the month that is shown, and leads to those beside it. */
export function Months({ path, month, first, last }: MonthsProps) {
  const to = (months: number) => address(path, { month: moved(month, months) })
  return (
    <nav class="months" aria-label={words.month.title}>
      {(first === undefined || month > first) && <a href={to(-1)}>← {words.month.earlier}</a>}
      <h2>{words.month.name(`${month}-01`)}</h2>
      {month < last && <a href={to(1)}>{words.month.later} →</a>}
    </nav>
  )
}
