import { useRef, useState } from 'preact/hooks'
import type { RequestAnswer, ViewAnswer } from '../../contract/requestAnswer.ts'
import { actionDigest } from '../../core/action/canonicalAction.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { failureIn, repeating, useAnswer, useEvery } from '../answers.ts'
import type { CallFailure } from '../api.ts'
import { Card, type CardDraft, type Click } from '../card.tsx'
import { Button, Failed, Loaded, Notice, Page, Untrusted } from '../kit.tsx'
import { later } from '../later.tsx'
import { useSigned } from '../me.ts'
import { Status } from '../requestTable.tsx'
import { address } from '../router.ts'
import { words } from '../words.ts'

// Most people who decide need neither.
const Story = later(async () => (await import('../story.tsx')).Story)
const StepUp = later(async () => (await import('../stepUp.tsx')).StepUp)

/** Milliseconds after which a request is read again while somebody looks at it. */
const interval = 20_000

/** What a person gets to see of a request: the card, if they may be shown one, and the request itself. */
interface Seen {
  readonly request: RequestAnswer
  readonly view: ViewAnswer | null
}

/** A click that the service did not carry out, as far as is known. The same vote is recorded once, however often it comes. */
interface FailedClick {
  readonly failure: CallFailure
  /** Sends the same again, for the view that was clicked on. */
  readonly again: () => void
}

type Verdict = 'approve' | 'deny' | 'revoke'

/** One request: the card with its buttons for those who may decide, and for auditors its story. */
export function Request({ id }: { readonly id: string }) {
  const { api, me, session } = useSigned()
  const [page, setPage] = useState(() => session.drafts.of<CardDraft>(draftOf(id))?.page ?? 1)
  const [news, setNews] = useState<RequestAnswer | null>(null)
  const isReader = me.roles.includes('Evidence.Read')
  const seen = useAnswer(`${id} ${page}`, async (signal): Promise<Seen> => {
    setNews(null)
    setFailed(null)
    try {
      const view = await api.post<ViewAnswer>(`/api/requests/${id}/views`, { page }, { signal })
      return { request: view.request, view }
    } catch (cause) {
      if (!isReader || failureIn(cause).code !== 'not-found') throw cause
      return { request: await api.get<RequestAnswer>(`/api/requests/${id}`, { signal }), view: null }
    }
  })
  const [decided, setDecided] = useState<Verdict | null>(null)
  const [failed, setFailed] = useState<FailedClick | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [proof, setProof] = useState<string | null>(null)

  const newest = useRef(seen.value)
  newest.current = seen.value
  useEvery(interval, () => {
    const { value } = seen
    if (value === null || isBusy) return
    api.get<RequestAnswer>(`/api/requests/${id}`).then(
      // What was read again meanwhile is newer than this answer.
      (now) => (newest.current === value ? setNews(isSame(now, value.request) ? null : now) : undefined),
      // It is tried again; what the reader does next says what is wrong.
      () => undefined,
    )
  })

  const click = async (one: Click, view: ViewAnswer) => {
    const { verb, page: wanted, typed } = one
    setFailed(null)
    if (verb === 'review') return setPage(wanted ?? 1)
    if (view.stepUp) return setProof(view.stepUp.claims)
    setBusy(true)
    try {
      await send(verb as Verdict, view, typed)
      session.drafts.drop(draftOf(id))
      setDecided(verb as Verdict)
      seen.again()
    } catch (cause) {
      const failure = failureIn(cause)
      if (failure.claims === null) setFailed({ failure, again: () => void click(one, view) })
      else setProof(failure.claims)
    } finally {
      setBusy(false)
    }
  }
  const proved = () => {
    setProof(null)
    seen.again()
  }
  const send = (verb: Verdict, view: ViewAnswer, typed: Click['typed']) => {
    const reason = typed['reason'] ?? typed['note'] ?? ''
    const said = reason === '' ? {} : { reason }
    if (verb === 'revoke') return api.post(`/api/requests/${id}/revoke`, said)
    const confirm = typed['confirm'] === undefined ? {} : { confirm: typed['confirm'] }
    return api.post(`/api/requests/${id}/decisions`, { verdict: verb, view: view.view, ...said, ...confirm })
  }

  if (seen.failure?.code === 'not-found')
    return (
      <Page title={words.notFound}>
        <p>{words.notFoundAbout}</p>
      </Page>
    )
  const { value } = seen
  return (
    <Page
      title={value === null ? words.request : whatOf(value.request)}
      heading={value === null ? words.request : <Untrusted text={whatOf(value.request)} />}
      about={value !== null && <Status of={value.request} />}
      actions={
        <>
          {isReader && <Button onPress={() => print()}>{words.story.print}</Button>}
          {value?.request.closedAt !== undefined && me.roles.includes('Evidence.Erase') && (
            <a class="button" href={address(`requests/${id}/erase`)}>
              {words.story.erase}
            </a>
          )}
        </>
      }
    >
      {decided && <Notice tone="good" title={words.story.decided[decided]} />}
      {news && (
        <Notice tone="warning" title={words.story.changed}>
          <p>{words.story.changedAbout}</p>
          <Button onPress={seen.again}>{words.story.showAgain}</Button>
        </Notice>
      )}
      {failed && <Failed failure={failed.failure} {...repeating(failed.failure, failed.again)} />}
      {proof !== null && <StepUp claims={proof} proved={proved} close={() => setProof(null)} />}
      <Loaded loading={seen}>
        {({ request, view }) => (
          <div class={`request ${view && isReader ? 'both' : ''}`}>
            {view && (
              <div>
                {view.stepUp && (
                  <Notice tone="info" title={words.stepUp.title}>
                    <p>{words.stepUp.before}</p>
                    <Button onPress={() => setProof(view.stepUp?.claims ?? null)}>{words.stepUp.now}</Button>
                  </Notice>
                )}
                <Shown view={view} isBusy={isBusy} click={(one) => void click(one, view)} />
              </div>
            )}
            {isReader && <Story key={`${request.status} ${request.approvals.decisions.length}`} request={request} />}
          </div>
        )}
      </Loaded>
    </Page>
  )
}

