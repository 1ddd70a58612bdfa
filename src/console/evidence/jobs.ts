import { useEffect, useRef, useState } from 'preact/hooks'
import { failureIn } from '../answers.ts'
import { CallFailure, type ServiceCalls } from '../api.ts'
import { download } from '../csv.ts'
import { stayAwake } from '../idle.ts'
import type { Progress } from '../verify/work.ts'
import { Fetcher, type WantedFile } from './fetching.ts'
import { TooLarge, tarOf } from './tar.ts'
import { type DaysToVerify, type Trusting, type Verified, verifyDays } from './verification.ts'
import { words } from './words.ts'

/** What the page does, or did last. */
export type Job =
  | { readonly kind: 'idle' }
  | { readonly kind: 'fetching'; readonly name: string; readonly place: number; readonly of: number }
  /** `null` before anything was read. */
  | { readonly kind: 'verifying'; readonly progress: Progress | null }
  | { readonly kind: 'failed'; readonly failure: CallFailure; readonly again: () => void }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'downloaded'; readonly name: string }
  | { readonly kind: 'verified'; readonly verified: Verified }

interface Doing {
  readonly signal: AbortSignal
  readonly tell: (job: Job) => void
}

export interface Jobs {
  readonly job: Job
  readonly isBusy: boolean
  readonly verify: (subject: DaysToVerify, trusting: Trusting) => void
  /** Downloads a file as it is, or several as one archive of this name. */
  readonly keep: (files: readonly WantedFile[], archive?: string) => void
  readonly cancel: () => void
}

/** One thing at a time: a new one ends the one before, and so does leaving the page. */
export function useJobs(api: ServiceCalls): Jobs {
  const [job, setJob] = useState<Job>({ kind: 'idle' })
  const running = useRef<AbortController | null>(null)
  const fetcher = useRef<Fetcher>(null)
  fetcher.current ??= new Fetcher(api)
  const files = fetcher.current
  useEffect(() => () => running.current?.abort(), [])

  const start = (work: (doing: Doing) => Promise<Job>): void => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    const { signal } = controller
    const tell = (now: Job): void => {
      if (!signal.aborted) setJob(now)
    }
    stayAwake(work({ signal, tell })).then(tell, (cause: unknown) =>
      tell({ kind: 'failed', failure: failureIn(cause), again: () => start(work) }),
    )
  }
  const fetching =
    (tell: Doing['tell']) =>
    (name: string, place: number, of: number): void =>
      tell({ kind: 'fetching', name, place, of })

  return {
    job,
    isBusy: job.kind === 'fetching' || job.kind === 'verifying',
    verify: (subject, trusting) =>
      start(async ({ signal, tell }) => {
        const verified = await verifyDays(files, subject, trusting, {
          ...{ signal, fetching: fetching(tell) },
          verifying: (progress) => tell({ kind: 'verifying', progress }),
        })
        return { kind: 'verified', verified }
      }),
    keep: (wanted, archive) =>
      start(async ({ signal, tell }) => {
        const found = await files.all(wanted, { signal, tell: fetching(tell) })
        return { kind: 'downloaded', name: kept(found, archive) }
      }),
    cancel: () => {
      running.current?.abort()
      setJob({ kind: 'cancelled' })
    },
  }
}

/** Gives files to the reader. Returns the name of what they got. */
function kept(files: readonly File[], archive?: string): string {
  const [only] = files
  const name = archive ?? only?.name ?? ''
  try {
    download(name, archive === undefined && only ? only : tarOf(files))
  } catch (cause) {
    if (cause instanceof TooLarge) throw new CallFailure('too-large', words.job.tooLarge(cause.message))
    throw cause
  }
  return name
}
