import { useState } from 'preact/hooks'
import type { ErasureAnswer, EventList, HoldAnswer, HoldList } from '../../contract/evidenceAnswers.ts'
import type { RequestAnswer } from '../../contract/requestAnswer.ts'
import { type Erasable, erasable } from '../../core/request/erasure.ts'
import { covers, type HoldScope, type HoldSubject } from '../../core/request/hold.ts'
import { failureIn, repeating, useAnswer } from '../answers.ts'
import type { CallFailure, ServiceCalls } from '../api.ts'
import { useDraft } from '../draft.ts'
import { askIn, textsLeft, Waiting, type WaitingAsk } from '../erasureAsk.tsx'
import { ProofsOf } from '../evidence/proofs.tsx'
import { Button, Facts, Failed, Field, Loaded, Notice, Page, Untrusted } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { pageWords } from '../pageWords.ts'
import { address } from '../router.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'
import { WhyField } from '../whyField.tsx'

/** How many characters of the id are typed: enough that no other request is meant. */
const typedLength = 6

interface Before {
  /** `null` for a person who may erase, but not read. */
  readonly request: RequestAnswer | null
  /** The events of the request; `null` as for the request. */
  readonly list: EventList | null
  /** The names of texts that the request still has. */
  readonly left: readonly Erasable[]
  readonly ask: WaitingAsk | null
  /** A hold that covers the request. */
  readonly hold: HoldAnswer | null
}

/**
 * Erases texts of a closed request. It takes two people: the first one's ask is recorded, and another one asks for the same.
 * Every proof still holds afterwards, because events commit to digests alone.
 */
