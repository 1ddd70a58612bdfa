import type { Action } from './action.ts'
import { escapePointer, isArray, isObject, type Json } from '../data/json.ts'
import { bytes, duration, grouped, type Measured, seconds, type Units } from '../data/measure.ts'
import { digestText } from './digestForm.ts'
import { changeOf, draw, type Drawing } from './drawing.ts'
import { itemText, keepsOrder, keysOf, type TextLayout, quotedText, valueText } from './value.ts'

/**
 * How policy wants an action to be shown: words, an order and formats, but never a value. Like the requirement, it is
 * copied into the request when the request is made, so that a later policy does not change what approvers see.
 */
export interface Presentation {
  /** If absent, the summary of the rule is the title; without a summary, the verb is. */
  readonly title?: readonly TitlePart[]
  /** In the order in which they are shown, except that critical ones come first. */
  readonly params: readonly PresentedParam[]
}

/** Words of the policy, or the place of a value. `otherwise` has the policy's words for an absent value. */
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
  /** The keys that come first in this param, in this order, in every object at any depth. */
  readonly order?: readonly string[]
  /** For one of two params that together show a change: which one this is. */
  readonly side?: Side
}

type Side = 'before' | 'after'

/** A piece of a title: words of policy, or a value and the JSON pointer at which the action has it. */
export interface Piece {
  readonly text: string
  readonly from?: string
}

/** A top-level param as it is shown. Its real key is shown even if it has a label. */
export interface ParamRow {
  readonly key: string
  readonly label?: string
  /** Safe for a card. Empty for a critical param that is absent. */
  readonly text: string
  /** The format in which the value is written. It is `plain` also for a value that does not fit the policy's format. */
  readonly kind: Format | 'plain' | 'absent'
  /** What the lines are that the value is drawn in; absent for a value on one line, and for one in a format. */
  readonly drawing?: Omit<Drawing, 'text'>
  readonly critical: boolean
  readonly side?: Side
}

/**
 * Fills a title with values, as pieces that are safe for a card. `null` if policy gives no title.
 *
 * A value of several words is quoted, because a different font alone does not set it off: an approver with a screen
 * reader, for example, would take it for words of the policy.
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
 * Lists all top-level params with their exact values: critical ones first, then the other params that policy names, in
 * its order, then the rest. Actions with different params have different rows, whatever formats policy chooses.
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

/** How to write a row: on one line or several, and with the units of which language. */
interface Style {
  readonly layout: TextLayout
  readonly units: Units
  readonly order?: readonly string[]
}

function rowOf(param: PresentedParam, value: Json | undefined, base: Style): ParamRow | null {
  const { key, label, critical = false, format, side, order } = param
  const style = { ...base, ...(order && { order }) }
  const common = { key, ...(label !== undefined && { label }), critical, ...(side && { side }) }
  if (value === undefined) return critical ? { ...common, text: '', kind: 'absent' } : null
  const written = format ? formatted(value, format, style) : digestText(value, style.layout, style.units)
  if (written !== null) return { ...common, text: written, kind: format ?? 'plain' }
  const drawing = style.layout === 'block' ? draw(value, style) : null
  if (drawing) {
    const { text, ...drawn } = drawing
    return { ...common, text, kind: 'plain', drawing: drawn }
  }
  return { ...common, text: format ? quotedText(value) : valueText(value), kind: 'plain' }
}

function valueAt({ params }: Action, path: readonly string[]): Json | undefined {
  let value: Json | undefined = params
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

/** A list with more characters than this is written with one item a line. */
const lineRoom = 80

/**
 * Writes a value in a format, exactly and with its reading; `null` if the value does not fit the format.
 *
 * Different values have different texts. None of these texts is the canonical form of any value either, since that is
 * shown for a value that does not fit.
 */
function formatted(value: Json, format: Format, style: Style): string | null {
  const { layout, units } = style

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
      // The count stands at the end, because a shortened value still shows its end.
      return `${layout === 'line' || line.length <= lineRoom ? line : items.join(',\n')} (${items.length})`.trimStart()
    }
    case 'pair': {
      // A change of several lines is drawn, not written in a row.
      if (layout === 'block' && changeOf(value, style)) return null
      const sides = sidesOf(value)
      return sides && (layout === 'line' ? sides.join(' → ') : `− ${sides[0]}\n+ ${sides[1]}`)
    }
  }
}

/** Writes a value briefly, for a title. Its row shows it exactly. */
function readingOf(value: Json, format: Format | undefined, units: Units): string {
  switch (format) {
    case undefined:
      return typeof value === 'string' && /\s/.test(value) ? quotedText(value) : valueText(value)
    case 'bytes':
    case 'duration': {
      const found = measured(value, format, units)
      return found ? (found.reading ?? found.exact) : quotedText(value)
    }
    case 'list':
      return isArray(value) && value.length > 0 ? value.map(itemText).join(', ') : quotedText(value)
    case 'number':
    case 'pair':
      return formatted(value, format, { layout: 'line', units }) ?? quotedText(value)
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
  // Between two right-to-left words `→` would point from the value after to the value before.
  return sides.every(keepsOrder) ? sides : null
}
