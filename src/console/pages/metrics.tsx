import type { MetricsAnswer } from '../../contract/evidenceAnswers.ts'
import { csvLine } from '../../core/data/csv.ts'
import { useAnswer } from '../answers.ts'
import { Bars } from '../chart.tsx'
import { download } from '../csv.ts'
import { duration } from '../duration.ts'
import { Button, Empty, Loaded, Page, Untrusted, Wide } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { monthShown } from '../month.tsx'
import { Named, useIds } from '../names.tsx'
import { pageWords } from '../pageWords.ts'
import { words } from '../words.ts'

type Row = NonNullable<MetricsAnswer['days'][number]['rows']>[number]

/** The metrics of one day, by group and member. */
interface Day {
  readonly date: string
  /** `null` for a day that has no table. */
  readonly rows: readonly Row[] | null
}

interface Month {
  readonly days: readonly Day[]
  /** Names by object id. */
  readonly names: MetricsAnswer['names']
}

/** How people decide: how fast, how many, how carefully. Of sealed days, a month at a time. */
export function Metrics({ query }: { readonly query: URLSearchParams }) {
  const { api } = useSigned()
  const { range, links } = monthShown('metrics', query)
  const metrics = useAnswer(range.from, async (signal): Promise<Month> => {
    const { days, names } = await api.get<MetricsAnswer>('/api/evidence/metrics', { query: range, signal })
    return { days: days.map(({ date, rows }) => ({ date, rows: rows ?? null })), names }
  })
  const [ids, idsButton] = useIds()
  const month = metrics.value
  const isEmpty = month === null || month.days.every(({ rows }) => rows === null)
  return (
    <Page
      title={words.pages.metrics}
      about={pageWords.metrics.about}
      actions={
        !isEmpty && (
          <>
            {idsButton}
            <Button onPress={() => download(`countersign-metrics-${range.from.slice(0, 7)}.csv`, csvOf(month))}>
              {pageWords.csv}
            </Button>
          </>
        )
      }
    >
      {links}
      <Loaded loading={metrics}>
        {({ days: read, names }) =>
          isEmpty ? (
            <Empty title={pageWords.metrics.none}>
              <p>{pageWords.metrics.noneAbout}</p>
            </Empty>
          ) : (
            <MonthTables days={read} {...{ names, ids }} />
          )
        }
      </Loaded>
    </Page>
  )
}

/** Pictures of the month, with the tables that have the same numbers. */
function MonthTables({ days, names, ids }: Month & { readonly ids: boolean }) {
  return (
    <>
      <h3>{pageWords.metrics.decisions}</h3>
      <Bars
        label={pageWords.metrics.decisions}
        legend={[pageWords.metrics.approved, pageWords.metrics.denied, pageWords.metrics.expired]}
        written={(value) => String(Math.round(value))}
        bars={days.map(({ date, rows }) => ({
          label: date.slice(8),
          parts: ['approved-by-people', 'denied-by-people', 'expired'].map((name) => valueOf(rows, name) ?? 0),
        }))}
      />
      <h3>{pageWords.metrics.times}</h3>
      <Bars
        label={pageWords.metrics.times}
        legend={[pageWords.metrics.median]}
        written={duration}
        bars={days.map(({ date, rows }) => ({
          label: date.slice(8),
          parts: [valueOf(rows, 'decide-p50') ?? 0],
        }))}
      />
      <Days days={days.filter(({ rows }) => rows !== null)} />
      <Group
        {...{ names, ids }}
        by="approver"
        days={days}
        columns={['approve', 'deny', 'hasty', 'unseen', 'busiest-hour']}
      />
      {(['rule', 'agent'] as const).map((by) => (
        <Group key={by} {...{ names, ids, by }} days={days} columns={ofRequests} />
      ))}
    </>
  )
}

const ofRequests = ['asked', 'approved-by-people', 'denied-by-people', 'expired', 'hasty'] as const

