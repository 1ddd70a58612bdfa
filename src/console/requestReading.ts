import { useEffect, useRef, useState } from 'preact/hooks'
import type { RequestAnswer, ViewAnswer } from '../contract/requestAnswer.ts'
import { failureIn, type Loading, useAnswer, useEvery } from './answers.ts'
import type { CallFailure, ServiceCalls } from './api.ts'
import type { CardDraft, Click } from './card.tsx'
import { useSigned } from './me.ts'
import { stepUpOf } from './session.ts'

/** What a person gets to see of a request: the card, if they may be shown one, and the request itself. */
interface Seen {
  readonly request: RequestAnswer
  readonly view: ViewAnswer | null
}

type Verdict = 'approve' | 'deny' | 'revoke'

/** A click that the service did not carry out, as far as is known. The same vote is recorded once, however often it comes. */
interface FailedClick {
  readonly failure: CallFailure
  /** Sends the same again, for the view that was clicked on. */
  readonly again: () => void
}

/** A request that somebody reads, and what came of the reader's clicks on its card. */
export interface RequestReading {
  readonly seen: Loading<Seen>
  /** The request as it is now, if it has changed since it was read. */
  readonly newer: RequestAnswer | null
  readonly isBusy: boolean
  /** What the service has recorded. */
  readonly decided: Verdict | null
  readonly failed: FailedClick | null
  /** What a fresh sign-in has to meet, while the reader is asked for one. */
  readonly claims: string | null
  readonly stepUp: (claims: string | null) => void
  readonly click: (click: Click, view: ViewAnswer) => Promise<void>
}

/** Reads a request, and carries out what the reader clicks on its card. */
export function useRequestReading(id: string): RequestReading {
  const { api, session } = useSigned()
  const [page, setPage] = useState(() => session.drafts.of<CardDraft>(draftOf(id))?.page ?? 1)
  const [newer, setNewer] = useState<RequestAnswer | null>(null)
  const [decided, setDecided] = useState<Verdict | null>(null)
  const [failed, setFailed] = useState<FailedClick | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [claims, stepUp] = useState<string | null>(null)
  const seen = useSeen(id, page, () => {
    setNewer(null)
    setFailed(null)
  })
  useChanges(seen.value, isBusy, setNewer)
  useMissedStepUp(seen.value?.view, stepUp)
  const click = async (one: Click, view: ViewAnswer) => {
    const { verb, page: wanted, typed } = one
    setFailed(null)
    if (verb === 'review') return setPage(wanted ?? 1)
    if (view.stepUp) return stepUp(view.stepUp.claims)
    setBusy(true)
    try {
      await send(api, verb as Verdict, view, typed)
      session.drafts.drop(draftOf(id))
      setDecided(verb as Verdict)
      seen.again()
    } catch (cause) {
      const failure = failureIn(cause)
      if (failure.claims === null) setFailed({ failure, again: () => void click(one, view) })
      else stepUp(failure.claims)
    } finally {
      setBusy(false)
    }
  }
  return { seen, newer, isBusy, decided, failed, claims, stepUp, click }
}

/** Under which name the session keeps what is typed into the card of a request. */
export const draftOf = (id: string): string => `card ${id}`

/**
 * Reads a request for somebody who may be shown its card, or for an auditor.
 *
 * @param begin is called whenever it is read anew
 */
function useSeen(id: string, page: number, begin: () => void): Loading<Seen> {
  const { api, me } = useSigned()
  return useAnswer(`${id} ${page}`, async (signal): Promise<Seen> => {
    begin()
    try {
      const view = await api.post<ViewAnswer>(`/api/requests/${id}/views`, { page }, { signal })
      return { request: view.request, view }
    } catch (cause) {
      if (!me.roles.includes('Evidence.Read') || failureIn(cause).code !== 'not-found') throw cause
      return { request: await api.get<RequestAnswer>(`/api/requests/${id}`, { signal }), view: null }
    }
  })
}

/** Milliseconds after which a request is read again while somebody looks at it. */
const interval = 20_000

/** Tells the request as it is now once it has changed while somebody looks at it, and `null` while it has not. */
function useChanges(value: Seen | null, isBusy: boolean, tell: (newer: RequestAnswer | null) => void): void {
  const { api } = useSigned()
  const newest = useRef(value)
  newest.current = value
  useEvery(interval, () => {
    if (value === null || isBusy) return
    api.get<RequestAnswer>(`/api/requests/${value.request.id}`).then(
      // What was read again meanwhile is newer than this answer.
      (now) => (newest.current === value ? tell(isSame(now, value.request) ? null : now) : undefined),
      // It is tried again; what the reader does next says what is wrong.
      () => undefined,
    )
  })
}

/** Asks again for a step-up for which the page was left, and which the reader comes back without. */
function useMissedStepUp(view: ViewAnswer | null | undefined, stepUp: (claims: string) => void): void {
  const { drafts } = useSigned().session
  useEffect(() => {
    if (!view || !drafts.of(stepUpOf(view.request.id))) return
    if (view.stepUp) stepUp(view.stepUp.claims)
    else drafts.drop(stepUpOf(view.request.id))
  }, [view])
}

/** Whether nothing has happened that the reader should see. */
const isSame = (a: RequestAnswer, b: RequestAnswer): boolean => stateOf(a) === stateOf(b)

/** Changes whenever something happens to a request that a reader should see. */
export const stateOf = ({ status, approvals, expiresAt, content, questions, prompts, glass }: RequestAnswer): string =>
  JSON.stringify([status, approvals.decisions.length, expiresAt, content, questions, prompts?.joined, glass])

function send(
  api: ServiceCalls,
  verb: Verdict,
  { request, view }: ViewAnswer,
  typed: Click['typed'],
): Promise<unknown> {
  const reason = typed['reason'] ?? typed['note'] ?? ''
  const said = reason === '' ? {} : { reason }
  if (verb === 'revoke') return api.post(`/api/requests/${request.id}/revoke`, said)
  const confirm = typed['confirm'] === undefined ? {} : { confirm: typed['confirm'] }
  return api.post(`/api/requests/${request.id}/decisions`, { verdict: verb, view, ...said, ...confirm })
}