/** Under which name the session keeps what is typed into the card of a request. */
const draftOf = (id: string): string => `card ${id}`

/** What is asked for, as a heading. An erased action has no target any more. */
const whatOf = ({ action, target }: RequestAnswer): string => (target === undefined ? action : `${action} ${target}`)

interface ShownProps {
  readonly view: ViewAnswer
  readonly isBusy: boolean
  readonly click: (click: Click) => void
}

/** The card. It is not offered for a decision if what it is about is not what the digest is of. */
function Shown({ view, isBusy, click }: ShownProps) {
  const { drafts } = useSigned().session
  const { request, card, refusal, page } = view
  const form = draftOf(request.id)
  const draft = drafts.of<CardDraft>(form)
  if (!isOfDigest(request))
    return (
      <Notice tone="bad" title={words.story.wrongDigest}>
        <p>{words.story.wrongDigestAbout}</p>
      </Notice>
    )
  return (
    <>
      {refusal && (
        <Notice tone="info" title={words.story.refused}>
          <p>{refusal.words}</p>
        </Notice>
      )}
      {/* Another page or another state is another card: what was typed belongs to the one before. */}
      <Card
        key={`${page} ${request.status}`}
        {...{ card, click, isBusy }}
        draft={draft?.page === page ? draft : null}
        note={(typed) => drafts.put(form, { page, ...typed })}
      />
    </>
  )
}

/** Computes the digest of the action anew. An erased action has none any more, and nothing to decide. */
function isOfDigest({ action, target, environment, params, digest }: RequestAnswer): boolean {
  if (target === undefined || environment === undefined || params === undefined) return true
  return actionDigest({ action, target, environment, params: params as JsonObject }) === digest
}

/** Whether nothing has happened that the reader should see. */
const isSame = (a: RequestAnswer, b: RequestAnswer): boolean =>
  a.status === b.status && a.approvals.decisions.length === b.approvals.decisions.length && a.expiresAt === b.expiresAt
