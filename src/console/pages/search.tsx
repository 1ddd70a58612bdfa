import { useEffect, useRef, useState } from 'preact/hooks'
import type { RequestAnswer, RequestList } from '../../contract/requestAnswer.ts'
import { failureIn } from '../answers.ts'
import type { CallFailure } from '../api.ts'
import { csvOf, download } from '../csv.ts'
import { Button, Empty, Failed, Page, Skeleton } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { pageWords } from '../pageWords.ts'
import { RequestTable } from '../requestTable.tsx'
import { address } from '../router.ts'
import { type Filters, filters, SearchForm } from '../searchForm.tsx'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

/** What has been found so far, page after page. */
interface Found {
  readonly requests: readonly RequestAnswer[]
  readonly cursor?: string | undefined
  /** How far back it was looked; absent when nothing is left. */
  readonly until?: string | undefined
}

/** Finds requests. The filters are in the address, so that a search can be saved, shared and come back to. */
export function Search({ query }: { readonly query: URLSearchParams }) {
  const typed = filtersIn(query)
  const given = { ...lately(typed.to), ...typed }
  const key = JSON.stringify(given)
  const { found, failure, isBusy, more } = useFound(key, given)
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
      <SearchForm key={key} given={given} isFiltered={filters.some((name) => query.has(name))} />
      {failure && <Failed failure={failure} again={more} />}
      {found === null && failure === null && <Skeleton />}
      {/* What a screen reader reads out when it changes has to be there before. */}
      <p class="summary" role="status">
        {found !== null && <Summary found={found} given={given} />}
      </p>
      {found !== null && <Results {...{ found, given, isBusy, more }} />}
    </Page>
  )
}

/** Reads the first page of a search whenever `key` changes, and further ones when `more` is called. */
function useFound(key: string, given: Filters) {
  const { api } = useSigned()
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
      const query = { ...asked(given), limit: '50', cursor: before?.cursor }
      const page = await api.get<RequestList>('/api/requests', { query, signal })
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
  return { found, failure, isBusy, more: () => void look(found) }
}

interface ResultsProps {
  readonly found: Found
  readonly given: Filters
  readonly isBusy: boolean
  readonly more: () => void
}

/** What was found, and the way to more of it, or to the days before. */
function Results({ found, given, isBusy, more }: ResultsProps) {
  const { search } = pageWords
  return (
    <>
      {found.requests.length === 0 ? (
        <Empty title={search.nothing}>
          <p>{search.nothingAbout}</p>
        </Empty>
      ) : (
        <RequestTable requests={found.requests} label={words.pages.requests} />
      )}
      {found.cursor === undefined ? (
        <a
          class="button further"
          href={address('requests', { ...given, ...lately(given.from && dayBefore(given.from)) })}
        >
          {search.before(span)}
        </a>
      ) : (
        <Button isBusy={isBusy} onPress={more}>
          {search.more}
        </Button>
      )}
    </>
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
