import { canonical, escapePointer, isArray, type Json } from '../data/json.ts'
import type { Action, PlainAction, ScopeItem, ScopeVary } from './canonicalAction.ts'
import { visible } from '../data/text.ts'
import { leadsAway } from './target.ts'

/**
 * Finds what of an action lies outside a scope.
 *
 * @param sample the action that the approvers saw
 * @returns a JSON pointer to the first such member; `null` if the whole action lies in the scope
 */
export function beyond(sample: PlainAction, vary: ScopeVary, action: PlainAction): string | null {
  if (action.action !== sample.action) return '/action'
  if (action.environment !== sample.environment) return '/environment'
  if (action.target !== sample.target && !isBelow(action.target, vary.target)) return '/target'
  const names = [...new Set([...Object.keys(sample.params), ...Object.keys(action.params)])].sort()
  const outside = names.find((name) => !isParamWithin(name, { sample, vary, action }))
  return outside === undefined ? null : `/params/${escapePointer(outside)}`
}

/** Whether a target goes on from a prefix, and no part of it could lead an executor out of there again. */
function isBelow(target: string, prefix: string | undefined): boolean {
  if (prefix === undefined || !prefix.endsWith('/') || !target.startsWith(prefix)) return false
  return target.slice(prefix.length).split('/').every(isPart)
}

const isPart = (part: string): boolean => part !== '' && !leadsAway(part)

interface Compared {
  readonly sample: PlainAction
  readonly vary: ScopeVary
  readonly action: PlainAction
}

function isParamWithin(name: string, { sample, vary, action }: Compared): boolean {
  const [shown, wanted] = [own(sample.params, name), own(action.params, name)]
  if (shown === undefined || wanted === undefined) return false
  if (canonical(shown) === canonical(wanted)) return true
  const bound = own(vary.params ?? {}, name)
  return bound !== undefined && isWithin(shown, bound, wanted)
}

/** The sample says what kind of value it is: a list stays a list, and a number a number. */
function isWithin(shown: Json, bound: number | readonly ScopeItem[], wanted: Json): boolean {
  if (typeof bound === 'number')
    return typeof shown === 'number' && typeof wanted === 'number' && wanted >= 0 && wanted <= bound
  if (!isArray(shown)) return typeof shown === typeof wanted && isOneOf(bound, wanted)
  const isSome = isArray(wanted) && wanted.length > 0 && new Set(wanted).size === wanted.length
  return isSome && wanted.every((item) => isOneOf(bound, item))
}

const isOneOf = (items: readonly ScopeItem[], value: Json): boolean => items.some((item) => item === value)

function own<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** A flaw of a scope that somebody asks for: where it is, and the rule that it breaks. */
export interface ScopeFlaw {
  readonly pointer: string
  readonly rule: string
}

/**
 * Finds what is wrong with a scope. The sample lies in it, so that approvers see an action that it allows.
 *
 * @returns `null` for a scope that can be asked for
 */
export function flawInScope({ standing, ...sample }: Action): ScopeFlaw | null {
  if (standing === undefined) return null
  const { target, params = {} } = standing.vary
  const hidden = hiddenIn(standing.vary)
  if (hidden !== null) return hidden
  if (target !== undefined) {
    const flaw = flawInPrefix(target, sample.target)
    if (flaw !== null) return { pointer: '/standing/vary/target', rule: flaw }
  }
  for (const [name, bound] of Object.entries(params)) {
    const flaw = flawOfParam(name, own(sample.params, name), bound)
    if (flaw !== null) return { pointer: `/standing/vary/params/${escapePointer(name)}`, rule: flaw }
  }
  return null
}

/** Approvers read a scope on each page: it has no characters that would have to be written out. */
function hiddenIn({ target = '', params = {} }: ScopeVary): ScopeFlaw | null {
  const rule = 'it holds no character that a reader cannot see, or takes for another'
  const isPlain = (text: string | number): boolean => typeof text === 'number' || visible(text) === text
  if (!isPlain(target)) return { pointer: '/standing/vary/target', rule }
  for (const [name, bound] of Object.entries(params))
    if (!isPlain(name) || (isArray(bound) && !bound.every((item) => isPlain(item))))
      return { pointer: `/standing/vary/params/${escapePointer(name)}`, rule }
  return null
}

function flawInPrefix(prefix: string, target: string): string | null {
  const parts = prefix.split('/')
  if (!prefix.endsWith('/') || parts.every((part) => part === '') || parts.some(leadsAway))
    return 'it ends with “/”, names a part before that, and has no part “.” or “..”'
  return isBelow(target, prefix) ? null : 'the target that is asked for begins with it, and goes on behind it'
}

function flawOfParam(name: string, shown: Json | undefined, bound: number | readonly ScopeItem[]): string | null {
  if (name === 'target') return '“target” is the target itself: a param of this name cannot vary'
  return flawInBound(shown, bound)
}

function flawInBound(shown: Json | undefined, bound: number | readonly ScopeItem[]): string | null {
  if (shown === undefined) return 'the action has no such param'
  if (typeof bound === 'number') {
    if (typeof shown !== 'number') return 'a number is the bound of a number: list the values that this param may have'
    return shown >= 0 && shown <= bound ? null : 'the param that is asked for lies between 0 and it'
  }
  if (typeof shown === 'number' || typeof shown === 'string')
    return isOneOf(bound, shown) ? null : 'the param that is asked for is one of them'
  if (!isArray(shown)) return 'only numbers, texts and lists may vary'
  return isWithin(shown, bound, shown) ? null : 'the list that is asked for has some of them, each once'
}

/** The names of what a scope lets vary, as `@vary` lists them: params, and `target`. */
export const variedBy = ({ target, params = {} }: ScopeVary): readonly string[] => [
  ...(target === undefined ? [] : ['target']),
  ...Object.keys(params),
]