/** The rows of metrics.csv that the page adds up, with their days and names. */
const csvOf = ({ days, names }: Month): string =>
  [
    ['date', 'by', 'of', 'name', 'metric', 'value'],
    ...days.flatMap(({ date, rows }) =>
      (rows ?? []).map(({ by, of, metric, value }) => [date, by, of, of === undefined ? of : names[of], metric, value]),
    ),
  ]
    .map((row) => csvLine(row))
    .join('')

const valueOf = (rows: readonly Row[] | null, metric: string): number | undefined =>
  rows?.find((row) => row.by === 'all' && row.metric === metric)?.value

const columns = ['asked', 'approved-by-people', 'denied-by-people', 'expired', 'lapsed', 'hasty', 'unseen'] as const

function Days({ days }: { readonly days: readonly Day[] }) {
  return (
    <Wide label={pageWords.metrics.byDay}>
      <table aria-label={pageWords.metrics.byDay}>
        <thead>
          <tr>
            <th scope="col">{pageWords.metrics.day}</th>
            {columns.map((name) => (
              <th key={name} scope="col" class="number">
                {pageWords.metrics.names[name]}
              </th>
            ))}
            <th scope="col" class="number">
              {pageWords.metrics.median}
            </th>
            <th scope="col" class="number">
              {pageWords.metrics.slow}
            </th>
          </tr>
        </thead>
        <tbody>
          {days.map(({ date, rows }) => (
            <tr key={date}>
              <th scope="row" data-label={pageWords.metrics.day}>
                {date}
              </th>
              {columns.map((name) => (
                <td key={name} class="number" data-label={pageWords.metrics.names[name]}>
                  {valueOf(rows, name) ?? 0}
                </td>
              ))}
              {(['decide-p50', 'decide-p90'] as const).map((name) => (
                <td key={name} class="number" data-label={pageWords.metrics[name === 'decide-p50' ? 'median' : 'slow']}>
                  {durationOrNone(valueOf(rows, name))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

interface GroupProps {
  readonly by: keyof typeof pageWords.metrics.groups
  readonly days: readonly Day[]
  readonly columns: readonly (keyof typeof pageWords.metrics.names)[]
  readonly names: Month['names']
  readonly ids: boolean
}

/** Counts of a month by approver, rule or agent, the busiest first. */
function Group({ by, days, columns: counted, names, ids }: GroupProps) {
  const rows = days.flatMap((day) => day.rows ?? []).filter((row) => row.by === by)
  const members = [...new Set(rows.map(({ of }) => of ?? ''))]
  const total = (of: string, metric: string) => {
    const values = rows.filter((row) => row.of === of && row.metric === metric).map(({ value }) => value)
    return metric === 'busiest-hour' ? Math.max(0, ...values) : values.reduce((a, b) => a + b, 0)
  }
  if (members.length === 0) return null
  const [first = 'asked'] = counted
  const sorted = members.toSorted((a, b) => total(b, first) - total(a, first))
  return (
    <>
      <h3>{pageWords.metrics.groups[by]}</h3>
      <Wide label={pageWords.metrics.groups[by]}>
        <table aria-label={pageWords.metrics.groups[by]}>
          <thead>
            <tr>
              <th scope="col">{pageWords.metrics.members[by]}</th>
              {counted.map((name) => (
                <th key={name} scope="col" class="number">
                  {pageWords.metrics.names[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((of) => (
              <tr key={of}>
                <th scope="row" data-label={pageWords.metrics.members[by]}>
                  {by === 'rule' ? (
                    <span class="mono">
                      <Untrusted text={of} />
                    </span>
                  ) : (
                    <Named id={of} name={names[of]} withId={ids} />
                  )}
                </th>
                {counted.map((name) => (
                  <td key={name} class="number" data-label={pageWords.metrics.names[name]}>
                    {total(of, name)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  )
}

const durationOrNone = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? '–' : duration(milliseconds)
