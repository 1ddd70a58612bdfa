import type { PolicyInForce } from '../contract/policyAnswers.ts'
import { visible } from '../core/data/text.ts'
import { tiers } from '../core/request/event.ts'
import { statuses } from '../core/request/request.ts'
import { spoken } from '../words/spoken.ts'
import { useAnswer } from './answers.ts'
import { Button, Field } from './kit.tsx'
import { mayKnowPolicy, useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { peopleIn } from './people.ts'
import { address, go } from './router.ts'
import { words } from './words.ts'

/** The filters, in the order of the form. Their names are those of the API's query and of the page's address. */
export const filters = [
  'from',
  'to',
  'status',
  'tier',
  'action',
  'prefix',
  'environment',
  'agent',
  'rule',
  'person',
] as const
type Filter = (typeof filters)[number]
export type Filters = Readonly<Partial<Record<Filter, string>>>

/** The form of a search, which goes to the address that names what is chosen. */
export function SearchForm({ given, isFiltered }: { readonly given: Filters; readonly isFiltered: boolean }) {
  const known = useNames()
  const { columns } = words
  const { search } = pageWords
  const submit = (form: HTMLFormElement) => {
    const typed = new FormData(form)
    go(address('requests', Object.fromEntries(filters.map((name) => [name, textIn(typed, name)]))))
  }
  const of = (name: Filter, label: string) => ({ name, label, value: given[name] ?? '' })
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        submit(event.currentTarget)
      }}
    >
      <DayField {...of('from', search.from)} />
      <DayField {...of('to', search.to)} />
      <ChoiceField {...of('status', columns.status)} choices={statuses.map((one) => [one, spoken.statuses[one]])} />
      <ChoiceField {...of('tier', columns.tier)} choices={tiers.map((one) => [one, spoken.tiers[one]])} />
      <TextField {...of('action', columns.action)} />
      <TextField {...of('prefix', search.prefix)} />
      <TextField {...of('environment', columns.environment)} />
      <TextField {...of('rule', columns.rules)} />
      {known && <ChoiceField {...of('agent', columns.agent)} choices={withGiven(known.agents, given.agent)} />}
      {known && <ChoiceField {...of('person', search.person)} choices={withGiven(known.people, given.person)} />}
      {/* Without the names, a filter of the address stays as it is. */}
      {known === null && given.agent !== undefined && <TextField {...of('agent', columns.agent)} />}
      {known === null && given.person !== undefined && <TextField {...of('person', search.person)} />}
      <div class="actions">
        <Button type="submit" tone="primary">
          {search.search}
        </Button>
        {isFiltered && (
          <a class="button" href={address('requests')}>
            {search.clear}
          </a>
        )}
      </div>
    </form>
  )
}

interface FilterProps {
  readonly name: Filter
  readonly label: string
  /** What the address names. */
  readonly value: string
}

const TextField = ({ name, label, value }: FilterProps) => (
  <Field label={label}>
    {({ id }) => <input id={id} name={name} defaultValue={value} autocomplete="off" spellcheck={false} />}
  </Field>
)

const DayField = ({ name, label, value }: FilterProps) => (
  <Field label={label}>{({ id }) => <input id={id} name={name} type="date" defaultValue={value} />}</Field>
)

const ChoiceField = ({ name, label, value, choices }: FilterProps & { readonly choices: Choices }) => (
  <Field label={label}>
    {({ id }) => (
      <select id={id} name={name}>
        <option value="">{pageWords.search.any}</option>
        {choices.map(([one, said]) => (
          <option key={one} value={one} selected={value === one}>
            {visible(said)}
          </option>
        ))}
      </select>
    )}
  </Field>
)

type Choices = readonly (readonly [id: string, name: string])[]

/** Who can be searched for by name. */
interface KnownNames {
  readonly agents: Choices
  readonly people: Choices
}

/** Reads names for the filters; `null` for a person who may not know the policy, and while it cannot be read. */
function useNames(): KnownNames | null {
  const { api, me } = useSigned()
  const { value } = useAnswer('names', async (signal): Promise<KnownNames | null> => {
    if (!mayKnowPolicy(me)) return null
    const policy = await api.get<PolicyInForce>('/api/policy', { signal })
    return { agents: policy.agents.map(({ id, name }) => [id, name] as const), people: peopleIn(policy) }
  })
  return value
}

/** The choices, and what the address names beside them. */
const withGiven = (choices: Choices, given: string | undefined): Choices =>
  given === undefined || choices.some(([id]) => id === given) ? choices : [...choices, [given, given]]

function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
