import { Button, Facts, Notice } from '../kit.tsx'
import { address } from '../router.ts'
import { pageWords } from '../pageWords.ts'
import { bundleOf, newestCheckpoint, saidOf } from './fetching.ts'
import type { Jobs } from './jobs.ts'
import { bytesIn, number } from './numbers.ts'
import { type CalendarDay, dueDays, inAddress, movedPeriod, ofKind, type Period } from './period.ts'
import { words } from './words.ts'

interface PeriodsProps {
  readonly period: Period
  /** The first day that has a bundle, and the newest one that should. */
  readonly first: string
  readonly last: string
}

/** Names the period that is shown, and leads to those beside it and to the other kind. */
export function Periods({ period, first, last }: PeriodsProps) {
  const to = (other: Period) => address('evidence', inAddress(other))
  const [begin = '', end = ''] = [period.months[0], period.months.at(-1)]
  return (
    <nav class="months" aria-label={words.period.title}>
      {begin > first.slice(0, 7) && <a href={to(movedPeriod(period, -1))}>← {words.period.earlier}</a>}
      <h2>{titleOf(period)}</h2>
      {end < last.slice(0, 7) && <a href={to(movedPeriod(period, 1))}>{words.period.later} →</a>}
      <span class="kinds">
        {(['month', 'quarter'] as const).map((kind) => (
          <a
            key={kind}
            class="button"
            href={to(ofKind(kind, period))}
            {...(kind === period.kind && { 'aria-current': 'true' as const })}
          >
            {words.period[kind]}
          </a>
        ))}
      </span>
    </nav>
  )
}

const titleOf = ({ kind, name }: Period): string =>
  kind === 'month' ? pageWords.month.name(`${name}-01`) : words.period.quarterName(name.slice(0, 4), name.slice(5))

interface PeriodPanelProps {
  readonly days: readonly CalendarDay[]
  /** The name of the archive with all files. */
  readonly name: string
  readonly jobs: Jobs
  readonly mayExport: boolean
  readonly hasKey: boolean
  readonly allowUnexplained: boolean
  readonly setAllow: (allow: boolean) => void
  readonly verify: () => void
}

/** What the days of a period have together, and what can be done with all of them. */
export function PeriodPanel(props: PeriodPanelProps) {
  const { days, name, jobs, mayExport, hasKey, allowUnexplained, setAllow, verify } = props
  const bundles = days.flatMap(({ bundle }) => bundle ?? [])
  const lacking = dueDays(days).flatMap(({ date, state }) => (state === 'missing' ? [date] : []))
  /** Nothing is said of a sum whose parts are not all known. */
  const sum = (of: (bundle: (typeof bundles)[number]) => number | undefined) => {
    const counts = bundles.flatMap((bundle) => of(bundle) ?? [])
    return counts.length < bundles.length ? '–' : number(counts.reduce((total, count) => total + count, 0))
  }
  const all = [...bundles.map(bundleOf), ...bundles.filter(({ records }) => records > 0).map(saidOf), newestCheckpoint]
  const gap = lacking.length > 0 && <Notice tone="warning" title={words.period.lacking(lacking)} />
  if (bundles.length === 0) return gap || <p class="quiet">{words.period.none}</p>
  return (
    <section class="panel" aria-labelledby="period-title">
      <h3 id="period-title">{words.period.days(bundles.length)}</h3>
      {gap}
      <Facts
        of={[
          [words.day.records, sum(({ records }) => records)],
          [words.day.requests, sum(({ requests }) => requests)],
          [words.day.exceptions, sum(({ exceptions }) => exceptions)],
          [words.day.size, bytesIn(bundles.reduce((total, { bytes }) => total + bytes, 0))],
        ]}
      />
      {mayExport && (
        <>
          <p class="actions">
            <Button tone="primary" isBusy={jobs.isBusy || !hasKey} onPress={verify}>
              {words.period.verify}
            </Button>
            <Button isBusy={jobs.isBusy} onPress={() => jobs.keep(all, name)}>
              {words.period.download}
            </Button>
          </p>
          {!hasKey && <p class="quiet">{words.job.needsKey}</p>}
          <label class="tick">
            <input
              type="checkbox"
              checked={allowUnexplained}
              onChange={({ currentTarget }) => setAllow(currentTarget.checked)}
            />{' '}
            {words.keys.allow}
          </label>
        </>
      )}
      <p class="quiet">{mayExport ? words.recorded : words.notExported}</p>
    </section>
  )
}
