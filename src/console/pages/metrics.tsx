import type { MetricsAnswer } from '../../contract/evidenceAnswers.ts'
import { visible } from '../../core/data/text.ts'
import { csvLine } from '../../core/data/csv.ts'
import { useAnswer } from '../answers.ts'
import { Bars } from '../chart.tsx'
import { download } from '../csv.ts'
import { duration } from '../duration.ts'
import { Button, Empty, Loaded, Page, Untrusted } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { type Measures, type MetricRow, measuresOf, total } from '../measures.ts'
import { MetricTable } from '../metricTable.tsx'
import { monthShown } from '../month.tsx'
import { Named, useIds } from '../names.tsx'
import { pageWords } from '../pageWords.ts'
import { words } from '../words.ts'

/** The metrics of one day, by group and member. */
interface Day {
  readonly date: string
  /** `null` for a day that has no table. */
  readonly rows: readonly MetricRow[] | null
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

const ofRequests = [
  ...['asked', 'approved-by-people', 'denied-by-people'],
  ...['expired', 'lapsed', 'hasty', 'unseen'],
] as const
const ofVotes = ['approve', 'deny', 'hasty', 'unseen', 'busiest-hour'] as const

/** Pictures of the month, with the tables that have the same numbers. */
function MonthTables({ days, names, ids }: Month & { readonly ids: boolean }) {
  const text = pageWords.metrics
  const measured = days.map(({ date, rows }) => ({
    date,
    measures: measuresOf(rows ?? [], 'all').get('') ?? noMeasures,
  }))
  const sealed = new Set(days.filter(({ rows }) => rows !== null).map(({ date }) => date))
  const rows = days.flatMap((day) => day.rows ?? [])
  return (
    <>
      <Pictures days={measured} />
      <h3>{text.byDay}</h3>
      <p class="quiet">{text.sharesAbout}</p>
      <MetricTable
        title={text.byDay}
        heading={text.day}
        rows={measured
          .filter(({ date }) => sealed.has(date))
          .map(({ date, measures }) => ({ key: date, name: date, measures }))}
        counts={ofRequests}
        hasTimes
      />
      <Group by="approver" counts={ofVotes} {...{ rows, names, ids }} />
      <Group by="rule" counts={ofRequests} {...{ rows, names, ids }} />
      <Group by="agent" counts={ofRequests} {...{ rows, names, ids }} />
    </>
  )
}

const noMeasures: Measures = new Map()

interface PicturesProps {
  readonly days: readonly { readonly date: string; readonly measures: Measures }[]
}

/** How many decisions each day has, how long they took, and how careful votes were. */
function Pictures({ days }: PicturesProps) {
  const text = pageWords.metrics
  const bars = (...metrics: readonly string[]) =>
    days.map(({ date, measures }) => ({
      label: date.slice(8),
      parts: metrics.map((metric) => total(measures, metric)),
    }))
  return (
    <>
      <h3>{text.decisions}</h3>
      <Bars
        label={text.decisions}
        legend={[text.approved, text.denied, text.expired]}
        written={rounded}
        bars={bars('approved-by-people', 'denied-by-people', 'expired')}
      />
      <h3>{text.times}</h3>
      <Bars
        label={text.times}
        legend={[text.median, text.slow]}
        written={duration}
        bars={bars('decide-p50', 'decide-p90')}
        isBeside
      />
      <h3>{text.care}</h3>
      <Bars
        label={text.care}
        legend={[text.names.hasty, text.names.unseen]}
        written={rounded}
        bars={bars('hasty', 'unseen')}
      />
    </>
  )
}

const rounded = (value: number): string => String(Math.round(value))

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

interface GroupProps {
  readonly by: keyof typeof pageWords.metrics.groups
  readonly rows: readonly MetricRow[]
  readonly counts: typeof ofRequests | typeof ofVotes
  readonly names: Month['names']
  readonly ids: boolean
}

/** The most approvers that a picture has room for. The table has all. */
const mostInPicture = 10

/** Counts of a month by approver, rule or agent, the busiest first; of approvers with a picture of their votes. */
function Group({ by, rows, counts, names, ids }: GroupProps) {
  const text = pageWords.metrics
  const isOfVotes = by === 'approver'
  const work = (measures: Measures) =>
    (isOfVotes ? ['approve', 'deny'] : ['asked']).reduce((sum, metric) => sum + total(measures, metric), 0)
  const members = [...measuresOf(rows, by)].toSorted(([, a], [, b]) => work(b) - work(a))
  if (members.length === 0) return null
  return (
    <>
      <h3>{text.groups[by]}</h3>
      {isOfVotes && (
        <Bars
          label={text.load}
          legend={[text.names.approve, text.names.deny]}
          written={rounded}
          bars={members.slice(0, mostInPicture).map(([of, measures]) => ({
            label: visible(names[of] ?? of, 'line'),
            parts: [total(measures, 'approve'), total(measures, 'deny')],
          }))}
        />
      )}
      {by === 'rule' && <p class="quiet">{text.timesAbout}</p>}
      <MetricTable
        title={text.groups[by]}
        heading={text.members[by]}
        rows={members.map(([of, measures]) => ({
          key: of,
          name: <Member {...{ by, of, ids }} name={names[of]} />,
          measures,
        }))}
        counts={counts}
        hasTimes={!isOfVotes}
      />
    </>
  )
}

interface MemberProps {
  readonly by: GroupProps['by']
  readonly of: string
  readonly name: string | undefined
  readonly ids: boolean
}

/** A rule by its id, and everybody else by name. */
function Member({ by, of, name, ids }: MemberProps) {
  if (by !== 'rule') return <Named id={of} name={name} withId={ids} />
  return (
    <span class="mono">
      <Untrusted text={of} />
    </span>
  )
}
