import type { ExceptionsAnswer } from '../../contract/evidenceAnswers.ts'
import type { ExceptionKind } from '../../core/record/eventType.ts'
import { csvLine } from '../../core/data/csv.ts'
import { spoken } from '../../words/spoken.ts'
import { useAnswer } from '../answers.ts'
import { download } from '../csv.ts'
import { Button, Empty, Loaded, Notice, Page, Untrusted, Wide } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { monthShown } from '../month.tsx'
import { Named, useIds } from '../names.tsx'
import { pageWords } from '../pageWords.ts'
import { address } from '../router.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

type Row = NonNullable<ExceptionsAnswer['days'][number]['rows']>[number]

interface Found {
  readonly rows: readonly Row[]
  /** The days of the month that are over and could not be looked at. */
  readonly unknown: readonly string[]
  /** Names by object id. */
  readonly names: ExceptionsAnswer['names']
}

/** What an auditor should look at first, by kind. Of sealed days, a month at a time. */
export function Exceptions({ query }: { readonly query: URLSearchParams }) {
  const { api } = useSigned()
  const { range, links } = monthShown('exceptions', query)
  const exceptions = useAnswer(range.from, async (signal): Promise<Found> => {
    const { days, names } = await api.get<ExceptionsAnswer>('/api/evidence/exceptions', { query: range, signal })
    const today = new Date().toISOString().slice(0, 10)
    const unknown = days.filter(
      ({ date, missing }) => date < today && missing !== undefined && missing !== 'before-log',
    )
    return { rows: days.flatMap(({ rows = [] }) => rows), unknown: unknown.map(({ date }) => date), names }
  })
  const [ids, idsButton] = useIds()
  const found = exceptions.value
  return (
    <Page
      title={words.pages.exceptions}
      about={pageWords.exceptions.about}
      actions={
        found !== null &&
        found.rows.length > 0 && (
          <>
            {idsButton}
            <Button onPress={() => download(`countersign-exceptions-${range.from.slice(0, 7)}.csv`, csvOf(found))}>
              {pageWords.csv}
            </Button>
          </>
        )
      }
    >
      {links}
      <Loaded loading={exceptions}>
        {({ rows, unknown, names }) =>
          rows.length === 0 && unknown.length > 0 ? (
            <NotLooked days={unknown} />
          ) : rows.length === 0 ? (
            <Empty title={pageWords.exceptions.none}>
              <p>{pageWords.exceptions.noneAbout}</p>
            </Empty>
          ) : (
            <>
              {unknown.length > 0 && <NotLooked days={unknown} />}
              {[...new Set(rows.map(({ kind }) => kind))].sort().map((kind) => (
                <Kind key={kind} kind={kind} rows={rows.filter((row) => row.kind === kind)} names={names} ids={ids} />
              ))}
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

const header = ['at', 'kind', 'request', 'action', 'actor', 'actorName', 'detail', 'index'] as const

/** The rows as they are shown, with ids and exact times. Formulas stay text. */
const csvOf = ({ rows, names }: Pick<Found, 'rows' | 'names'>): string =>
  [
    header,
    ...rows.map(({ at, kind, request, action, actor, detail, index }) => [
      ...[at, kind, request, action],
      ...[actor, names[actor], detail, index],
    ]),
  ]
    .map((row) => csvLine(row))
    .join('')

function NotLooked({ days }: { readonly days: readonly string[] }) {
  return <Notice tone="warning" title={pageWords.exceptions.notLooked(days)} />
}

interface KindProps extends Pick<Found, 'rows' | 'names'> {
  readonly kind: string
  readonly ids: boolean
}

function Kind({ kind, rows, names, ids }: KindProps) {
  const title = spoken.exceptions[kind as ExceptionKind] ?? kind
  return (
    <section aria-label={title}>
      <h3>
        {title} <span class="quiet">({rows.length})</span>
      </h3>
      <Wide label={title}>
        <table aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{pageWords.exceptions.at}</th>
              <th scope="col">{words.request}</th>
              <th scope="col">{pageWords.exceptions.who}</th>
              <th scope="col">{pageWords.exceptions.detail}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ index, at, request, actor, action, detail }) => (
              <tr key={`${index ?? ''} ${at} ${request ?? ''}`}>
                <td data-label={pageWords.exceptions.at}>
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
                <td data-label={pageWords.exceptions.who}>
                  <Actor actor={actor} names={names} ids={ids} />
                </td>
                <td data-label={pageWords.exceptions.detail}>
                  <Untrusted text={detail ?? ''} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  )
}

/** A person or an agent by name, or what else acts: the policy, the service. */
function Actor({ actor, names, ids }: { readonly actor: string } & Pick<KindProps, 'names' | 'ids'>) {
  const other = pageWords.actors[actor]
  return other === undefined ? <Named id={actor} name={names[actor]} withId={ids} /> : <>{other}</>
}
