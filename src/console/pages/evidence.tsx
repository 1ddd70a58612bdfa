import { useState } from 'preact/hooks'
import type { BundleList } from '../../contract/evidenceAnswers.ts'
import { useAnswer } from '../answers.ts'
import { Calendar } from '../evidence/calendar.tsx'
import { DayPanel } from '../evidence/day.tsx'
import { newestCheckpoint } from '../evidence/fetching.ts'
import { type Jobs, useJobs } from '../evidence/jobs.ts'
import { Keys } from '../evidence/keys.tsx'
import { daysOf, dueDays, inAddress, newestDue, type Period, periodIn } from '../evidence/period.ts'
import { PeriodPanel, Periods } from '../evidence/periods.tsx'
import { Result } from '../evidence/result.tsx'
import { type Trusted, useTrusted } from '../evidence/trusted.ts'
import type { DaysToVerify, Trusting, Verified } from '../evidence/verification.ts'
import { words } from '../evidence/words.ts'
import { Button, Empty, Loaded, Notice, Page } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { address, go } from '../router.ts'
import { words as ours } from '../words.ts'

/** The sealed days, a month or a quarter at a time: their files, and what verifies them in this browser. */
export function Evidence({ query }: { readonly query: URLSearchParams }) {
  const { api, me } = useSigned()
  const bundles = useAnswer('bundles', (signal) => api.get<BundleList>('/api/evidence/bundles', { signal }))
  const jobs = useJobs(api)
  const trusted = useTrusted()
  const mayExport = me.roles.includes('Evidence.Export')
  return (
    <Page
      title={ours.pages.evidence}
      about={words.about}
      actions={
        <Button isBusy={jobs.isBusy} onPress={() => jobs.keep([newestCheckpoint])}>
          {words.checkpoint}
        </Button>
      }
    >
      <p class="quiet">{words.checkpointAbout}</p>
      <Loaded loading={bundles}>
        {(list) =>
          list.bundles.length === 0 ? (
            list.missing.length > 0 ? (
              <Notice tone="warning" title={words.period.lacking(list.missing.map(({ date }) => date))} />
            ) : (
              <Empty title={words.none}>
                <p>{words.noneAbout}</p>
              </Empty>
            )
          ) : (
            <Sealed list={list} query={query} jobs={jobs} trusted={trusted} mayExport={mayExport} />
          )
        }
      </Loaded>
      <Result job={jobs.job} cancel={jobs.cancel} />
      <section aria-labelledby="own-files">
        <h2 id="own-files">{words.ownFiles}</h2>
        <p class="quiet">{words.ownFilesAbout}</p>
        <p class="actions">
          {/* Another tab, since the router would look for a page of the console at this address. */}
          <a class="button" href={verifierAddress} target="_blank" rel="noreferrer">
            {words.openVerifier}
          </a>
          <a class="button" href={verifierAddress} download="countersign-verify.html">
            {words.saveVerifier}
          </a>
        </p>
      </section>
    </Page>
  )
}

interface SealedProps {
  readonly list: BundleList
  readonly query: URLSearchParams
  readonly jobs: Jobs
  readonly trusted: Trusted
  readonly mayExport: boolean
}

function Sealed({ list, query, jobs, trusted, mayExport }: SealedProps) {
  const [allowUnexplained, setAllow] = useState(false)
  const [oldest, newest] = [list.bundles[0], list.bundles.at(-1)]
  if (!oldest || !newest) return null
  const last = newestDue(newest, Date.now())
  const period = periodIn(query, last)
  const days = daysOf(period, list, Date.now())
  const given = query.get('day')
  const day = days.find(({ date, state }) => date === given && state !== 'outside') ?? null
  const trusting: Trusting | null =
    trusted.keys.length === 0 ? null : { keys: trusted.keys, checkpoints: trusted.checkpoints, allowUnexplained }
  const verify = (subject: Omit<DaysToVerify, 'newest'>) => trusting && jobs.verify({ ...subject, newest }, trusting)
  const verdicts = jobs.job.kind === 'verified' ? jobs.job.verified.verdicts : noVerdicts
  const choose = (date: string) => go(address('evidence', { ...inAddress(period), day: date }), 'replace')
  const shared = { jobs, mayExport, hasKey: trusting !== null }
  return (
    <>
      <Periods period={period} first={oldest.date} last={last} />
      <div class={`evidence ${period.kind}`}>
        <div class="calendars">
          {period.months.map((month) => (
            <Calendar
              key={month}
              month={month}
              days={days.filter(({ date }) => date.startsWith(month))}
              {...{ chosen: day?.date ?? null, choose, verdicts }}
            />
          ))}
        </div>
        <div class="panels">
          <PeriodPanel
            {...{ ...shared, days, name: nameOf(period), allowUnexplained, setAllow }}
            verify={() => verify({ days: dueDays(days), isSeries: true })}
          />
          <DayPanel {...shared} day={day} verify={(one) => verify({ days: [one], isSeries: false })} />
        </div>
      </div>
      {mayExport && <Keys trusted={trusted} />}
    </>
  )
}

/** The verifier as a file, which is the same below every start of the console. */
const verifierAddress = '/console/verify.html'

const noVerdicts: Verified['verdicts'] = new Map()

/** The name of the archive of a period. */
const nameOf = ({ name }: Period): string => `countersign-evidence-${name}.tar`
