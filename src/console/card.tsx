import { useContext, useErrorBoundary, useState } from 'preact/hooks'
import { Button, Field, Notice } from './kit.tsx'
import { dayOf, hourOf, type Zone, ZoneContext } from './time.tsx'
import { words } from './words.ts'

/** An element of an Adaptive Card 1.5, as the service expanded it. */
interface Element {
  readonly type: string
  readonly [member: string]: unknown
}

/** What a button of the card asks for, with what was typed. */
export interface Click {
  readonly verb: string
  readonly page: number | null
  readonly typed: Readonly<Record<string, string>>
}

interface CardProps {
  readonly card: Readonly<Record<string, unknown>>
  readonly click: (click: Click) => void
  readonly isBusy: boolean
  /** What was typed before, and which form was open. */
  readonly draft?: Typed | null
  /** Is told of what is typed now, and which form is open. */
  readonly note?: (draft: Typed) => void
}

/** What a person typed into the card of a request. */
export interface CardDraft {
  /** The page of the card that it was typed on. */
  readonly page: number
  /** The number of the form that is open, counted from 0. */
  readonly open: number | null
  /** By the id of the input. */
  readonly typed: Readonly<Record<string, string>>
}

type Typed = Pick<CardDraft, 'open' | 'typed'>

/** Which elements are drawn. Anything else is refused: what an approver decides on must not be left out. */
const drawn = ['Container', 'ColumnSet', 'TextBlock', 'RichTextBlock', 'ActionSet', 'Input.Text']

/**
 * Draws the card that Teams would get, from our own templates, and nothing else: text becomes text nodes, and addresses
 * stay text. A card with an element that is not drawn here is not drawn at all, and says so: nobody decides on a part.
 */
export function Card(props: CardProps) {
  const [error] = useErrorBoundary() as readonly [Error | undefined, () => void]
  return error ? <Notice tone="bad">{error.message}</Notice> : <Drawing {...props} />
}

/** @throws {Error} for an element that is not drawn here */
function Drawing({ card, click, isBusy, draft = null, note }: CardProps) {
  const { typed, type, open, show } = useTyped(draft, note)
  const [missing, setMissing] = useState<readonly string[]>([])
  const actions = elements(card['actions'])
  const form = open === null ? null : (actions[open]?.['card'] as Element | undefined)
  const press = (action: Element, fields: readonly Element[] = []) => {
    const own = fields.map((field) => [textOf(field, 'id'), typed[textOf(field, 'id')] ?? ''] as const)
    const empty = own.filter(([, text], i) => fields[i]?.['isRequired'] === true && text === '').map(([id]) => id)
    setMissing(empty)
    if (empty.length > 0) return
    const { page } = (action['data'] ?? {}) as { readonly page?: unknown }
    click({ verb: textOf(action, 'verb'), page: numberIn(page), typed: Object.fromEntries(own) })
  }
  const drawing: Drawing = { zone: useContext(ZoneContext), isBusy, typed, type, missing, press }
  return (
    <section class="card" aria-label={words.card}>
      {elements(card['body']).map((element, i) => (
        <Part key={i} element={element} drawing={drawing} />
      ))}
      {actions.length > 0 && (
        <div class="actions">
          {actions.map((action, i) =>
            action.type === 'Action.ShowCard' ? (
              <Button key={i} tone={toneOf(action)} isExpanded={open === i} onPress={() => show(open === i ? null : i)}>
                {textOf(action, 'title')}
              </Button>
            ) : (
              <Act key={i} action={action} isBusy={isBusy} press={() => press(action)} />
            ),
          )}
        </div>
      )}
      {form && <Form form={form} drawing={drawing} />}
    </section>
  )
}

/** What is typed, and which form is open. Told at once and not after drawing, since the page may be cleared before that. */
function useTyped(draft: Typed | null, note: CardProps['note']) {
  const [now, setNow] = useState<Typed>(draft ?? { open: null, typed: {} })
  const put = (next: Typed) => {
    setNow(next)
    note?.(next)
  }
  return {
    ...now,
    show: (open: number | null) => put({ ...now, open }),
    type: (id: string, text: string) => put({ ...now, typed: { ...now.typed, [id]: text } }),
  }
}

interface FormProps {
  /** The card that a button shows: fields, and the button that sends them. */
  readonly form: Element
  readonly drawing: Drawing
}

function Form({ form, drawing }: FormProps) {
  const { isBusy, press } = drawing
  const actions = elements(form['actions'])
  return (
    <form
      class="box emphasis"
      onSubmit={(event) => {
        event.preventDefault()
        const [action] = actions
        if (action && !isBusy) press(action, inputsIn(form))
      }}
    >
      {elements(form['body']).map((element, i) => (
        <Part key={i} element={element} drawing={drawing} />
      ))}
      <div class="actions">
        {actions.map((action, i) => (
          <Button key={i} type="submit" tone={toneOf(action)} isBusy={isBusy}>
            {textOf(action, 'title')}
          </Button>
        ))}
      </div>
    </form>
  )
}

