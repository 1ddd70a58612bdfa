import type { BundleList } from '../../contract/evidenceAnswers.ts'
import { daysIn, monthIn } from '../month.tsx'

export type ListedBundle = BundleList['bundles'][number]

/** What of a sealed day is not there. */
type MissingPart = BundleList['missing'][number]['what']

/** A month or a quarter. */
export interface Period {
  readonly kind: 'month' | 'quarter'
  /** As an address has it: `2026-11`, `2026-Q4`. */
  readonly name: string
  /** As `2026-11`, the first one first. */
  readonly months: readonly string[]
}

/** A day of the calendar. */
export interface CalendarDay {
  readonly date: string
  /** `outside` are days before the log began, and those that cannot be sealed yet. */
  readonly state: 'sealed' | 'empty' | 'missing' | 'outside'
  readonly bundle: ListedBundle | null
  readonly lacks: readonly MissingPart[]
}

/** The period of an address; without one, the month of the newest day that should be sealed. */
export function periodIn(query: URLSearchParams, newest: string): Period {
  const quarter = /^\d{4}-Q[1-4]$/.exec(query.get('quarter') ?? '')?.[0]
  return quarter === undefined ? monthOf(monthIn(query) ?? newest.slice(0, 7)) : quarterOf(quarter)
}

const monthOf = (month: string): Period => ({ kind: 'month', name: month, months: [month] })

function quarterOf(name: string): Period {
  const last = 3 * Number(name.slice(-1))
  const months = [last - 2, last - 1, last].map((month) => `${name.slice(0, 4)}-${String(month).padStart(2, '0')}`)
  return { kind: 'quarter', name, months }
}

/** The first month of a quarter, the quarter of a month, or the period itself. */
export function ofKind(kind: Period['kind'], { months: [first = ''] }: Period): Period {
  if (kind === 'month') return monthOf(first)
  return quarterOf(`${first.slice(0, 4)}-Q${Math.ceil(Number(first.slice(5)) / 3)}`)
}

/** The period of the same kind, so many of them later, or earlier if it is negative. */
export function movedPeriod(period: Period, by: number): Period {
  const at = new Date(`${period.months[0]}-01T00:00:00.000Z`)
  at.setUTCMonth(at.getUTCMonth() + by * period.months.length)
  return ofKind(period.kind, monthOf(at.toISOString().slice(0, 7)))
}

/** How an address names it. */
export const inAddress = ({ kind, name }: Period): Readonly<Record<string, string>> => ({ [kind]: name })

/** Milliseconds after the end of a day at which it should be sealed: the service names its own delays from then on. */
const sealWithin = 2 * 3_600_000

/** The newest day that should be sealed by the reader's own clock, or that is. */
export function newestDue({ date }: ListedBundle, now: number): string {
  const due = new Date(now - 24 * 3_600_000 - sealWithin).toISOString().slice(0, 10)
  return due > date ? due : date
}

/**
 * The days of a period, the first one first. A day that should be sealed by the reader's own clock is missing, whether the
 * service says so or not.
 *
 * @param now milliseconds since 1970
 */
export function daysOf({ months }: Period, { bundles, missing }: BundleList, now: number): readonly CalendarDay[] {
  const byDate = new Map(bundles.map((bundle) => [bundle.date, bundle]))
  const [first = '', newest = ''] = [bundles[0]?.date, bundles.at(-1)?.date]
  return months.flatMap(daysIn).map((date) => {
    const bundle = byDate.get(date) ?? null
    const isLate = date > newest && Date.parse(date) + 24 * 3_600_000 + sealWithin < now
    const said = missing.filter((one) => one.date === date).map(({ what }) => what)
    const lacks = isLate && said.length === 0 ? (['seal'] as const) : said
    const isDue = bundle !== null || lacks.length > 0 || (date > first && date < newest)
    const state = !isDue
      ? 'outside'
      : bundle === null || lacks.length > 0
        ? 'missing'
        : bundle.records === 0
          ? 'empty'
          : 'sealed'
    return { date, state, bundle, lacks }
  })
}

/** The days that should have a bundle, with those that have none. */
export const dueDays = (days: readonly CalendarDay[]): readonly CalendarDay[] =>
  days.filter(({ state }) => state !== 'outside')
