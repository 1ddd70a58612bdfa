import type { ComponentChildren } from 'preact'
import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { Facts, Untrusted } from './kit.tsx'
import { Named } from './names.tsx'
import { pageWords } from './pageWords.ts'
import { Time } from './time.tsx'

type Question = NonNullable<RequestAnswer['questions']>[number]
type Glass = NonNullable<RequestAnswer['glass']>

/** Whether anything was asked, prompted or done in an emergency. */
const hasTalk = ({ questions = [], prompts, glass }: RequestAnswer): boolean =>
  questions.length > 0 || prompts !== undefined || glass !== undefined

/** What people asked and were answered, when they were told again, and who approved alone. Nothing if there is none. */
export function Talk({ request }: { readonly request: RequestAnswer }) {
  const { questions = [], prompts, glass } = request
  if (!hasTalk(request)) return null
  const { talk } = pageWords
  const { remindedAt, escalatesAt, groups = [], joined = [] } = prompts ?? {}
  return (
    <>
      <h2>{talk.title}</h2>
      {questions.length > 0 && (
        <ul class="plain talk">
          {questions.map((question) => (
            <li key={question.id}>
              <Asked question={question} />
              <Answered question={question} />
            </li>
          ))}
        </ul>
      )}
      <Facts
        of={[
          [talk.reminded, remindedAt !== undefined && <Time at={remindedAt} far />],
          [
            talk.escalates,
            escalatesAt !== undefined && (
              <>
                <Time at={escalatesAt} far />: <Untrusted text={talk.escalatesTo(groups)} />
              </>
            ),
          ],
          [talk.escalated, joined.length > 0 && <Untrusted text={talk.joined(joined)} />],
        ]}
      />
      {glass && <BrokenGlass glass={glass} />}
    </>
  )
}

/** What a person asks, as their words. */
export function Asked({ question: { by, name, at, groups, text } }: { readonly question: Question }) {
  return (
    <>
      <strong>
        <Untrusted text={pageWords.talk.asks(groups)} />
      </strong>
      : <Named id={by} name={name} />, <Time at={at} far />
      <Quoted text={text} />
    </>
  )
}

function Answered({ question: { answer } }: { readonly question: Question }) {
  const { talk } = pageWords
  if (!answer) return <p class="quiet">{talk.waits}</p>
  const { by, at, text } = answer
  return (
    <>
      <Named id={by.id} name={by.name} />, <Time at={at} far />
      <Quoted text={text}>{talk.answered[by.kind]}</Quoted>
    </>
  )
}

/** Who approved alone and why, and what another person thinks of it. */
export function BrokenGlass({ glass: { by, name, at, reason, reviewBy, review } }: { readonly glass: Glass }) {
  const { talk } = pageWords
  return (
    <div class="glass">
      <h3>{talk.glass}</h3>
      <p>
        <Named id={by} name={name} /> {talk.alone}, <Time at={at} far />
      </p>
      <Quoted text={reason} />
      {review ? (
        <>
          <p>
            <Named id={review.by} name={review.name} /> {talk.found[review.finding]}, <Time at={review.at} far />
          </p>
          <Quoted text={review.reason} />
        </>
      ) : (
        <p>
          {talk.toReview} <Time at={reviewBy} far />
        </p>
      )}
    </div>
  )
}

/** A text of somebody, under what is said of its writer. */
function Quoted({ text, children }: { readonly text: string | undefined; readonly children?: ComponentChildren }) {
  return (
    <blockquote>
      {children && <p class="quiet small">{children}</p>}
      {text === undefined ? (
        <span class="quiet">{pageWords.talk.erased}</span>
      ) : (
        <Untrusted text={text} layout="block" />
      )}
    </blockquote>
  )
}
