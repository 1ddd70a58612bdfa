import { isArray, isObject, type Json, type JsonObject } from '../../core/data/json.ts'
import { escaped } from '../html.ts'

/**
 * Draws an Adaptive Card as HTML that runs and loads nothing: for the record, not to be clicked. What this program does
 * not know is written out as JSON, so that nothing of a card is left out.
 */
export const cardHtml = (card: JsonObject): string => `<div class="card">${cardOf(card)}</div>`

function cardOf({ body, actions }: JsonObject): string {
  return `${each(body, element)}${actions === undefined ? '' : `<div>${each(actions, button)}</div>`}`
}

const each = (items: Json | undefined, draw: (item: JsonObject) => string): string =>
  (isArray(items) ? items : []).map((item) => (isObject(item) ? draw(item) : unknown(item))).join('\n')

/** What each type of element looks like. */
const elements: Readonly<Record<string, (one: JsonObject) => string>> = {
  TextBlock: (one) => `<p class="${looks(one)}">${shown(one['text'])}</p>`,
  RichTextBlock: ({ inlines }) => `<p>${inlinesOf(inlines)}</p>`,
  Container: (one) => `<div class="box ${styleOf(one)}">${each(one['items'], element)}</div>`,
  ColumnSet: ({ columns }) => `<div class="row">${each(columns, column)}</div>`,
  FactSet: ({ facts }) =>
    each(facts, ({ title, value }) => `<p><span class="subtle">${shown(title)}</span> ${shown(value)}</p>`),
  Table: ({ rows }) => each(rows, ({ cells }) => `<div class="row">${each(cells, column)}</div>`),
  ActionSet: ({ actions }) => `<div>${each(actions, button)}</div>`,
  'Input.Text': (one) => field(one, ''),
  'Input.Toggle': (one) => field(one, one['title']),
  'Input.ChoiceSet': (one) => field(one, choicesOf(one)),
}

function element(one: JsonObject): string {
  const { type, isVisible } = one
  const draw = typeof type === 'string' && Object.hasOwn(elements, type) ? elements[type] : undefined
  const html = draw ? draw(one) : unknown(one)
  const ruled = one['separator'] === true ? `<div class="rule">${html}</div>` : html
  return isVisible === false ? `<div><p class="small subtle">(hidden until a button shows it)</p>${ruled}</div>` : ruled
}

const inlinesOf = (inlines: Json | undefined): string =>
  (isArray(inlines) ? inlines : [])
    .map((run) => {
      if (!isObject(run)) return shown(run)
      const html = `<span class="${looks(run)}">${shown(run['text'])}</span>`
      return run['weight'] === 'Bolder' ? `<b>${html}</b>` : run['italic'] === true ? `<i>${html}</i>` : html
    })
    .join('')

const column = (one: JsonObject): string =>
  `<div class="${one['width'] === 'auto' ? '' : 'stretch'} ${styleOf(one)}">${each(one['items'], element)}</div>`

function button(one: JsonObject): string {
  const { type, title, card, url } = one
  const face = `<span class="button">${shown(title)}</span>`
  if (type === 'Action.ShowCard' && isObject(card)) return `${face}<div class="box emphasis">${cardOf(card)}</div>`
  if (type === 'Action.OpenUrl') return `${face} <span class="small subtle">${shown(url)}</span>`
  const isKnown = ['Action.Execute', 'Action.Submit', 'Action.ToggleVisibility'].some((known) => known === type)
  return isKnown ? face : unknown(one)
}

const field = ({ label, placeholder, value }: JsonObject, more: Json | undefined): string =>
  `<p class="field"><span class="subtle">${shown(label)}</span> ${shown(value ?? placeholder)}${shown(more)}</p>`

const choicesOf = ({ choices }: JsonObject): string =>
  (isArray(choices) ? choices : [])
    .map((one) => (isObject(one) && typeof one['title'] === 'string' ? one['title'] : ''))
    .join(' / ')

const looks = ({ fontType, isSubtle, size, color }: JsonObject): string =>
  [
    fontType === 'Monospace' && 'mono',
    isSubtle === true && 'subtle',
    (size === 'Large' || size === 'ExtraLarge') && 'large',
    size === 'Small' && 'small',
    color === 'Good' && 'added',
    color === 'Attention' && 'removed',
  ]
    .filter((name) => name !== false)
    .join(' ')

const styles = ['accent', 'good', 'warning', 'attention', 'emphasis'] as const

const styleOf = ({ style }: JsonObject): string => styles.find((known) => known === style) ?? ''

const unknown = (value: Json): string => `<pre>${escaped(JSON.stringify(value))}</pre>`

/**
 * Writes a text of a card. Zero-width spaces are the service's marks for breaks: it writes out any that others sent.
 * Clients replace moments by the reader's time; a page keeps them in UTC, and gives the day also where a card has the hour
 * alone.
 */
const shown = (text: Json | undefined): string =>
  typeof text !== 'string'
    ? ''
    : escaped(
        text
          .replace(/\{\{DATE\((\d{4}-\d\d-\d\d)T[^)]*\)\}\}(?:, \{\{TIME\([^)]*?T(\d\d:\d\d:\d\d)Z\)\}\})?/g, moment)
          .replace(/\{\{TIME\((\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z\)\}\}/g, moment)
          .replaceAll('\u200b', ''),
      )

const moment = (_all: string, day: string, time?: string): string => (time === undefined ? day : `${day} ${time} UTC`)
