import { bounds } from '../data/bound.ts'
import { type Digest, digestOf } from '../data/id.ts'
import { canonical, isArray, isObject, type Json, type JsonObject } from '../data/json.ts'
import { Problem } from '../data/problem.ts'

/** What an agent wants to do. */
export interface Action {
  /** The verb, as `db.export`. */
  readonly action: string
  readonly target: string
  readonly environment: string
  readonly params: JsonObject
}

/** A page that an agent points approvers to: an https address, and the text to show for it. */
export interface Link {
  readonly title: string
  readonly url: string
}

/** The limits of an action: docs/agents/limits.md. */
export const actionLimits = bounds.action

/** The form of `action` and `environment`. */
export const namePattern = /^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/

/** The form of every key inside `params`. */
export const keyPattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/

/** Line ends and tabs, which texts of several lines have. A carriage return alone is none: it hides what is before it. */
export const layoutCharacter = /\r\n|[\n\t]/g

export const controlCharacter = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * Writes the canonical form of an action, whose hash is the action digest (RFC 8785, with a member for its type).
 *
 * Executors in any language can write the same text for what they are about to execute, and should compare digests.
 */
export const canonicalAction = ({ action, environment, params, target }: Action): string =>
  canonical({ action, environment, params, target, type: 'countersign/action/v1' })

export const actionDigest = (action: Action): Digest => digestOf(canonicalAction(action))

/**
 * Checks what a schema of single fields cannot check: the depth, the number of nodes, the keys and the values inside
 * `params`, and the size of the whole action.
 *
 * @throws {Problem} `invalid-input` with the pointer of the first offending member; `too-large` past 16 KiB.
 */
export function checkAction(action: Action): Action {
  let nodes = 0
  const walk = (value: Json, pointer: string, depth: number): void => {
    if (++nodes > actionLimits.nodes) refuse('/params', `params have at most ${actionLimits.nodes} values and members`)
    if (value === null) refuse(pointer, 'null is not allowed: leave the member out')
    if (typeof value === 'number') checkNumber(value, pointer)
    if (typeof value !== 'object') return
    if (depth > actionLimits.depth) refuse(pointer, `params are nested at most ${actionLimits.depth} deep`)
    if (isArray(value)) value.forEach((item, i) => walk(item, `${pointer}/${i}`, depth + 1))
    else if (isObject(value))
      for (const [key, member] of Object.entries(value)) {
        const here = `${pointer}/${escapePointer(key)}`
        if (!keyPattern.test(key)) refuse(here, 'a key starts with a letter and has at most 64 of A-Z a-z 0-9 _ . -')
        walk(member, here, depth + 1)
      }
  }
  walk(action.params, '/params', 1)
  const bytes = Buffer.byteLength(canonicalAction(action))
  if (bytes > actionLimits.canonicalBytes)
    throw new Problem('too-large', `The action has ${bytes} bytes in canonical form; at most 16,384 are allowed.`)
  return action
}

function checkNumber(value: number, pointer: string): void {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    refuse(pointer, 'an integer lies between -(2^53-1) and 2^53-1: write it as text')
  if (!Number.isFinite(value)) refuse(pointer, 'a number is finite')
}

function refuse(pointer: string, rule: string): never {
  throw new Problem('invalid-input', `${pointer}: ${rule}.`, { pointer })
}

/** RFC 6901 section 3. */
export const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
