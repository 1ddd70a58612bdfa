import type { RequestAnswer, ViewAnswer } from '../contract/requestAnswer.ts'
import { plainNumber } from '../core/action/edits.ts'
import { visible } from '../core/data/text.ts'
import type { CallFailure } from './api.ts'
import { useDraft } from './draft.ts'
import { Field } from './kit.tsx'
import { useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { ReasonForm } from './reasonForm.tsx'

interface NarrowFormProps {
  readonly view: ViewAnswer
  readonly done: () => void
  readonly closed: () => void
  /** Asks for the fresh sign-in that tier high may take. */
  readonly stepUp: (claims: string) => void
}

/** What is typed: the number by name, and by name which items of a list are left. */
interface TypedLess {
  readonly why: string
  readonly numbers: Readonly<Record<string, string>>
  /** The places of the items that go, as JSON would have them: a draft is kept as text. */
  readonly gone: Readonly<Record<string, readonly number[]>>
}

/** Makes a request smaller: a field for each number, and a box for each item of a list. */
export function NarrowForm({ view: { request, view }, done, closed, stepUp }: NarrowFormProps) {
  const { api } = useSigned()
  const blank: TypedLess = { why: '', numbers: {}, gone: {} }
  const [typed, type, drop] = useDraft(`narrow ${request.id}`, blank)
  const words = pageWords.narrow
  const left = leftOf(request, typed)
  return (
    <ReasonForm
      {...{ title: words.formTitle, about: words.about, label: words.reason, button: words.now, tone: 'primary', done }}
      missing={pageWords.talk.acts.missing}
      why={typed.why}
      setWhy={(why) => type({ ...typed, why })}
      closed={() => {
        drop()
        closed()
      }}
      isComplete={left !== null}
      isHarmless
      send={(reason) => api.post(`/api/requests/${request.id}/narrow`, { ...left, reason, view })}
      failed={({ claims }: CallFailure) => {
        if (claims !== null) stepUp(claims)
        return claims !== null
      }}
    >
      {(isAsked) => (
        <>
          {numbersIn(request).map(([name, value]) => (
            <NumberLeft
              key={name}
              {...{ name, before: value, text: typed.numbers[name] ?? '' }}
              set={(text) => type({ ...typed, numbers: { ...typed.numbers, [name]: text } })}
            />
          ))}
          {listsIn(request).map(([name, items]) => (
            <ItemsLeft
              key={name}
              {...{ name, items, gone: typed.gone[name] ?? [] }}
              set={(gone) => type({ ...typed, gone: { ...typed.gone, [name]: gone } })}
            />
          ))}
          {isAsked && left === null && (
            <small class="error" role="alert">
              {words.nothing}
            </small>
          )}
        </>
      )}
    </ReasonForm>
  )
}

interface NumberLeftProps {
  readonly name: string
  readonly before: number
  readonly text: string
  readonly set: (text: string) => void
}

function NumberLeft({ name, before, text, set }: NumberLeftProps) {
  return (
    <Field label={pageWords.narrow.atMost(visible(name), String(before))} error={null}>
      {({ id, described }) => (
        <input
          {...{ id, value: text, 'aria-describedby': described, inputMode: 'decimal', autocomplete: 'off' }}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

interface ItemsLeftProps {
  readonly name: string
  readonly items: readonly unknown[]
  readonly gone: readonly number[]
  readonly set: (gone: readonly number[]) => void
}

function ItemsLeft({ name, items, gone, set }: ItemsLeftProps) {
  return (
    <fieldset>
      <legend>{pageWords.narrow.keeps(visible(name))}</legend>
      {items.map((item, place) => (
        // Two items may be the same: only their place tells them apart.
        // biome-ignore lint/suspicious/noArrayIndexKey: the list of an action never changes here
        <label key={place}>
          <input
            type="checkbox"
            checked={!gone.includes(place)}
            onChange={(event) =>
              set(event.currentTarget.checked ? gone.filter((one) => one !== place) : [...gone, place])
            }
          />{' '}
          {visible(JSON.stringify(item))}
        </label>
      ))}
    </fieldset>
  )
}

const narrowableIn = ({ narrowable = [], params = {} }: RequestAnswer): readonly (readonly [string, unknown])[] =>
  narrowable.flatMap((name) => (Object.hasOwn(params, name) ? [[name, params[name]] as const] : []))

function numbersIn(request: RequestAnswer): readonly (readonly [string, number])[] {
  const { standing } = request
  if (standing) return [['uses', standing.uses] as const, ['for', standing.for] as const]
  return narrowableIn(request).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value] as const] : []))
}

const listsIn = (request: RequestAnswer): readonly (readonly [string, readonly unknown[]])[] =>
  request.standing
    ? []
    : narrowableIn(request).flatMap(([name, value]) => (Array.isArray(value) ? [[name, value] as const] : []))

/** What is to be sent; `null` if nothing gets smaller, or something typed is no number. The service checks the rest. */
function leftOf(request: RequestAnswer, { numbers, gone }: TypedLess): object | null {
  const given = numbersIn(request).flatMap(([name]) => {
    const text = (numbers[name] ?? '').trim()
    return text === '' ? [] : [[name, plainNumber.test(text) ? Number(text) : null] as const]
  })
  const lists = listsIn(request).flatMap(([name, items]) => {
    const places = gone[name] ?? []
    return places.length === 0 ? [] : [[name, items.filter((_, place) => !places.includes(place))] as const]
  })
  const all: readonly (readonly [string, unknown])[] = [...given, ...lists]
  if (all.length === 0 || all.some(([, value]) => value === null || (Array.isArray(value) && value.length === 0)))
    return null
  return request.standing ? Object.fromEntries(given) : { params: Object.fromEntries(all) }
}
