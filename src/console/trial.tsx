import { useState } from 'preact/hooks'
import { visible } from '../core/data/text.ts'
import type { PolicyInForce, TriedAsk } from '../contract/policyAnswers.ts'
import { spoken } from '../words/spoken.ts'
import { failureIn, repeating } from './answers.ts'
import type { CallFailure } from './api.ts'
import { useDraft } from './draft.ts'
import { duration } from './duration.ts'
import { Button, Facts, Failed, Field, Notice, Untrusted } from './kit.tsx'
import { useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { peopleIn } from './people.ts'
import { words } from './words.ts'

interface TrialProps {
  readonly policy: PolicyInForce
  /** Reads the policy again. */
  readonly readAgain: () => void
}

/** What was typed into the form, by field. */
const blank = { agent: '', action: '', target: '', environment: '', params: '{}', onBehalfOf: '', executor: '', at: '' }

type Typed = typeof blank
type Name = keyof Typed

const needed = ['agent', 'action', 'target', 'environment'] as const satisfies readonly Name[]

/** A form that tries an ask: what policy answers, and who would have to approve. It records nothing. */
export function Trial({ policy, readAgain }: TrialProps) {
  const { api } = useSigned()
  const [typed, setTyped, drop] = useDraft<Typed>('trial', blank)
  const [isAsked, setAsked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const [tried, setTried] = useState<TriedAsk | null>(null)
  const faults = faultsIn(typed)
  const submit = async () => {
    setAsked(true)
    if (Object.keys(faults).length > 0) return
    setBusy(true)
    setFailure(null)
    setTried(null)
    try {
      setTried(await api.post<TriedAsk>('/api/policy/judgements', askOf(typed)))
      drop()
    } catch (cause) {
      setFailure(failureIn(cause))
    } finally {
      setBusy(false)
    }
  }
  const { trial } = pageWords
  return (
    <section class="trial" aria-label={trial.title}>
      <h2>{trial.title}</h2>
      <p class="quiet">{trial.about}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy) void submit()
        }}
      >
        <Fields
          policy={policy}
          typed={typed}
          // Another agent has other executors.
          type={(name, text) => setTyped({ ...typed, ...(name === 'agent' && { executor: '' }), [name]: text })}
          faults={isAsked ? faults : {}}
        />
        <Button type="submit" tone="primary" isBusy={isBusy}>
          {trial.submit}
        </Button>
      </form>
      {failure && <Failed failure={failure} {...repeating(failure, () => void submit())} />}
      {tried && tried.policy !== policy.version && (
        <Notice tone="warning" title={trial.newer}>
          <Button onPress={readAgain}>{words.story.showAgain}</Button>
        </Notice>
      )}
      {tried && <Result tried={tried} policy={policy} />}
    </section>
  )
}

type Faults = Readonly<Partial<Record<Name, string>>>

function faultsIn(typed: Typed): Faults {
  const { missing, notJson } = pageWords.trial
  return {
    ...Object.fromEntries(needed.filter((name) => typed[name].trim() === '').map((name) => [name, missing])),
    ...(paramsIn(typed.params) === null && { params: notJson }),
  }
}

/** `null` for a text that is no JSON object. */
function paramsIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const askOf = ({ agent, action, target, environment, params, onBehalfOf, executor, at }: Typed) => ({
  ...{ agent, action: action.trim(), target: target.trim(), environment: environment.trim() },
  params: paramsIn(params) ?? {},
  ...(onBehalfOf !== '' && { onBehalfOf }),
  ...(executor !== '' && { executor }),
  ...(at !== '' && { at: `${at}:00.000Z` }),
})

interface FieldsProps {
  readonly policy: PolicyInForce
  readonly typed: Typed
  readonly type: (name: Name, text: string) => void
  readonly faults: Faults
}

