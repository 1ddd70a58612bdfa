import { useEffect, useRef } from 'preact/hooks'
import { Button, Failed, Notice } from '../kit.tsx'
import { drawnOutcome, verdictWord } from '../verify/outcome.ts'
import { progressWords, shareOf, unbegun } from '../verify/progress.ts'
import { words as verifying } from '../verify/words.ts'
import type { Job } from './jobs.ts'
import type { Verified } from './verification.ts'
import { words } from './words.ts'

/** How far the work is, and how it ended. */
export function Result({ job, cancel }: { readonly job: Job; readonly cancel: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (job.kind === 'verified') heading.current?.focus()
  }, [job.kind])
  if (job.kind === 'idle') return null
  return (
    <section class="result" aria-labelledby="result-title">
      <h2 id="result-title" ref={heading} tabIndex={-1}>
        {words.job.title}
      </h2>
      <p class="hidden" role="status">
        {announced(job)}
      </p>
      {(job.kind === 'fetching' || job.kind === 'verifying') && <Running job={job} cancel={cancel} />}
      {job.kind === 'cancelled' && <p>{words.job.cancelled}</p>}
      {job.kind === 'downloaded' && <Notice tone="good" title={words.job.downloaded(job.name)} />}
      {job.kind === 'failed' && <Failed failure={job.failure} again={job.again} />}
      {job.kind === 'verified' && <Outcome verified={job.verified} />}
    </section>
  )
}

type RunningJob = Extract<Job, { readonly kind: 'fetching' | 'verifying' }>

function Running({ job, cancel }: { readonly job: RunningJob; readonly cancel: () => void }) {
  const { what, how } =
    job.kind === 'fetching' ? { what: wordsOf(job), how: '' } : progressWords(job.progress ?? unbegun)
  return (
    <div class="running">
      <p class="bold">{what}</p>
      <progress max={1} value={doneOf(job)} aria-label={what} />
      <p class="quiet">{how}</p>
      <Button onPress={cancel}>{words.job.cancel}</Button>
    </div>
  )
}

const wordsOf = ({ name, place, of }: Extract<Job, { readonly kind: 'fetching' }>): string =>
  words.job.fetching(name, place, of)

/** The share that is done, from 0 to 1. */
const doneOf = (job: RunningJob): number =>
  job.kind === 'fetching' ? (job.place - 1) / job.of : shareOf(job.progress ?? unbegun)

/** What a screen reader hears: each quarter of the work, and not each step. */
function announced(job: Job): string {
  if (job.kind === 'verified') return verdictWord(job.verified.outcome)
  if (job.kind === 'cancelled') return words.job.cancelled
  if (job.kind === 'fetching') return words.job.fetchingAll
  return job.kind === 'verifying' ? verifying.percent(25 * Math.floor(4 * doneOf(job))) : ''
}

/** The verdict, drawn by the same code as in `verify.html`. */
function Outcome({ verified }: { readonly verified: Verified }) {
  const place = useRef<HTMLDivElement>(null)
  const { outcome, work, given, seconds, notes, differences } = verified
  useEffect(() => place.current?.replaceChildren(drawnOutcome(outcome, { work, given, seconds })), [verified])
  return (
    <>
      {differences.length > 0 && (
        <Notice tone="bad" title={words.job.otherList}>
          <p>{words.job.otherListAbout(differences)}</p>
        </Notice>
      )}
      <div ref={place} />
      {notes.map((note) => (
        <p key={note} class="quiet">
          {note}
        </p>
      ))}
    </>
  )
}
