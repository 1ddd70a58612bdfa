import { bounds } from '../data/bound.ts'
import { canonical, isArray, type Json } from '../data/json.ts'
import type { Action } from './canonicalAction.ts'
import { type Edits, plainNumber } from './edits.ts'

/** What a person may make smaller in a form, with the number of its field from 1 on. */
export type LessField =
  | {
      readonly kind: 'number'
      readonly number: number
      readonly name: string
      readonly least: number
      readonly before: number
    }
  | { readonly kind: 'list'; readonly number: number; readonly name: string; readonly items: readonly Json[] }

/** The fields of a form, and the names of lists that it has no room for. */
interface LessFields {
  readonly fields: readonly LessField[]
  readonly tooLong: readonly string[]
}

/**
 * The fields in which an action is made smaller. Each item of a list is there once. A number that cannot get lower, and a list
 * that cannot lose an item, have none.
 *
 * @param narrowable the params that may be made smaller; of a standing approval its uses and its time are
 */
export function lessFields({ params, standing }: Action, narrowable: readonly string[]): LessFields {
  if (standing)
    return {
      fields: [
        { kind: 'number', number: 1, name: 'uses', least: 1, before: standing.uses } as const,
        { kind: 'number', number: 2, name: 'for', least: bounds.standing.least, before: standing.for } as const,
      ].filter(({ least, before }) => least < before),
      tooLong: [],
    }
  const all = narrowable.flatMap((name, i) => fieldOf(i + 1, name, Object.hasOwn(params, name) ? params[name] : null))
  let room: number = bounds.lessItems
  const isTooLong = (field: LessField): boolean => {
    if (field.kind !== 'list') return false
    room -= field.items.length
    return room < 0
  }
  const tooLong = new Set(all.filter(isTooLong))
  return { fields: all.filter((field) => !tooLong.has(field)), tooLong: [...tooLong].map(({ name }) => name) }
}

function fieldOf(number: number, name: string, value: Json | undefined): readonly LessField[] {
  if (typeof value === 'number') return value > 0 ? [{ kind: 'number', number, name, least: 0, before: value }] : []
  if (!isArray(value)) return []
  const items = [...new Map(value.toReversed().map((item) => [canonical(item), item])).values()].toReversed()
  return items.length > 1 ? [{ kind: 'list', number, name, items }] : []
}

/**
 * Reads what was typed into the fields, by number: of a number the digits, or nothing to leave it as it is; of a list the places
 * of the items that are left, from 1 on, with commas between them.
 *
 * @returns `null` if nothing was changed; the name of a number that cannot be read
 */
export function typedEdits(
  { standing }: Action,
  fields: readonly LessField[],
  typed: Readonly<Record<number, string>>,
): Edits | { readonly unread: string } | null {
  const changes: (readonly [string, Json])[] = []
  for (const field of fields) {
    const text = (typed[field.number] ?? '').trim()
    const left = field.kind === 'list' ? itemsLeft(field.items, text) : numberIn(text)
    if (Number.isNaN(left)) return { unread: field.name }
    if (left !== null) changes.push([field.name, left])
  }
  if (changes.length === 0) return null
  return standing ? { standing: Object.fromEntries(changes) } : { params: Object.fromEntries(changes) }
}

/** `NaN` for what is no number as people write it. */
const numberIn = (text: string): number | null =>
  text === '' ? null : plainNumber.test(text) ? Number(text) : Number.NaN

function itemsLeft(items: readonly Json[], text: string): readonly Json[] | null {
  const places = new Set(text.split(',').map((place) => place.trim()))
  const left = items.filter((_, i) => places.has(String(i + 1)))
  return left.length === items.length ? null : left
}