function Fields({ policy, typed, type, faults }: FieldsProps) {
  const { columns } = words
  const { trial } = pageWords
  const actions = [...new Set(policy.rules.flatMap((rule) => rule.actions))].sort()
  const executors = policy.agents.find(({ id }) => id === typed.agent)?.executors ?? []
  const shared = (name: Name, label: string) => ({
    ...{ label, value: typed[name], error: faults[name] ?? null },
    isRequired: needed.some((one) => one === name),
    set: (text: string) => type(name, text),
  })
  return (
    <>
      <Choice
        {...shared('agent', columns.agent)}
        none={trial.choose}
        choices={policy.agents.map(({ id, name }) => [id, name] as const)}
      />
      <Text {...shared('action', columns.action)} more={{ list: 'actions' }} />
      <datalist id="actions">
        {actions.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <Text {...shared('target', columns.target)} />
      <Text {...shared('environment', columns.environment)} />
      <Field label={trial.params} hint={trial.paramsHint} error={faults.params ?? null}>
        {({ id, described }) => (
          <textarea
            {...{ id, 'aria-describedby': described, 'aria-invalid': faults.params !== undefined }}
            class="mono"
            rows={4}
            spellcheck={false}
            value={typed.params}
            onInput={(event) => type('params', event.currentTarget.value)}
          />
        )}
      </Field>
      <Choice {...shared('onBehalfOf', trial.onBehalfOf)} none={trial.nobody} choices={peopleIn(policy)} />
      {executors.length > 0 && (
        <Choice
          {...shared('executor', trial.executor)}
          none={trial.itself}
          choices={executors.map((id) => [id, policy.agents.find((agent) => agent.id === id)?.name ?? id] as const)}
        />
      )}
      <Text {...shared('at', `${trial.at}. ${trial.atHint}`)} more={{ type: 'datetime-local' }} />
    </>
  )
}

interface ControlProps {
  readonly label: string
  readonly value: string
  readonly error: string | null
  readonly isRequired: boolean
  readonly set: (text: string) => void
}

function Text({ label, value, error, isRequired, set, more = {} }: ControlProps & { readonly more?: object }) {
  return (
    <Field {...{ label, error, isRequired }}>
      {({ id, described }) => (
        <input
          {...{ id, value, 'aria-describedby': described, 'aria-invalid': error !== null }}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => set(event.currentTarget.value)}
          {...more}
        />
      )}
    </Field>
  )
}

interface ChoiceProps extends ControlProps {
  /** What it means to choose nothing. */
  readonly none: string
  readonly choices: readonly (readonly [value: string, said: string])[]
}

function Choice({ label, value, error, isRequired, set, none, choices }: ChoiceProps) {
  return (
    <Field {...{ label, error, isRequired }}>
      {({ id, described }) => (
        <select
          {...{ id, value, 'aria-describedby': described, 'aria-invalid': error !== null }}
          onChange={(event) => set(event.currentTarget.value)}
        >
          <option value="">{none}</option>
          {choices.map(([one, said]) => (
            <option key={one} value={one}>
              {visible(said)}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

interface ResultProps {
  readonly tried: TriedAsk
  readonly policy: PolicyInForce
}

const tones = { approve: 'info', allow: 'good', forbid: 'bad', 'no-policy': 'bad' } as const

/** What would come of it, in words, with the rules that decide. */
function Result({ tried, policy }: ResultProps) {
  const { trial } = pageWords
  const { outcome, rules, problem, required, excluded, excludedByAgent = [], warnings, pages } = tried
  const names = new Map([...peopleIn(policy), ...policy.agents.map(({ id, name }) => [id, name] as const)])
  const named = (ids: readonly string[]) =>
    ids.length > 0 && <Untrusted text={ids.map((id) => names.get(id) ?? id).join(', ')} />
  const isAsked = outcome === 'approve'
  return (
    <div class="tried">
      <Notice tone={tones[outcome]} title={trial.outcomes[outcome] ?? outcome} />
      {problem && (
        <Notice tone="warning" title={trial.problem}>
          <p>{problem.detail}</p>
        </Notice>
      )}
      <Facts
        of={[
          [
            trial.recorded,
            rules.length === 0 ? trial.none : rules.map((id) => <RuleSaid key={id} id={id} policy={policy} />),
          ],
          [trial.summary, tried.summary !== undefined && <Untrusted text={tried.summary} />],
          [words.columns.tier, tried.tier && spoken.tiers[tried.tier]],
          [
            trial.required,
            required.length > 0 &&
              required.map(({ groups, quorum, eligible }) => (
                <div key={groups.join()}>{trial.eligible(spoken.progress.people(groups, quorum), eligible)}</div>
              )),
          ],
          [trial.excluded, isAsked && (named(excluded) || trial.none)],
          [trial.excludedByAgent, named(excludedByAgent)],
          [trial.pages, isAsked && String(pages)],
          [trial.doors, tried.via?.join(', ')],
          [trial.expires, tried.expires !== undefined && duration(tried.expires * 1000)],
          [trial.lapse, tried.lapse !== undefined && duration(tried.lapse * 1000)],
          [trial.grant, tried.grant !== undefined && duration(tried.grant * 1000)],
          [
            trial.warnings,
            warnings.length > 0 && warnings.map(({ code, words: said }) => <div key={code}>{said}</div>),
          ],
        ]}
      />
    </div>
  )
}

/** A rule by its id, with what it says. */
function RuleSaid({ id, policy }: { readonly id: string; readonly policy: PolicyInForce }) {
  const said = policy.rules.find((rule) => rule.id === id)?.words
  return (
    <div>
      <span class="mono">{id}</span>
      {said !== undefined && (
        <small>
          <Untrusted text={said} />
        </small>
      )}
    </div>
  )
}
