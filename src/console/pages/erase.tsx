import { useState } from 'preact/hooks'
import type { ErasureAnswer, EventList } from '../../contract/evidenceAnswers.ts'
import type { RequestAnswer } from '../../contract/requestAnswer.ts'
import { type Erasable, erasable } from '../../core/request/erasure.ts'
import { failureIn, useAnswer } from '../answers.ts'
import type { CallFailure } from '../api.ts'
import { Button, Facts, Failed, Field, Loaded, Notice, Page, Untrusted } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { address } from '../router.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

/** How many characters of the id are typed: enough that no other request is meant. */
const typedLength = 6

interface Before {
  readonly request: RequestAnswer
  /** The names of texts that the request still has. */
  readonly left: readonly Erasable[]
}

/**
 * Erases texts of a closed request. It takes two people: the first one's ask is recorded, and another one asks for the same.
 * Every proof still holds afterwards, because events commit to digests alone.
 */
export function Erase({ id }: { readonly id: string }) {
  const { api } = useSigned()
  const before = useAnswer(id, async (signal): Promise<Before> => {
    const [request, { events }] = await Promise.all([
      api.get<RequestAnswer>(`/api/requests/${id}`, { signal }),
      api.get<EventList>(`/api/requests/${id}/events`, { signal }),
    ])
    const names = new Set(events.flatMap(({ said }) => Object.keys(said)))
    if (request.target !== undefined) names.add('action')
    return { request, left: erasable.filter((name) => names.has(name)) }
  })
  const [names, setNames] = useState<readonly Erasable[]>([])
  const [why, setWhy] = useState('')
  const [typed, setTyped] = useState('')
  const [isAsked, setAsked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const [done, setDone] = useState<ErasureAnswer | null>(null)
  const { erase } = words
  const faults = {
    names: names.length === 0 ? erase.noNames : null,
    why: why.trim() === '' ? erase.noWhy : null,
    typed: typed.trim() === id.slice(-typedLength) ? null : erase.notTyped(typedLength),
  }
  const submit = async () => {
    setAsked(true)
    if (Object.values(faults).some((fault) => fault !== null)) return
    setBusy(true)
    setFailure(null)
    try {
      setDone(await api.post<ErasureAnswer>('/api/evidence/erasures', { request: id, names, why: why.trim() }))
      before.again()
    } catch (cause) {
      setFailure(failureIn(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Page title={erase.title} about={erase.about}>
      {failure && <Failed failure={failure} />}
      {done && <Done of={done} />}
      <Loaded loading={before}>
        {({ request, left }) => (
          <>
            <Facts
              of={[
                [words.columns.id, <a href={address(`requests/${id}`)}>{id}</a>],
                [words.columns.action, <Untrusted text={request.action} />],
                [words.columns.asked, <Time at={request.createdAt} far />],
              ]}
            />
            {left.length === 0 ? (
              <Notice tone="info" title={erase.nothingLeft} />
            ) : (
              <form
                class="erase"
                onSubmit={(event) => {
                  event.preventDefault()
                  if (!isBusy) void submit()
                }}
              >
                <fieldset>
                  <legend>{erase.names}</legend>
                  {left.map((name) => (
                    <label key={name}>
                      <input
                        type="checkbox"
                        checked={names.includes(name)}
                        onChange={(event) =>
                          setNames(event.currentTarget.checked ? [...names, name] : names.filter((one) => one !== name))
                        }
                      />{' '}
                      {erase.named[name]}
                    </label>
                  ))}
                  {isAsked && faults.names !== null && (
                    <small class="error" role="alert">
                      {faults.names}
                    </small>
                  )}
                </fieldset>
                <Field label={erase.why} hint={erase.whyHint} isRequired error={isAsked ? faults.why : null}>
                  {({ id: control, described }) => (
                    <textarea
                      id={control}
                      aria-describedby={described}
                      rows={3}
                      maxLength={500}
                      value={why}
                      onInput={(event) => setWhy(event.currentTarget.value)}
                    />
                  )}
                </Field>
                <Field label={erase.type(typedLength)} isRequired error={isAsked ? faults.typed : null}>
                  {({ id: control, described }) => (
                    <input
                      id={control}
                      aria-describedby={described}
                      class="mono"
                      autocomplete="off"
                      spellcheck={false}
                      value={typed}
                      onInput={(event) => setTyped(event.currentTarget.value)}
                    />
                  )}
                </Field>
                <Button type="submit" tone="danger" isBusy={isBusy}>
                  {erase.ask}
                </Button>
              </form>
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Done({ of: { erased, waits } }: { readonly of: ErasureAnswer }) {
  const { erase } = words
  if (waits !== undefined)
    return (
      <Notice tone="warning" title={erase.waits}>
        <p>
          {erase.waitsUntil} <Time at={waits.until} far />
        </p>
      </Notice>
    )
  return <Notice tone="good" title={erased.length === 0 ? erase.nothingLeft : erase.erased} />
}
