import { type Action, actionDigest } from '../core/action/canonicalAction.ts'
import type { Digest } from '../core/data/id.ts'
import { escapePointer, type Json, type JsonObject } from '../core/data/json.ts'
import type { ApiRequest } from './api.ts'
import { Refused } from './failure.ts'

/** What is asked for and then executed. The params are plain JSON. */
export interface AskedAction<P extends object = JsonObject> {
  /** The verb, as `db.export`. */
  readonly action: string
  readonly target: string
  readonly environment: string
  readonly params: P
}

/** Deeper params are refused by the service. Without a limit, a circle would never end. */
const deepest = 64

/**
 * Copies and freezes an action, so that one value is hashed, shown to people and executed, whatever its owner does to
 * the original meanwhile.
 *
 * @throws {Refused} `invalid-input` with the pointer of the first value that JSON would change or lose
 */
export function settled({ action, target, environment, params }: AskedAction<object>): Action {
  const copied = copy(params ?? {}, '/params', 0)
  if (typeof copied !== 'object' || copied === null || Array.isArray(copied)) refuse('/params', 'params are an object')
  for (const [name, value] of Object.entries({ action, target, environment }))
    if (typeof value !== 'string' || !value.isWellFormed()) refuse(`/${name}`, 'this is a text')
  return Object.freeze({ action, target, environment, params: copied as JsonObject })
}

/** Works out the digest of what is to be executed. */
export const digestOf = (action: Action): Digest => actionDigest(action)

/** The digest of what was asked for, whatever approvers left of that. */
export const askedDigestOf = ({ asked, digest }: Pick<ApiRequest, 'asked' | 'digest'>): string =>
  asked?.digest ?? digest

function copy(value: unknown, pointer: string, depth: number): Json {
  if (depth > deepest) refuse(pointer, 'this is nested too deep')
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      return value.isWellFormed() ? value : refuse(pointer, 'this text has half a surrogate pair')
    case 'number':
      // Minus zero is hashed as 0, so that it is executed as 0, too.
      return Number.isFinite(value) ? value + 0 : refuse(pointer, 'a number is finite')
    case 'object':
      if (value === null) return null
      return Object.freeze(Array.isArray(value) ? copyList(value, pointer, depth) : copyObject(value, pointer, depth))
    default:
      return refuse(pointer, `JSON has no ${typeof value}`)
  }
}

const copyList = (list: readonly unknown[], pointer: string, depth: number): Json[] =>
  Array.from(list, (item, i) => copy(item, `${pointer}/${i}`, depth + 1))

/** A member that is undefined is left out, as JSON does. */
function copyObject(value: object, pointer: string, depth: number): JsonObject {
  if (!isPlain(value)) refuse(pointer, 'only plain objects stay what they are in JSON: send its parts')
  const members: Record<string, Json> = {}
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    const here = `${pointer}/${escapePointer(key)}`
    // It would set the prototype of the copy.
    if (key === '__proto__') refuse(here, 'the key __proto__ is not allowed')
    if (!key.isWellFormed()) refuse(pointer, 'a key has half a surrogate pair')
    if (member !== undefined) members[key] = copy(member, here, depth + 1)
  }
  return members
}

/** Objects of another realm, as those of a test runner, have another `Object.prototype`, whose own is null as well. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function refuse(pointer: string, rule: string): never {
  throw new Refused('invalid-input', `${pointer}: ${rule}.`, { pointer })
}
