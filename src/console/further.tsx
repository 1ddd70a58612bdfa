import { useState } from 'preact/hooks'
import type { RequestAnswer, ViewAnswer } from '../contract/requestAnswer.ts'
import { visible } from '../core/data/text.ts'
import { confirmationOf } from '../core/request/decision.ts'
import { useDraft } from './draft.ts'
import { Button, Field, Notice } from './kit.tsx'
import { useSigned } from './me.ts'
import { NarrowForm } from './narrowForm.tsx'
import { pageWords } from './pageWords.ts'
import { ReasonForm } from './reasonForm.tsx'
import { Asked, BrokenGlass } from './talk.tsx'

type Question = NonNullable<RequestAnswer['questions']>[number]

interface FurtherProps {
  readonly view: ViewAnswer
  /** Is called after the service has recorded something. */
  readonly done: () => void
  /** Asks for the fresh sign-in that breaking the glass may take. */
  readonly stepUp: (claims: string) => void
}

type FurtherAct = NonNullable<ViewAnswer['may']>[number]

/** The form that is open: of an act, or of the answer to a question. */
type Open = Exclude<FurtherAct, 'answer'> | Question

/** What a person may do with a request beside deciding it: ask, answer, break the glass, review that. */
export function Further({ view, done, stepUp }: FurtherProps) {
  const [open, setOpen] = useState<Open | null>(null)
  const [told, setTold] = useState<string | null>(null)
  const { may = [], request, page, pages } = view
  const { acts } = pageWords.talk
  const close = () => setOpen(null)
  const recorded = (words: string) => () => {
    setTold(words)
    done()
  }
  const claims = view.stepUp?.claims
  const shared = { view, closed: close }
  return (
    <section class="beside" aria-label={acts.heading}>
      {told !== null && <Notice tone="good" title={told} />}
      {may.includes('answer') && <Questions request={request} open={setOpen} />}
      <div class="actions">
        {may.includes('ask') && <Button onPress={() => setOpen('ask')}>{acts.ask}</Button>}
        {may.includes('narrow') && page === pages && (
          <Button onPress={() => (claims === undefined ? setOpen('narrow') : stepUp(claims))}>
            {pageWords.narrow.open}
          </Button>
        )}
        {may.includes('review') && <Button onPress={() => setOpen('review')}>{acts.review}</Button>}
        {may.includes('break-glass') && page === pages && (
          <Button tone="danger" onPress={() => (claims === undefined ? setOpen('break-glass') : stepUp(claims))}>
            {acts.breakGlass}
          </Button>
        )}
      </div>
      {may.includes('narrow') && page < pages && <p class="quiet">{pageWords.narrow.later}</p>}
      {may.includes('break-glass') && page < pages && <p class="quiet">{acts.breakLater}</p>}
      {open === 'ask' && <AskForm {...shared} done={recorded(acts.asked)} />}
      {open === 'narrow' && <NarrowForm {...shared} done={recorded(pageWords.narrow.narrowed)} stepUp={stepUp} />}
      {open === 'break-glass' && <BreakForm {...shared} done={recorded(acts.broken)} stepUp={stepUp} />}
      {open === 'review' && <ReviewForm {...shared} done={recorded(acts.reviewed)} />}
      {open !== null && typeof open === 'object' && (
        <AnswerForm key={open.id} {...shared} question={open} done={recorded(acts.answered)} />
      )}
    </section>
  )
}

/** The questions that this person may answer. */
function Questions({
  request,
  open,
}: {
  readonly request: RequestAnswer
  readonly open: (question: Question) => void
}) {
  const { questions = [] } = request
  return (
    <ul class="plain talk">
      {questions
        .filter(({ answer }) => !answer)
        .map((question) => (
          <li key={question.id}>
            <Asked question={question} />
            <Button tone="primary" onPress={() => open(question)}>
              {pageWords.talk.acts.answer}
            </Button>
          </li>
        ))}
    </ul>
  )
}

interface FurtherFormProps {
  readonly view: ViewAnswer
  readonly done: () => void
  readonly closed: () => void
}

/** What every form here has in common. What was typed is dropped once it was sent or given up. */
function useFurtherForm<T extends { readonly why: string }>(form: string, blank: T, closed: () => void) {
  const [typed, type, drop] = useDraft(form, blank)
  const { missing } = pageWords.talk.acts
  return {
    typed,
    type,
    shared: {
      ...{ missing, why: typed.why, setWhy: (why: string) => type({ ...typed, why }) },
      closed: () => {
        drop()
        closed()
      },
    },
  }
}

