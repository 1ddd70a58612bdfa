import type { ExceptionsAnswer } from '../../contract/evidenceAnswers.ts'
import type { ExceptionKind } from '../../core/record/eventType.ts'
import { spoken } from '../../words/spoken.ts'
import { useAnswer } from '../answers.ts'
import { Empty, Loaded, Page, Untrusted } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { daysIn, monthIn, Months, newestMonth } from '../month.tsx'
import { address } from '../router.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

type Row = NonNullable<ExceptionsAnswer['days'][number]['rows']>[number]

/** What an auditor should look at first, by kind. Of sealed days, a month at a time. */
export function Exceptions({ query }: { readonly query: URLSearchParams }) {
  const { api } = useSigned()
  const last = newestMonth()
  const month = monthIn(query) ?? last
  const days = daysIn(month)
  const exceptions = useAnswer(month, async (signal) => {
    const range = { from: days[0], to: days.at(-1) }
    const answer = await api.get<ExceptionsAnswer>('/api/evidence/exceptions', { query: range, signal })
    return answer.days.flatMap(({ rows = [] }) => rows)
  })
  return (
    <Page title={words.pages.exceptions} about={words.exceptions.about}>
      <Months path="exceptions" month={month} last={last} />
      <Loaded loading={exceptions}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={words.exceptions.none}>
              <p>{words.exceptions.noneAbout}</p>
            </Empty>
          ) : (
            <>
              {[...new Set(rows.map(({ kind }) => kind))].sort().map((kind) => (
                <Kind key={kind} kind={kind} rows={rows.filter((row) => row.kind === kind)} />
              ))}
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function Kind({ kind, rows }: { readonly kind: string; readonly rows: readonly Row[] }) {
  const title = spoken.exceptions[kind as ExceptionKind] ?? kind
  return (
    <section aria-label={title}>
      <h3>
        {title} <span class="quiet">({rows.length})</span>
      </h3>
      <div class="table">
        <table aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{words.exceptions.at}</th>
              <th scope="col">{words.request}</th>
              <th scope="col">{words.exceptions.who}</th>
              <th scope="col">{words.exceptions.detail}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ index, at, request, actor, action, detail }) => (
              <tr key={`${index ?? ''} ${at} ${request ?? ''}`}>
                <td data-label={words.exceptions.at}>
                  <Time at={at} far />
                </td>
                <th scope="row" data-label={words.request}>
                  {request === undefined ? (
                    '–'
                  ) : (
                    <a class="mono" href={address(`requests/${request}`)}>
                      <Untrusted text={action ?? request} />
                    </a>
                  )}
                </th>
                <td class="mono" data-label={words.exceptions.who}>
                  <Untrusted text={actor} />
                </td>
                <td data-label={words.exceptions.detail}>
                  <Untrusted text={detail ?? ''} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
