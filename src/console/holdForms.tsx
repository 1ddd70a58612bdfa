import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { PolicyInForce } from '../contract/policyAnswers.ts'
import { failureIn, repeating, useAnswer } from './answers.ts'
import type { CallFailure } from './api.ts'
import { Dialog } from './dialog.tsx'
import { useDraft } from './draft.ts'
import { Button, Failed, Field } from './kit.tsx'
import { mayKnowPolicy, useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { WhyField } from './whyField.tsx'

interface FormProps {
  /** Is called after the service has recorded it. */
  readonly done: () => void
  /** Is called after the dialog was closed. */
  readonly closed: () => void
}

const kinds = ['request', 'agent', 'period'] as const

type Kind = (typeof kinds)[number]

/** Places a hold: on one request, on all of an agent, or on all of a period. */
export function HoldForm({ request, done, closed }: FormProps & { readonly request: string }) {
  const { api } = useSigned()
  const blank = { kind: 'request' as Kind, request, agent: '', from: '', to: '', why: '' }
  const [typed, type, drop] = useDraft(`hold ${request}`, blank)
  const { kind } = typed
  const text = pageWords.holds
  const wanted = kind === 'period' ? (['from', 'to'] as const) : ([kind] as const)
  const given = Object.fromEntries(wanted.map((name) => [name, typed[name].trim()]))
  return (
    <ReasonForm
      {...{ done }}
      closed={() => {
        drop()
        closed()
      }}
      title={text.placeTitle}
      about={text.placeAbout}
      label={text.why}
      why={typed.why}
      setWhy={(why) => type({ ...typed, why })}
      button={text.placeTitle}
      tone="primary"
      isComplete={Object.values(given).every((one) => one !== '')}
      isHarmless={false}
      send={(why) => api.post('/api/evidence/holds', { scope: given, why })}
    >
      {(isAsked) => (
        <>
          <fieldset>
            <legend>{text.covers}</legend>
            {kinds.map((one) => (
              <label key={one}>
                <input type="radio" name="kind" checked={kind === one} onChange={() => type({ ...typed, kind: one })} />{' '}
                {text[one]}
              </label>
            ))}
          </fieldset>
          {wanted.map((name) => (
            <ScopeField
              key={name}
              name={name}
              value={typed[name]}
              set={(value) => type({ ...typed, [name]: value })}
              error={isAsked && typed[name].trim() === '' ? text.noScope : null}
            />
          ))}
        </>
      )}
    </ReasonForm>
  )
}

interface ScopeFieldProps {
  readonly name: 'request' | 'agent' | 'from' | 'to'
  readonly value: string
  readonly set: (value: string) => void
  readonly error: string | null
}

/** One part of what a hold covers. An agent is chosen by name, unless this person may not know the agents. */
function ScopeField({ name, value, set, error }: ScopeFieldProps) {
  const { api, me } = useSigned()
  const agents = useAnswer('agents', async (signal) =>
    mayKnowPolicy(me) ? (await api.get<PolicyInForce>('/api/policy', { signal })).agents : [],
  )
  const text = pageWords.holds
  const labels = { request: text.requestId, agent: text.agentId, from: text.from, to: text.to }
  const known = agents.value ?? []
  return (
    <Field label={labels[name]} isRequired error={error}>
      {({ id, described }) => {
        const shared = { id, value, 'aria-describedby': described, 'aria-invalid': error !== null }
        return name === 'agent' && known.length > 0 ? (
          <select {...shared} onChange={(event) => set(event.currentTarget.value)}>
            <option value="">{pageWords.trial.choose}</option>
            {known.map((agent) => (
              <option key={agent.id} value={agent.id}>
                {agent.name}
              </option>
            ))}
          </select>
        ) : (
          <input
            {...shared}
            {...((name === 'from' || name === 'to') && { type: 'date' as const })}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => set(event.currentTarget.value)}
          />
        )
      }}
    </Field>
  )
}

/** Releases a hold, which is named by its id. */
export function ReleaseForm({ hold, done, closed }: FormProps & { readonly hold: string }) {
  const { api } = useSigned()
  const [{ why }, type, drop] = useDraft(`release ${hold}`, { why: '' })
  const text = pageWords.holds
  return (
    <ReasonForm
      {...{ done, why }}
      closed={() => {
        drop()
        closed()
      }}
      title={text.releaseTitle}
      about={text.releaseAbout}
      label={text.releaseWhy}
      setWhy={(now) => type({ why: now })}
      button={text.releaseTitle}
      tone="danger"
      isComplete
      isHarmless
      send={(said) => api.post(`/api/evidence/holds/${hold}/release`, { why: said })}
    />
  )
}

interface ReasonFormProps extends FormProps {
  readonly title: string
  readonly about: string
  /** Of the reason. */
  readonly label: string
  readonly why: string
  readonly setWhy: (why: string) => void
  readonly button: string
  readonly tone: 'primary' | 'danger'
  /** Whether everything but the reason is there. */
  readonly isComplete: boolean
  /** Whether sending once more what was recorded changes nothing: another hold is one more. */
  readonly isHarmless: boolean
  readonly send: (why: string) => Promise<unknown>
  /** Draws what stands above the reason. */
  readonly children?: (isAsked: boolean) => ComponentChildren
}

/** A dialog that asks for a reason. What was typed stays there if the call fails. */
function ReasonForm({ done, closed, children, send, isComplete, isHarmless, why, setWhy, ...said }: ReasonFormProps) {
  const [isAsked, setAsked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const { whyHint, noWhy } = pageWords.holds
  const submit = async (close: () => void) => {
    setAsked(true)
    if (!isComplete || why.trim() === '') return
    setBusy(true)
    setFailure(null)
    try {
      await send(why.trim())
      done()
      close()
    } catch (cause) {
      setFailure(failureIn(cause))
      setBusy(false)
    }
  }
  return (
    <Dialog title={said.title} closed={closed}>
      {(close) => (
        <form
          class="stacked"
          onSubmit={(event) => {
            event.preventDefault()
            if (!isBusy) void submit(close)
          }}
        >
          <p class="quiet">{said.about}</p>
          {failure && <Failed failure={failure} {...repeating(failure, () => void submit(close), isHarmless)} />}
          {children?.(isAsked)}
          <WhyField
            {...{ label: said.label, hint: whyHint, value: why, set: setWhy }}
            error={isAsked && why.trim() === '' ? noWhy : null}
          />
          <Button type="submit" tone={said.tone} isBusy={isBusy}>
            {said.button}
          </Button>
        </form>
      )}
    </Dialog>
  )
}
