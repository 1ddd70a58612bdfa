import { pageWords } from '../pageWords.ts'
import { words as ours } from '../words.ts'
import type { CalendarDay } from './period.ts'
import type { DayVerdict } from './verification.ts'
import { words } from './words.ts'

interface CalendarProps {
  /** As `2026-11`. */
  readonly month: string
  readonly days: readonly CalendarDay[]
  readonly chosen: string | null
  readonly choose: (date: string) => void
  /** What came of verifying days on this page. */
  readonly verdicts: ReadonlyMap<string, DayVerdict>
}

/** The days of a month, a week in a row. Each that should be sealed can be chosen. */
export function Calendar({ month, days, chosen, choose, verdicts }: CalendarProps) {
  const begin = (new Date(`${month}-01T00:00:00.000Z`).getUTCDay() + 6) % 7
  const title = pageWords.month.name(`${month}-01`)
  return (
    <section class="month" aria-label={title}>
      <h3>{title}</h3>
      <div class="weekdays" aria-hidden="true">
        {words.period.weekdays.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
      <ol class="days">
        {days.map((day, i) => (
          <li key={day.date} style={i === 0 ? { gridColumnStart: begin + 1 } : {}}>
            <DayOf day={day} isChosen={day.date === chosen} choose={choose} verdict={verdicts.get(day.date)} />
          </li>
        ))}
      </ol>
    </section>
  )
}

interface DayProps {
  readonly day: CalendarDay
  readonly isChosen: boolean
  readonly choose: (date: string) => void
  readonly verdict: DayVerdict | undefined
}

function DayOf({ day: { date, state, bundle }, isChosen, choose, verdict }: DayProps) {
  const number = Number(date.slice(8))
  if (state === 'outside') return <span class="date outside">{number}</span>
  const label = words.day.spoken({
    ...{ title: words.day.title(date), state: words.day.states[state] },
    ...{ records: bundle?.records, exceptions: bundle?.exceptions },
    verdict: verdict && words.day.verdicts[verdict],
  })
  return (
    <button
      type="button"
      class={`date ${state} ${verdict ?? ''}`}
      aria-pressed={isChosen}
      title={label}
      onClick={() => choose(date)}
    >
      <span class="hidden">{label}</span>
      <span aria-hidden="true">{number}</span>
      <span aria-hidden="true" class="mark">
        {verdict ? marks[verdict] : marks[state]}
      </span>
      <small aria-hidden="true">{bundle && bundle.records > 0 ? compact(bundle.records) : ''}</small>
      {bundle?.exceptions ? (
        <small aria-hidden="true" class="exceptions">
          {compact(bundle.exceptions)}
        </small>
      ) : null}
    </button>
  )
}

/** What a state looks like, beside its colour. */
const marks = { held: '✓', failed: '✗', missing: '!', empty: '–', sealed: '' } as const

/** Writes a count in the room of a day: `12K`. */
const compact = (count: number): string =>
  new Intl.NumberFormat(ours.locale, { notation: 'compact', maximumFractionDigits: 1 }).format(count)
