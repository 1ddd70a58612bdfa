import { useEffect, useRef, useState } from 'preact/hooks'
import { visible } from '../../core/data/text.ts'
import type { PolicyInForce } from '../../contract/policyAnswers.ts'
import type { RequestAnswer, RequestList } from '../../contract/requestAnswer.ts'
import { tiers } from '../../core/request/event.ts'
import { statuses } from '../../core/request/request.ts'
import { spoken } from '../../words/spoken.ts'
import { failureIn, useAnswer } from '../answers.ts'
import type { CallFailure } from '../api.ts'
import { csvOf, download } from '../csv.ts'
import { Button, Empty, Failed, Field, Page, Skeleton } from '../kit.tsx'
import { mayKnowPolicy, useSigned } from '../me.ts'
import { pageWords } from '../pageWords.ts'
import { peopleIn } from '../people.ts'
import { RequestTable } from '../requestTable.tsx'
import { address, go } from '../router.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

/** The filters, in the order of the form. Their names are those of the API's query and of the page's address. */
const filters = ['from', 'to', 'status', 'tier', 'action', 'prefix', 'environment', 'agent', 'rule', 'person'] as const
type Filter = (typeof filters)[number]
type Filters = Readonly<Partial<Record<Filter, string>>>

/** What has been found so far, page after page. */
interface Found {
  readonly requests: readonly RequestAnswer[]
  readonly cursor?: string | undefined
  /** How far back it was looked; absent when nothing is left. */
  readonly until?: string | undefined
}

/** Finds requests. The filters are in the address, so that a search can be saved, shared and come back to. */
export function Search({ query }: { readonly query: URLSearchParams }) {
  const { api } = useSigned()
  const typed = filtersIn(query)
  const given = { ...lately(typed.to), ...typed }
  const key = JSON.stringify(given)
  const [found, setFound] = useState<Found | null>(null)
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const [isBusy, setBusy] = useState(false)
  // More rows, and another try, belong to the search that is shown: a new one ends them.
  const running = useRef(new AbortController())
  const look = async (before: Found | null) => {
    const { signal } = running.current
    setBusy(true)
    setFailure(null)
    try {
      const cursor = before?.cursor
      const page = await api.get<RequestList>('/api/requests', {
        query: { ...asked(given), limit: '50', cursor },
        signal,
      })
      if (signal.aborted) return
      const requests = [...(before?.requests ?? []), ...page.requests]
      setFound({ requests, cursor: page.cursor, until: page.until })
    } catch (cause) {
      if (!signal.aborted) setFailure(failureIn(cause))
    } finally {
      if (!signal.aborted) setBusy(false)
    }
  }
  useEffect(() => {
    const controller = new AbortController()
    running.current = controller
    setFound(null)
    void look(null)
    return () => controller.abort()
  }, [key])
  return (
    <Page
      title={words.pages.requests}
      about={pageWords.search.about}
      actions={
        found !== null &&
        found.requests.length > 0 && (
          <Button onPress={() => download('countersign-requests.csv', csvOf(found.requests))}>{pageWords.csv}</Button>
        )
      }
    >
      <Form key={key} given={given} isFiltered={filters.some((name) => query.has(name))} />
      {failure && <Failed failure={failure} again={() => void look(found)} />}
      {found === null && failure === null && <Skeleton />}
      {/* What a screen reader reads out when it changes has to be there before. */}
      <p class="summary" role="status">
        {found !== null && <Summary found={found} given={given} />}
      </p>
      {found !== null && (
        <>
          {found.requests.length === 0 ? (
            <Empty title={pageWords.search.nothing}>
              <p>{pageWords.search.nothingAbout}</p>
            </Empty>
          ) : (
            <RequestTable requests={found.requests} label={words.pages.requests} />
          )}
          {found.cursor === undefined ? (
            <a
              class="button further"
              href={address('requests', { ...given, ...lately(given.from && dayBefore(given.from)) })}
            >
              {pageWords.search.before(span)}
            </a>
          ) : (
            <Button isBusy={isBusy} onPress={() => void look(found)}>
              {pageWords.search.more}
            </Button>
          )}
        </>
      )}
    </Page>
  )
}

/** How many requests were found, and where it was looked for them. */
function Summary({ found, given }: { readonly found: Found; readonly given: Filters }) {
  const { search } = pageWords
  return (
    <>
      {search.found(found.requests.length)}
      {'. '}
      {found.cursor === undefined ? (
        search.all(given.from ?? '', given.to ?? '')
      ) : (
        <>
          {search.lookedBack} {found.until !== undefined && <Time at={found.until} far />}.
        </>
      )}
    </>
  )
}

const filtersIn = (query: URLSearchParams): Filters =>
  Object.fromEntries(filters.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? '']] : [])))

/** Days that one search spans, unless the reader says otherwise; the service takes a few more. */
const span = 30

/** The days up to this one, which is today if none is given. */
const lately = (to = dayOf(new Date())): Filters => ({ from: earlier(to, span - 1), to })

const dayBefore = (day: string): string => earlier(day, 1)

const earlier = (day: string, days: number): string =>
  dayOf(new Date(Date.parse(`${day}T00:00:00.000Z`) - days * oneDay))

const oneDay = 86_400_000

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

/** The query of the API: a day stands for its first moment, or as the end for the first one after it, which is left out. */
const asked = (given: Filters): Filters => ({
  ...given,
  ...(given.from !== undefined && { from: `${given.from}T00:00:00.000Z` }),
  ...(given.to !== undefined && { to: new Date(Date.parse(`${given.to}T00:00:00.000Z`) + oneDay).toISOString() }),
})

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

function Form({ given, isFiltered }: { readonly given: Filters; readonly isFiltered: boolean }) {
  const known = useNames()
  const { columns } = words
  const { search } = pageWords
  const submit = (form: HTMLFormElement) => {
    const typed = new FormData(form)
    go(address('requests', Object.fromEntries(filters.map((name) => [name, textIn(typed, name)]))))
  }
  const text = (name: Filter, label: string) => (
    <Field label={label}>
      {({ id }) => <input id={id} name={name} defaultValue={given[name] ?? ''} autocomplete="off" spellcheck={false} />}
    </Field>
  )
  const day = (name: Filter, label: string) => (
    <Field label={label}>
      {({ id }) => <input id={id} name={name} type="date" defaultValue={given[name] ?? ''} />}
    </Field>
  )
  const choice = (name: Filter, label: string, values: readonly (readonly [string, string])[]) => (
    <Field label={label}>
      {({ id }) => (
        <select id={id} name={name}>
          <option value="">{search.any}</option>
          {values.map(([value, said]) => (
            <option key={value} value={value} selected={given[name] === value}>
              {visible(said)}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        submit(event.currentTarget)
      }}
    >
      {day('from', search.from)}
      {day('to', search.to)}
      {choice(
        'status',
        columns.status,
        statuses.map((one) => [one, spoken.statuses[one]] as const),
      )}
      {choice(
        'tier',
        columns.tier,
        tiers.map((one) => [one, spoken.tiers[one]] as const),
      )}
      {text('action', columns.action)}
      {text('prefix', search.prefix)}
      {text('environment', columns.environment)}
      {text('rule', columns.rules)}
      {known !== null && choice('agent', columns.agent, withGiven(known.agents, given.agent))}
      {known !== null && choice('person', search.person, withGiven(known.people, given.person))}
      {/* Without the names, a filter of the address stays as it is. */}
      {known === null && given.agent !== undefined && text('agent', columns.agent)}
      {known === null && given.person !== undefined && text('person', search.person)}
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

function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