export function Erase({ id }: { readonly id: string }) {
  const { api, me } = useSigned()
  const isReader = me.roles.includes('Evidence.Read')
  const before = useAnswer(id, (signal) => (isReader ? beforeOf(api, id, signal) : Promise.resolve(unread)))
  const [done, setDone] = useState<ErasureAnswer | null>(null)
  const { erase } = pageWords
  const finish = (answer: ErasureAnswer) => {
    setDone(answer)
    before.again()
  }
  return (
    <Page title={erase.title} about={erase.about}>
      {done && <Done of={done} list={before.value?.list ?? null} />}
      <Loaded loading={before}>
        {({ request, left, ask, hold }) => (
          <>
            <Facts
              of={[
                [words.columns.id, <a href={address(`requests/${id}`)}>{id}</a>],
                [words.columns.action, request && <Untrusted text={request.action} />],
                [words.columns.asked, request && <Time at={request.createdAt} far />],
              ]}
            />
            {request === null && (
              <Notice tone="info" title={erase.unread}>
                <p>{erase.unreadAbout}</p>
              </Notice>
            )}
            {ask !== null && <Waiting ask={ask} />}
            {hold !== null ? (
              <Held by={hold} />
            ) : left.length === 0 ? (
              <Notice tone="info" title={erase.nothingLeft} />
            ) : (
              <Form key={ask?.until} {...{ id, left, finish }} ask={ask?.by === me.id ? null : ask} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** What a person knows who may not read the request: any text may be left. */
const unread: Before = { request: null, list: null, left: erasable, ask: null, hold: null }

async function beforeOf(api: ServiceCalls, id: string, signal: AbortSignal): Promise<Before> {
  const [request, list, { holds }] = await Promise.all([
    api.get<RequestAnswer>(`/api/requests/${id}`, { signal }),
    api.get<EventList>(`/api/requests/${id}/events`, { signal }),
    api.get<HoldList>('/api/evidence/holds', { signal }),
  ])
  const left = textsLeft(request, list)
  const hold = holds.find(({ scope }) => covers(scope as HoldScope, request as unknown as HoldSubject)) ?? null
  return { request, list, left, ask: askIn(list, left), hold }
}

function Held({ by: { held } }: { readonly by: HoldAnswer }) {
  const { erase } = pageWords
  return (
    <Notice tone="bad" title={erase.held}>
      <p>{erase.heldAbout}</p>
      {held.why !== undefined && (
        <blockquote>
          <Untrusted text={held.why} layout="block" />
        </blockquote>
      )}
      <p>
        <a href={address('holds')}>{words.pages.holds}</a>
      </p>
    </Notice>
  )
}

interface FormProps {
  readonly id: string
  readonly left: readonly Erasable[]
  /** What another person asked for: then the same is asked for, and the texts are erased. */
  readonly ask: WaitingAsk | null
  readonly finish: (answer: ErasureAnswer) => void
}

function Form({ id, left, ask, finish }: FormProps) {
  const { api } = useSigned()
  const choices = [...new Set([...left, ...(ask?.names ?? [])])]
  const [draft, setDraft, drop] = useDraft(`erase ${id}`, { names: ask?.names ?? [], why: '' })
  const { why } = draft
  // A text may have been erased since it was chosen.
  const names = draft.names.filter((name) => choices.includes(name))
  const [typed, setTyped] = useState('')
  const [isAsked, setAsked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const { erase } = pageWords
  const faults = {
    names: names.length === 0 ? erase.noNames : null,
    why: why.trim() === '' ? erase.noWhy : null,
    typed: typed.trim() === id.slice(-typedLength) ? null : erase.notTyped(typedLength),
  }
  const shown = (name: keyof typeof faults) => (isAsked ? faults[name] : null)
  const submit = async () => {
    setAsked(true)
    if (Object.values(faults).some((fault) => fault !== null)) return
    setBusy(true)
    setFailure(null)
    try {
      const answer = await api.post<ErasureAnswer>('/api/evidence/erasures', { request: id, names, why: why.trim() })
      drop()
      finish(answer)
    } catch (cause) {
      setFailure(failureIn(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      class="stacked"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) void submit()
      }}
    >
      {failure && <Failed failure={failure} {...repeating(failure, () => void submit())} />}
      <Names
        choices={choices}
        names={names}
        set={(chosen) => setDraft({ ...draft, names: chosen })}
        error={shown('names')}
      />
      <WhyField
        {...{ label: erase.why, hint: erase.whyHint, value: why, error: shown('why') }}
        set={(text) => setDraft({ ...draft, why: text })}
      />
      <Confirmation value={typed} set={setTyped} error={shown('typed')} />
      <Button type="submit" tone="danger" isBusy={isBusy}>
        {ask !== null && isSameSet(names, ask.names) ? erase.erase : erase.ask}
      </Button>
    </form>
  )
}

interface TextProps {
  readonly value: string
  readonly set: (value: string) => void
  readonly error: string | null
}

/** The end of the request's id, typed: so that no other request is meant. */
function Confirmation({ value, set, error }: TextProps) {
  const { erase } = pageWords
  return (
    <Field label={erase.type(typedLength)} isRequired error={error}>
      {({ id, described }) => (
        <input
          id={id}
          aria-describedby={described}
          class="mono"
          autocomplete="off"
          spellcheck={false}
          value={value}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

interface NamesProps {
  readonly choices: readonly Erasable[]
  readonly names: readonly Erasable[]
  readonly set: (names: readonly Erasable[]) => void
  readonly error: string | null
}

function Names({ choices, names, set, error }: NamesProps) {
  const { erase } = pageWords
  return (
    <fieldset>
      <legend>{erase.names}</legend>
      {choices.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={names.includes(name)}
            onChange={(event) =>
              set(event.currentTarget.checked ? [...names, name] : names.filter((one) => one !== name))
            }
          />{' '}
          {erase.named[name]}
        </label>
      ))}
      {error !== null && (
        <small class="error" role="alert">
          {error}
        </small>
      )}
    </fieldset>
  )
}

interface DoneProps {
  readonly of: ErasureAnswer
  readonly list: EventList | null
}

/** What came of it. Of the events that lost a text it is proved at once that the log has them as they are. */
function Done({ of: { request, erased, waits }, list }: DoneProps) {
  const { erase } = pageWords
  if (waits !== undefined)
    return (
      <Notice tone="warning" title={erase.waits}>
        <p>
          {erase.waitsUntil} <Time at={waits.until} far />.
        </p>
      </Notice>
    )
  if (erased.length === 0) return <Notice tone="good" title={erase.nothingLeft} />
  return (
    <>
      <Notice tone="good" title={erase.erased}>
        <p>{erase.erasedAbout}</p>
      </Notice>
      {list && <ProofsOf request={request} list={list} shown={erased.map(({ event }) => event)} />}
    </>
  )
}
