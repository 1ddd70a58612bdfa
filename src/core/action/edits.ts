import { bounds } from '../data/bound.ts'
import { canonical, escapePointer, isArray, isObject, type Json, type JsonObject } from '../data/json.ts'
import type { Action, StandingScope } from './canonicalAction.ts'

/** What an approver makes smaller: params of an action by name, or how often and how long a standing approval stands. */
export type Edits =
  | { readonly params: JsonObject }
  | { readonly standing: { readonly uses?: number; readonly for?: number } }

/** A flaw of edits: where it is, as a JSON pointer into the call's body, and the rule that it breaks. */
export interface EditFlaw {
  readonly pointer: string
  readonly rule: string
}

/** Writes edits as the text that an event commits to: canonical JSON. */
export const editsText = (edits: Edits): string =>
  canonical('params' in edits ? { params: edits.params } : { standing: { ...edits.standing } })

/** Reads edits; `null` for any other value. Whether they make anything smaller is for {@link flawInEdits}. */
export function editsIn(value: Json | undefined): Edits | null {
  if (!isObject(value) || Object.keys(value).length !== 1) return null
  const { params, standing } = value
  if (isObject(params)) return { params }
  if (!isObject(standing)) return null
  const { uses, for: seconds, ...others } = standing
  if (Object.keys(others).length > 0 || !isNumberOrAbsent(uses) || !isNumberOrAbsent(seconds)) return null
  return { standing: { ...(uses !== undefined && { uses }), ...(seconds !== undefined && { for: seconds }) } }
}

const isNumberOrAbsent = (value: Json | undefined): value is number | undefined =>
  value === undefined || typeof value === 'number'

/** The names that edits change, sorted. */
export const editedNames = (edits: Edits): readonly string[] =>
  Object.keys('params' in edits ? edits.params : edits.standing).sort()

/** The action that edits leave. Only of edits that have no flaw. */
export function edited(action: Action, edits: Edits): Action {
  if ('params' in edits) return { ...action, params: { ...action.params, ...edits.params } }
  return action.standing ? { ...action, standing: { ...action.standing, ...edits.standing } } : action
}

/**
 * Finds why edits do not make an action smaller for certain. A number gets lower, and not negative; a list loses items, not
 * all of them, and gains none. To many tools `-1`, an empty list and a param left out mean everything, so nothing else is
 * smaller.
 *
 * @param narrowable the params that may be made smaller
 * @returns `null` for edits that leave less than there was
 */
export function flawInEdits(action: Action, narrowable: readonly string[], edits: Edits): EditFlaw | null {
  if ('standing' in edits) return action.standing ? flawInTerms(action.standing, edits.standing) : noStanding
  if (action.standing) return { pointer: '/params', rule: 'of a standing approval only “uses” and “for” get smaller' }
  const names = editedNames(edits)
  if (names.length === 0) return { pointer: '/params', rule: 'it names at least one param, with what is left of it' }
  for (const name of names) {
    const pointer = `/params/${escapePointer(name)}`
    if (!narrowable.includes(name)) return { pointer, rule: mayNarrow(narrowable) }
    const before = Object.hasOwn(action.params, name) ? action.params[name] : undefined
    const flaw = flawInValue(before, edits.params[name], pointer)
    if (flaw !== null) return flaw
  }
  return null
}

const noStanding: EditFlaw = { pointer: '', rule: 'only a standing approval has “uses” and “for”: send “params”' }

const mayNarrow = (names: readonly string[]): string =>
  names.length === 0 ? 'policy lets no param be made smaller' : `policy lets only ${names.join(', ')} be made smaller`

function flawInValue(before: Json | undefined, after: Json | undefined, pointer: string): EditFlaw | null {
  if (before === undefined) return { pointer, rule: 'the action has no such param' }
  if (isArray(before)) return flawInList(before, after, pointer)
  if (typeof before === 'number') return flawInNumber(before, after, pointer)
  return { pointer, rule: 'only a number or a list can be made smaller for certain' }
}

/** As people write it: digits, and at most the four places of Cedar's decimal. */
export const plainNumber = /^\d+(\.\d{1,4})?$/

function flawInNumber(before: number, after: Json | undefined, pointer: string): EditFlaw | null {
  const isPlain = typeof after === 'number' && !Object.is(after, -0) && plainNumber.test(String(after))
  if (!isPlain) return { pointer, rule: 'it is a plain number, not negative, with at most four places' }
  return after < before ? null : { pointer, rule: `it is lower than ${before}` }
}

function flawInList(before: readonly Json[], after: Json | undefined, pointer: string): EditFlaw | null {
  if (!isArray(after)) return { pointer, rule: 'what is left of a list is a list' }
  if (after.length === 0)
    return { pointer, rule: 'a list keeps at least one item: many tools take an empty one for all' }
  const [had, has] = [before.map(canonical), after.map(canonical)]
  const twice = has.findIndex((item, i) => has.indexOf(item) < i)
  if (twice >= 0) return { pointer: `${pointer}/${twice}`, rule: 'no item occurs twice' }
  const gained = has.findIndex((item) => !had.includes(item))
  if (gained >= 0) return { pointer: `${pointer}/${gained}`, rule: 'the list had no such item' }
  if (has.length >= new Set(had).size) return { pointer, rule: 'the list loses at least one item' }
  const places = has.map((item) => had.indexOf(item))
  const isInOrder = places.every((place, i) => i === 0 || place > (places[i - 1] ?? 0))
  return isInOrder ? null : { pointer, rule: 'the items that are left keep their order' }
}

function flawInTerms(standing: StandingScope, { uses, for: seconds }: Partial<StandingScope>): EditFlaw | null {
  if (uses === undefined && seconds === undefined) return { pointer: '', rule: 'send “uses” or “for”, or both' }
  const { least } = bounds.standing
  if (uses !== undefined && !isBelow(uses, 1, standing.uses))
    return { pointer: '/uses', rule: `it is a whole number, at least 1 and lower than ${standing.uses}` }
  if (seconds !== undefined && !isBelow(seconds, least, standing.for))
    return {
      pointer: '/for',
      rule: `it is a whole number of seconds, at least ${least} and lower than ${standing.for}`,
    }
  return null
}

const isBelow = (value: number, least: number, before: number): boolean =>
  Number.isSafeInteger(value) && value >= least && value < before
