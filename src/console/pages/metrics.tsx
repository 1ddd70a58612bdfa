import type { MetricsAnswer } from '../../contract/evidenceAnswers.ts'
import { useAnswer } from '../answers.ts'
import { Bars } from '../chart.tsx'
import { Empty, Loaded, Page, Untrusted } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { daysIn, monthIn, Months, newestMonth } from '../month.tsx'
import { words } from '../words.ts'

type Row = NonNullable<MetricsAnswer['days'][number]['rows']>[number]

/** The metrics of one day, by group and member. */
interface Day {
  readonly date: string
  /** `null` for a day that has no table. */
  readonly rows: readonly Row[] | null
}

/** How people decide: how fast, how many, how carefully. Of sealed days, a month at a time. */
export function Metrics({ query }: { readonly query: URLSearchParams }) {
  const { api } = useSigned()
  const last = newestMonth()
  const month = monthIn(query) ?? last
  const days = daysIn(month)
  const metrics = useAnswer(month, async (signal) => {
    const range = { from: days[0], to: days.at(-1) }
    const answer = await api.get<MetricsAnswer>('/api/evidence/metrics', { query: range, signal })
    return answer.days.map(({ date, rows }): Day => ({ date, rows: rows ?? null }))
  })
  return (
    <Page title={words.pages.metrics} about={words.metrics.about}>
      <Months path="metrics" month={month} last={last} />
      <Loaded loading={metrics}>
        {(read) =>
          read.every(({ rows }) => rows === null) ? (
            <Empty title={words.metrics.none}>
              <p>{words.metrics.noneAbout}</p>
            </Empty>
          ) : (
            <>
              <h3>{words.metrics.decisions}</h3>
              <Bars
                label={words.metrics.decisions}
                legend={[words.metrics.approved, words.metrics.denied, words.metrics.expired]}
                written={(value) => String(Math.round(value))}
                bars={read.map(({ date, rows }) => ({
                  label: date.slice(8),
                  parts: ['approved-by-people', 'denied-by-people', 'expired'].map((name) => valueOf(rows, name) ?? 0),
                }))}
              />
              <h3>{words.metrics.times}</h3>
              <Bars
                label={words.metrics.times}
                legend={[words.metrics.median]}
                written={duration}
                bars={read.map(({ date, rows }) => ({
                  label: date.slice(8),
                  parts: [valueOf(rows, 'decide-p50') ?? 0],
                }))}
              />
              <Days days={read.filter(({ rows }) => rows !== null)} />
              <Group by="approver" days={read} columns={['approve', 'deny', 'hasty', 'unseen', 'busiest-hour']} />
              <Group
                by="rule"
                days={read}
                columns={['asked', 'approved-by-people', 'denied-by-people', 'expired', 'hasty']}
              />
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

const valueOf = (rows: readonly Row[] | null, metric: string): number | undefined =>
  rows?.find((row) => row.by === 'all' && row.metric === metric)?.value

const columns = ['asked', 'approved-by-people', 'denied-by-people', 'expired', 'lapsed', 'hasty', 'unseen'] as const

function Days({ days }: { readonly days: readonly Day[] }) {
  return (
    <div class="table">
      <table aria-label={words.metrics.byDay}>
        <thead>
          <tr>
            <th scope="col">{words.evidence.day}</th>
            {columns.map((name) => (
              <th key={name} scope="col" class="number">
                {words.metrics.names[name]}
              </th>
            ))}
            <th scope="col" class="number">
              {words.metrics.median}
            </th>
            <th scope="col" class="number">
              {words.metrics.slow}
            </th>
          </tr>
        </thead>
        <tbody>
          {days.map(({ date, rows }) => (
            <tr key={date}>
              <th scope="row" data-label={words.evidence.day}>
                {date}
              </th>
              {columns.map((name) => (
                <td key={name} class="number" data-label={words.metrics.names[name]}>
                  {valueOf(rows, name) ?? 0}
                </td>
              ))}
              {(['decide-p50', 'decide-p90'] as const).map((name) => (
                <td key={name} class="number" data-label={words.metrics.median}>
                  {durationOrNone(valueOf(rows, name))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface GroupProps {
  readonly by: 'approver' | 'rule'
  readonly days: readonly Day[]
  readonly columns: readonly (keyof typeof words.metrics.names)[]
}

/** Counts of a month by approver or by rule, the busiest first. */
function Group({ by, days, columns: names }: GroupProps) {
  const rows = days.flatMap((day) => day.rows ?? []).filter((row) => row.by === by)
  const members = [...new Set(rows.map(({ of }) => of ?? ''))]
  const total = (of: string, metric: string) => {
    const values = rows.filter((row) => row.of === of && row.metric === metric).map(({ value }) => value)
    return metric === 'busiest-hour' ? Math.max(0, ...values) : values.reduce((a, b) => a + b, 0)
  }
  if (members.length === 0) return null
  const [first = 'asked'] = names
  const sorted = members.toSorted((a, b) => total(b, first) - total(a, first))
  return (
    <>
      <h3>{words.metrics.groups[by]}</h3>
      <div class="table">
        <table aria-label={words.metrics.groups[by]}>
          <thead>
            <tr>
              <th scope="col">{words.metrics.members[by]}</th>
              {names.map((name) => (
                <th key={name} scope="col" class="number">
                  {words.metrics.names[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((of) => (
              <tr key={of}>
                <th scope="row" class="mono" data-label={words.metrics.members[by]}>
                  <Untrusted text={of} />
                </th>
                {names.map((name) => (
                  <td key={name} class="number" data-label={words.metrics.names[name]}>
                    {total(of, name)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

const durationOrNone = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? '–' : duration(milliseconds)

/** Writes milliseconds in the largest unit that they reach. */
function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 90) return `${Math.round(seconds)} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`
}
