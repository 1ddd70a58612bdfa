import { canonical, isArray, isObject, type Json, type JsonObject } from '../data/json.ts'
import type { Units } from '../data/measure.ts'
import { lineDiff } from './lineDiff.ts'
import { lineNumber } from './lineNumbers.ts'
import { cardText, keyText } from './value.ts'

/** A value as lines for people. */
export interface Drawing {
  readonly text: string
  readonly form: DrawingForm
  /** Lines of a text, items of an array, members of an object; of a change the lines that differ. */
  readonly size: number
}

/**
 * What the lines are. A card tells the form beside them, since the same lines can be a text or the drawing of an object.
 * `textChange` and `change` compare the members `before` and `after` of an object line by line: two texts, or two
 * drawings.
 */
export type DrawingForm = 'text' | 'diff' | 'array' | 'object' | 'textChange' | 'change'

/**
 * Draws a value: a text of several lines as these lines, which have numbers if they are many, an array or object indented
 * with one item or member a line. Members stand in the order that the manner names, and the others in that of the
 * canonical form (RFC 8785).
 *
 * Different values have different drawings: all lines of a text but the last end in `↵`, an agent cannot write its marks,
 * and every other text is quoted as JSON.
 *
 * @returns `null` for a value that stands on one line
 */
export function draw(value: Json, manner: DrawingManner): Drawing | null {
  if (typeof value === 'string') {
    if (!value.includes('\n')) return null
    const text = textLines(value)
    const size = text.length
    if (unifiedDiff.test(value)) return { text: text.join('\n'), form: 'diff', size }
    return { text: numbered(text).join('\n'), form: 'text', size }
  }
  if (!isStructure(value)) return null
  const change = changeOf(value, manner)
  if (change) return change
  const text = lines(value, { ...manner, numbers: true }).join('\n')
  return isArray(value)
    ? { text, form: 'array', size: value.length }
    : { text, form: 'object', size: Object.keys(value).length }
}

/** How a value is drawn: in which language, and with which keys of an object first, at every depth. */
export interface DrawingManner {
  readonly units: Units
  readonly order?: readonly string[]
}

/**
 * Compares the two sides of an object with the members `before` and `after` line by line; `null` for any other value, and
 * for sides that stand on one line each.
 */
export function changeOf(value: Json, manner: DrawingManner): Drawing | null {
  if (!isObject(value) || Object.keys(value).length !== 2) return null
  const { before, after } = value
  if (typeof before === 'string' && typeof after === 'string') {
    if (!before.includes('\n') && !after.includes('\n')) return null
    return changed(textLines(before), textLines(after), 'textChange')
  }
  if (!isStructure(before) || !isStructure(after)) return null
  return changed(sideLines(before, manner), sideLines(after, manner), 'change')
}

const isStructure = (value: Json | undefined): value is JsonObject | readonly Json[] =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

function changed(before: readonly string[], after: readonly string[], form: DrawingForm): Drawing {
  const diff = lineDiff(before, after)
  const text = diff.map(({ sign, line }) => `${signs[sign]}${line}`).join('\n')
  return { text, form, size: diff.filter(({ sign }) => sign !== 'both').length }
}

/** What a line of a change begins with. The spaces are wide ones, which clients do not drop. */
const signs = { before: '−\u00a0', after: '+\u00a0', both: '\u00a0\u00a0' } as const

/** The beginning of a unified diff, as `diff -u` and Git write it. */
const unifiedDiff = /^(?:diff --git |Index: |--- [^\n]*\n\+\+\+ |@@ -\d)/

/** The lines of a text, which are safe for a card. A line that is not the last shows its end. */
const textLines = (text: string): readonly string[] => cardText(text, 'block').split('\n')

/** Clients drop plain spaces. */
const wide = { blank: '\u00a0', bar: '│\u00a0' }

/** Puts its number before each line of a long text. */
const numbered = (text: readonly string[]): readonly string[] =>
  text.map((line, i) => `${lineNumber(i, text.length, wide)}${line}`)

/** With `numbers` lines of texts are numbered, and changes inside are compared: not so inside of a change itself. */
type LineManner = DrawingManner & { readonly numbers: boolean }

const lines = (value: Json, manner: LineManner): readonly string[] => drawInto(value, { manner, indent: '', lead: '' })

/** Where a value is drawn: behind which words, such as a key, and how far indented. */
interface Place {
  readonly manner: LineManner
  readonly indent: string
  readonly lead: string
}

const step = '\u00a0\u00a0'

function drawInto(value: Json, place: Place): readonly string[] {
  const { manner, indent, lead } = place
  const { units, numbers } = manner
  const first = `${indent}${lead}`
  const inner = `${indent}${step}`
  if (typeof value === 'string' && value.includes('\n')) {
    const text = textLines(value)
    return [
      `${first}⟦${units.text.begins(text.length)}⟧`,
      ...(numbers ? numbered(text) : text).map((line) => `${inner}${line}`),
      `${indent}⟦${units.text.ends}⟧`,
    ]
  }
  if (isArray(value) && !standsOnALine(value)) {
    const items = value.flatMap((item) => drawInto(item, { manner, indent: inner, lead: '' }))
    return [`${first}[`, ...items, `${indent}]`]
  }
  if (isObject(value) && Object.keys(value).length > 0)
    return [`${first}{`, ...members(value, manner, inner), `${indent}}`]
  return [`${first}${isArray(value) ? `[${value.map(scalar).join(', ')}]` : scalar(value)}`]
}

function members(value: JsonObject, manner: LineManner, indent: string): readonly string[] {
  const { order = [] } = manner
  const own = Object.keys(value)
  const first = order.filter((key) => Object.hasOwn(value, key))
  const keys = [...first, ...own.filter((key) => !first.includes(key)).sort()]
  const change = manner.numbers ? innerChange(value, manner, indent) : null
  return keys.flatMap((key) => {
    if (change && key === 'after') return change
    if (change && key === 'before') return []
    return drawInto(value[key] as Json, { manner, indent, lead: `${keyText(key)}: ` })
  })
}

/** Draws the members `before` and `after` of an object that has others as well, as a plan of Terraform does. */
function innerChange({ before, after }: JsonObject, manner: LineManner, indent: string): readonly string[] | null {
  if (!isStructure(before) || !isStructure(after)) return null
  const { change } = manner.units
  const { text, size } = changed(sideLines(before, manner), sideLines(after, manner), 'change')
  return [
    `${indent}⟦${change.begins(size)}⟧`,
    ...text.split('\n').map((line) => `${indent}${step}${line}`),
    `${indent}⟦${change.ends}⟧`,
  ]
}

/** A number before each line of a text would make all lines differ that follow an inserted one. */
const sideLines = (value: Json, manner: DrawingManner): readonly string[] => lines(value, { ...manner, numbers: false })

const scalar = (value: Json): string => cardText(canonical(value))

/** The longest array that stands on one line, in characters. */
const lineRoom = 60

/** Whether an array is a few short values. A wildcard stands alone on its line, so that a reader does not pass over it. */
function standsOnALine(items: readonly Json[]): boolean {
  if (items.some((item) => typeof item === 'object' && item !== null)) return false
  const text = items.map(scalar).join(', ')
  return text.length <= lineRoom && !/[*↵]|\\n/.test(text)
}