/** Asks the side that wants the action. */
function AskForm({ view: { request, view }, done, closed }: FurtherFormProps) {
  const { api } = useSigned()
  const { shared } = useFurtherForm(`ask ${request.id}`, { why: '' }, closed)
  const { acts } = pageWords.talk
  return (
    <ReasonForm
      {...{ ...shared, done }}
      {...{ title: acts.askTitle, about: acts.askAbout, label: acts.question, button: acts.askNow, tone: 'primary' }}
      isComplete
      isHarmless
      send={(question) => api.post(`/api/requests/${request.id}/questions`, { question, view })}
    />
  )
}

/** Answers one question, for the side that asks for the action. */
function AnswerForm({ view: { request }, question, done, closed }: FurtherFormProps & { readonly question: Question }) {
  const { api } = useSigned()
  const { shared } = useFurtherForm(`answer ${question.id}`, { why: '' }, closed)
  const { acts } = pageWords.talk
  return (
    <ReasonForm
      {...{ ...shared, done }}
      {...{
        title: acts.answerTitle,
        about: acts.answerAbout,
        label: acts.answerField,
        button: acts.answerNow,
        tone: 'primary',
      }}
      most={1000}
      isComplete
      isHarmless
      send={(answer) => api.post(`/api/requests/${request.id}/answers`, { question: question.id, answer })}
    >
      {() => <Asked question={question} />}
    </ReasonForm>
  )
}

/** Approves alone: the reason, and the last part of the target, are typed. */
function BreakForm({ view: { request, view }, done, closed, stepUp }: FurtherFormProps & Pick<FurtherProps, 'stepUp'>) {
  const { api } = useSigned()
  const { typed, type, shared } = useFurtherForm(`break ${request.id}`, { why: '', confirm: '' }, closed)
  const { acts } = pageWords.talk
  const { confirm } = typed
  const wanted = confirmationOf(request.target ?? '')
  return (
    <ReasonForm
      {...{ ...shared, done }}
      {...{ title: acts.breakGlassTitle, about: acts.breakAbout, label: acts.breakReason, tone: 'danger' }}
      button={acts.breakGlassNow}
      isComplete={confirm.trim() !== ''}
      isHarmless
      send={(reason) => api.post(`/api/requests/${request.id}/break-glass`, { reason, view, confirm: confirm.trim() })}
      failed={({ claims }) => {
        if (claims !== null) stepUp(claims)
        return claims !== null
      }}
    >
      {(isAsked) => (
        <Field
          label={acts.type(visible(wanted))}
          isRequired
          error={isAsked && confirm.trim() === '' ? acts.missing : null}
        >
          {({ id, described }) => (
            <input
              {...{ id, value: confirm, 'aria-describedby': described, autocomplete: 'off', spellcheck: false }}
              onInput={(event) => type({ ...typed, confirm: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </ReasonForm>
  )
}

const findings = ['justified', 'unjustified'] as const

/** Says what to think of a broken glass. */
function ReviewForm({ view: { request }, done, closed }: FurtherFormProps) {
  const { api } = useSigned()
  const blank = { why: '', finding: null as (typeof findings)[number] | null }
  const { typed, type, shared } = useFurtherForm(`review ${request.id}`, blank, closed)
  const { acts } = pageWords.talk
  const { finding } = typed
  return (
    <ReasonForm
      {...{ ...shared, done }}
      {...{
        title: acts.reviewTitle,
        about: acts.reviewAbout,
        label: acts.reviewReason,
        button: acts.reviewNow,
        tone: 'primary',
      }}
      isComplete={finding !== null}
      isHarmless
      send={(reason) => api.post(`/api/requests/${request.id}/review`, { finding, reason })}
    >
      {(isAsked) => (
        <>
          {request.glass && <BrokenGlass glass={request.glass} />}
          <fieldset>
            <legend>{acts.finding}</legend>
            {findings.map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name="finding"
                  checked={finding === one}
                  onChange={() => type({ ...typed, finding: one })}
                />{' '}
                {acts.findings[one]}
              </label>
            ))}
            {isAsked && finding === null && (
              <small class="error" role="alert">
                {acts.noFinding}
              </small>
            )}
          </fieldset>
        </>
      )}
    </ReasonForm>
  )
}
