import { Badge, Button, Facts, Notice } from '../kit.tsx'
import { address } from '../router.ts'
import { bundleOf, saidOf, type WantedFile } from './fetching.ts'
import type { Jobs } from './jobs.ts'
import { bytesIn, number } from './numbers.ts'
import type { CalendarDay } from './period.ts'
import { words } from './words.ts'

interface DayPanelProps {
  readonly day: CalendarDay | null
  readonly jobs: Jobs
  readonly mayExport: boolean
  readonly hasKey: boolean
  readonly verify: (day: CalendarDay) => void
}

/** One day: what its bundle has, and what can be done with it. */
export function DayPanel({ day, jobs, mayExport, hasKey, verify }: DayPanelProps) {
  if (day === null) return <p class="quiet">{words.day.choose}</p>
  const { date, state, bundle, lacks } = day
  const file = (wanted: WantedFile, label: string) => (
    <Button isBusy={jobs.isBusy} onPress={() => jobs.keep([wanted])}>
      {label}
    </Button>
  )
  return (
    <section class="panel" aria-labelledby="day-title">
      <h3 id="day-title">{words.day.title(date)}</h3>
      <p>
        <Badge tone={state === 'missing' ? 'bad' : 'good'}>{words.day.states[state]}</Badge>
      </p>
      {lacks.map((what) => (
        <Notice key={what} tone="warning" title={words.day.lacks[what]} />
      ))}
      {bundle && (
        <>
          <Facts
            of={[
              [words.day.number, number(bundle.number)],
              [words.day.records, number(bundle.records)],
              [words.day.requests, bundle.requests !== undefined && number(bundle.requests)],
              [
                words.day.exceptions,
                bundle.exceptions !== undefined && (
                  <a href={address('exceptions', { month: date.slice(0, 7) })}>{number(bundle.exceptions)}</a>
                ),
              ],
              [words.day.size, bytesIn(bundle.bytes)],
              [words.day.digest, bundle.sha256 !== undefined && <code class="mono">{bundle.sha256}</code>],
            ]}
          />
          {mayExport && (
            <p class="actions">
              <Button tone="primary" isBusy={jobs.isBusy || !hasKey} onPress={() => verify(day)}>
                {words.day.verify}
              </Button>
              {file(bundleOf(bundle), words.day.bundle)}
              {bundle.records > 0 && file(saidOf(bundle), words.day.said)}
            </p>
          )}
        </>
      )}
    </section>
  )
}
