import type { PolicyInForce } from '../contract/policyAnswers.ts'
import { useAnswer } from './answers.ts'
import { useDraft } from './draft.ts'
import { Field } from './kit.tsx'
import { mayKnowPolicy, useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { ReasonForm, type ReasonFormOwner } from './reasonForm.tsx'

const kinds = ['request', 'agent', 'period'] as const

type Kind = (typeof kinds)[number]

/** Places a hold: on one request, on all of an agent, or on all of a period. */
export function HoldForm({ request, done, closed }: ReasonFormOwner & { readonly request: string }) {
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
      hint={text.whyHint}
      missing={text.noWhy}
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
export function ReleaseForm({ hold, done, closed }: ReasonFormOwner & { readonly hold: string }) {
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
      hint={text.whyHint}
      missing={text.noWhy}
      setWhy={(now) => type({ why: now })}
      button={text.releaseTitle}
      tone="danger"
      isComplete
      isHarmless
      send={(said) => api.post(`/api/evidence/holds/${hold}/release`, { why: said })}
    />
  )
}
