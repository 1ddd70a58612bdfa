import { useState } from 'preact/hooks'
import { visible } from '../core/data/text.ts'
import type { ShownViewAnswer } from '../contract/requestAnswer.ts'
import { useAnswer } from './answers.ts'
import { Card } from './card.tsx'
import { Dialog } from './dialog.tsx'
import { Button, Loaded, Notice, Untrusted } from './kit.tsx'
import { useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { Time } from './time.tsx'

/** That a person was shown a page of a request. */
export interface Showing {
  /** The request's id. */
  readonly request: string
  /** The digest of the view. */
  readonly view: string
  readonly page: number
  /** The person's name, or their id if no name is known. */
  readonly to: string
}

interface ShownAgainProps {
  readonly showing: Showing
  /** Names by object id. */
  readonly people: Readonly<Record<string, string>>
  readonly closed: () => void
}

/** What somebody was shown, drawn again, in a dialog: each page of the view that anybody was shown. */
export function ShownAgain({ showing: { request, view, page: first, to }, people, closed }: ShownAgainProps) {
  const { api } = useSigned()
  const [page, setPage] = useState(first)
  const drawn = useAnswer(`${view} ${page}`, (signal) =>
    api.get<ShownViewAnswer>(`/api/requests/${request}/views/${view}`, { query: { page: String(page) }, signal }),
  )
  const { shown } = pageWords
  return (
    <Dialog title={shown.title(visible(to))} closed={closed}>
      {() => (
        <>
          <p class="quiet">{shown.about}</p>
          <Loaded loading={drawn}>
            {(answer) => (
              <>
                <Pages answer={answer} show={setPage} />
                {answer.erased.length > 0 && <Notice tone="warning" title={shown.erased(answer.erased.map(nameOf))} />}
                <Card key={answer.page} card={answer.card} click={() => undefined} isBusy={false} />
                <h3>{shown.to}</h3>
                <ul>
                  {answer.shown.map(({ approver, at, page: one }) => (
                    <li key={`${approver} ${at} ${one}`}>
                      <Untrusted text={shown.entry(people[approver] ?? approver, one)} />, <Time at={at} far />
                    </li>
                  ))}
                </ul>
              </>
            )}
          </Loaded>
        </>
      )}
    </Dialog>
  )
}

const nameOf = (text: string): string => (pageWords.erase.named as Readonly<Record<string, string>>)[text] ?? text

interface PagesProps {
  readonly answer: ShownViewAnswer
  readonly show: (page: number) => void
}

/** Leads to each page of the view. Of a page that nobody was shown there is nothing to draw. */
function Pages({ answer: { page, pages, shown }, show }: PagesProps) {
  if (pages === 1) return null
  const seen = new Set(shown.map((one) => one.page))
  return (
    <nav class="actions" aria-label={pageWords.shown.page}>
      {Array.from({ length: pages }, (_, i) => i + 1).map((one) =>
        seen.has(one) ? (
          <Button key={one} isPressed={one === page} onPress={() => show(one)}>
            {`${pageWords.shown.page} ${one}`}
          </Button>
        ) : (
          <span key={one} class="quiet" title={pageWords.shown.notShown}>
            {`${pageWords.shown.page} ${one}: ${pageWords.shown.notShown}`}
          </span>
        ),
      )}
    </nav>
  )
}