interface Drawing {
  readonly zone: Zone
  readonly isBusy: boolean
  readonly typed: Readonly<Record<string, string>>
  readonly type: (id: string, text: string) => void
  /** The required inputs that were left empty. */
  readonly missing: readonly string[]
  /** Sends what was typed into these fields, unless a required one is empty. */
  readonly press: (action: Element, fields?: readonly Element[]) => void
}

function Part({ element, drawing }: { readonly element: Element; readonly drawing: Drawing }) {
  switch (element.type) {
    case 'Container':
      return (
        <div class={`box ${styleOf(element)}`}>
          {elements(element['items']).map((item, i) => (
            <Part key={i} element={item} drawing={drawing} />
          ))}
        </div>
      )
    case 'ColumnSet':
      return (
        <div class="columns">
          {elements(element['columns']).map((column, i) => (
            <div key={i} class={column['width'] === 'auto' ? 'auto' : 'grow'}>
              {elements(column['items']).map((item, j) => (
                <Part key={j} element={item} drawing={drawing} />
              ))}
            </div>
          ))}
        </div>
      )
    case 'TextBlock':
      return <p class={classesOf(element)}>{withMoments(textOf(element, 'text'), drawing.zone)}</p>
    case 'RichTextBlock': {
      const runs = elements(element['inlines'])
      const spans = runs.map((run, i) => (
        <span key={i} class={classesOf(run)}>
          {textOf(run, 'text')}
        </span>
      ))
      return runs.some((run) => run['size'] === 'Large') ? <h2 class="title">{spans}</h2> : <p>{spans}</p>
    }
    case 'ActionSet':
      return (
        <div class="actions">
          {elements(element['actions']).map((action, i) => (
            <Act key={i} action={action} isBusy={drawing.isBusy} press={() => drawing.press(action)} />
          ))}
        </div>
      )
    case 'Input.Text':
      return <Input element={element} drawing={drawing} />
    default:
      throw new Error(words.notDrawn(element.type, drawn))
  }
}

function Input({ element, drawing }: { readonly element: Element; readonly drawing: Drawing }) {
  const id = textOf(element, 'id')
  const { typed, type, missing } = drawing
  const error = missing.includes(id) ? textOf(element, 'errorMessage') : null
  const isRequired = element['isRequired'] === true
  return (
    <Field label={textOf(element, 'label')} error={error} isRequired={isRequired}>
      {({ id: control, described }) => {
        const shared = {
          id: control,
          value: typed[id] ?? '',
          maxLength: numberIn(element['maxLength']) ?? undefined,
          'aria-describedby': described,
          'aria-invalid': error !== null,
          autocomplete: 'off',
        }
        return element['isMultiline'] === true ? (
          <textarea {...shared} rows={3} onInput={(event) => type(id, event.currentTarget.value)} />
        ) : (
          <input {...shared} onInput={(event) => type(id, event.currentTarget.value)} />
        )
      }}
    </Field>
  )
}

/** A button of the card. An address that the agent gave is opened by the reader, in another tab, without a trace of ours. */
function Act({
  action,
  isBusy,
  press,
}: {
  readonly action: Element
  readonly isBusy: boolean
  readonly press: () => void
}) {
  if (action.type === 'Action.Execute')
    return (
      <Button tone={toneOf(action)} isBusy={isBusy} onPress={press}>
        {textOf(action, 'title')}
      </Button>
    )
  const url = textOf(action, 'url')
  if (action.type !== 'Action.OpenUrl' || !url.startsWith('https://'))
    throw new Error(words.notDrawn(action.type, drawn))
  return (
    <a class="button" href={url} target="_blank" rel="noopener noreferrer">
      {textOf(action, 'title')}
    </a>
  )
}

const elements = (value: unknown): readonly Element[] => (Array.isArray(value) ? (value as readonly Element[]) : [])

const textOf = (element: Element, member: string): string => {
  const value = element[member]
  return typeof value === 'string' ? value : ''
}

/** The templates write numbers of actions as text, too. */
function numberIn(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : null
}

const inputsIn = (form: Element): readonly Element[] =>
  elements(form['body']).filter(({ type }) => type === 'Input.Text')

const toneOf = (action: Element): 'primary' | 'danger' | undefined =>
  action['style'] === 'positive' ? 'primary' : action['style'] === 'destructive' ? 'danger' : undefined

const styles = ['good', 'warning', 'attention', 'emphasis', 'accent']

const styleOf = (element: Element): string => {
  const style = styles.find((one) => one === element['style'])
  return style === undefined ? '' : `styled ${style}`
}

const classesOf = (run: Element): string =>
  [
    ...(run['weight'] === 'Bolder' ? ['bold'] : []),
    ...(run['isSubtle'] === true ? ['subtle'] : []),
    ...(run['fontType'] === 'Monospace' ? ['mono'] : []),
    ...(run['size'] === 'Small' ? ['small'] : []),
    ...(run['italic'] === true ? ['italic'] : []),
  ].join(' ')

/** Fills in the moments of our own sentences, which Teams writes in the reader's zone. A text of others has none. */
const withMoments = (text: string, zone: Zone): string =>
  text.replace(/\{\{(DATE|TIME)\(([^,)]+)[^)]*\)\}\}/g, (_, kind: string, at: string) =>
    kind === 'DATE' ? dayOf(at, zone) : hourOf(at, zone),
  )
