import { type Action, escapePointer } from './action.ts'
import { isArray, isObject, type Json } from '../data/json.ts'
import { bytes, duration, grouped, type Measured, seconds, type Units } from '../data/measure.ts'
import { itemText, keepsOrder, keysOf, type TextLayout, quotedText, valueText } from './value.ts'

/**
 * How policy wants an action to be shown: words, an order and formats, and never a value. Copied into the request at
 * birth, as the requirement is, so that a later policy does not change what approvers were shown.
 */
export interface Presentation {
  /** Absent where the rule's summary, or else the verb, is the title. */
  readonly title?: readonly TitlePart[]
  /** In the order in which they are shown, except that critical ones come first. */
  readonly params: readonly PresentedParam[]
}

/** Policy's own words, or the place of a value; `otherwise` are its words where the value is absent. */
export type TitlePart =
  | { readonly text: string }
  | { readonly own: 'target' | 'environment' }
  | { readonly path: readonly string[]; readonly format?: Format; readonly otherwise?: string }

/** `pair` is an object with the members `before` and `after`. */
export type Format = (typeof formats)[number]

export const formats = ['number', 'bytes', 'duration', 'list', 'pair'] as const

/** A top-level param. */
export interface PresentedParam {
  readonly key: string
  readonly label?: string
  readonly format?: Format
  readonly critical?: true
  /** Which of two params that together tell what changes. */
  readonly side?: Side
}

type Side = 'before' | 'after'

/** Words of policy; with `from`, the JSON pointer of the value in the action that they were made of. */
export interface Piece {
  readonly text: string
  readonly from?: string
}

/** A top-level param as it is shown, under its real key whatever its label. */
export interface ParamRow {
  readonly key: string
  readonly label?: string
  /** Safe for a card. Empty for a critical param that is absent. */
  readonly text: string
  /** The format in which the value is written; `plain` also where it does not fit the one that policy names. */
  readonly kind: Format | 'plain' | 'absent'
  readonly critical: boolean
  readonly side?: Side
}

/**
 * Fills a title: pieces that are safe for a card. `null` if policy gives none. A value of several words is quoted: it
 * could pass for words of policy to who does not see, or hears, that its font is another.
 */
export function titleOf(action: Action, presentation: Presentation | undefined, units: Units): readonly Piece[] | null {
  return (
    presentation?.title?.map((part): Piece => {
      if ('text' in part) return part
      if ('own' in part) return { text: readingOf(action[part.own], undefined, units), from: `/${part.own}` }
      const value = valueAt(action, part.path)
      if (value === undefined) return { text: part.otherwise ?? '' }
      return {
        text: readingOf(value, part.format, units),
        from: ['/params', ...part.path.map(escapePointer)].join('/'),
      }
    }) ?? null
  )
}

/**
 * Lists all top-level params with their exact values: critical ones first, then those that policy names in its order,
 * then the others. No two actions have the same rows, whatever policy says of how they are written.
 */
export function rowsOf(
  action: Action,
  presentation: Presentation | undefined,
  layout: TextLayout,
  units: Units,
): readonly ParamRow[] {
  const named = presentation?.params ?? []
  const keys = new Set(named.map(({ key }) => key))
  const others = keysOf(action).filter((key) => !keys.has(key))
  return [
    ...named.filter(({ critical }) => critical),
    ...named.filter(({ critical }) => !critical),
    ...others.map((key): PresentedParam => ({ key })),
  ].flatMap((param) => rowOf(param, valueAt(action, [param.key]), { layout, units }) ?? [])
}

/** How a row is written: on one line or several, with the units of a language. */
interface Style {
  readonly layout: TextLayout
  readonly units: Units
}

function rowOf(param: PresentedParam, value: Json | undefined, style: Style): ParamRow | null {
  const { key, label, critical = false, format, side } = param
  const common = { key, ...(label !== undefined && { label }), critical, ...(side && { side }) }
  if (value === undefined) return critical ? { ...common, text: '', kind: 'absent' } : null
  if (!format) return { ...common, text: valueText(value, style.layout), kind: 'plain' }
  const text = formatted(value, format, style)
  return text === null
    ? { ...common, text: quotedText(value, style.layout), kind: 'plain' }
    : { ...common, text, kind: format }
}

function valueAt({ params }: Action, path: readonly string[]): Json | undefined {
  let value: Json | undefined = params
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

/** A list of more characters than these has a line for each item. */
const lineRoom = 80

/**
 * Writes a value in a format, exact and with its reading; `null` if it does not fit. Two values are never written alike,
 * and none as any value in canonical form, which is what stands there if it does not fit.
 */
function formatted(value: Json, format: Format, { layout, units }: Style): string | null {
  switch (format) {
    case 'number':
      return typeof value === 'number' ? grouped(value, units) : null
    case 'bytes':
    case 'duration': {
      const found = measured(value, format, units)
      return found && `${found.exact}${found.reading === undefined ? '' : ` (${found.reading})`}`
    }
    case 'list': {
      if (!isArray(value)) return null
      const items = value.map(itemText)
      const line = items.join(', ')
      // How many there are stands at the end, which is shown of a long value too.
      return `${layout === 'line' || line.length <= lineRoom ? line : items.join(',\n')} (${items.length})`.trimStart()
    }
    case 'pair': {
      const sides = sidesOf(value)
      return sides && (layout === 'line' ? sides.join(' → ') : `− ${sides[0]}\n+ ${sides[1]}`)
    }
  }
}

/** Writes a value in few words, for a title: what it is exactly stands in its row. */
function readingOf(value: Json, format: Format | undefined, units: Units): string {
  switch (format) {
    case undefined:
      return typeof value === 'string' && /\s/.test(value) ? quotedText(value, 'line') : valueText(value, 'line')
    case 'bytes':
    case 'duration': {
      const found = measured(value, format, units)
      return found ? (found.reading ?? found.exact) : quotedText(value, 'line')
    }
    case 'list':
      return isArray(value) && value.length > 0 ? value.map(itemText).join(', ') : quotedText(value, 'line')
    case 'number':
    case 'pair':
      return formatted(value, format, { layout: 'line', units }) ?? quotedText(value, 'line')
  }
}

function measured(value: Json, format: 'bytes' | 'duration', units: Units): Measured | null {
  if (typeof value === 'number') return format === 'bytes' ? bytes(value, units) : seconds(value, units)
  return typeof value === 'string' && format === 'duration' ? duration(value, units) : null
}

function sidesOf(value: Json): readonly [string, string] | null {
  if (!isObject(value) || Object.keys(value).length !== 2) return null
  const { before, after } = value
  if (before === undefined || after === undefined) return null
  const sides = [itemText(before), itemText(after)] as const
  // `→` between two words of Hebrew is drawn with what comes after on the side of what was before.
  return sides.every(keepsOrder) ? sides : null
}
