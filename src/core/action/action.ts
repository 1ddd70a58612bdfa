import { bounds } from '../data/bound.ts'
import { escapePointer, isArray, isObject, type Json, type JsonObject } from '../data/json.ts'
import { grouped } from '../data/measure.ts'
import { Problem } from '../data/problem.ts'
import { visible } from '../data/text.ts'
import { type Action, canonicalAction } from './canonicalAction.ts'
import { flawInKey, isOwn, silhouette } from './key.ts'
import { flawInRun, runKey } from './run.ts'

export {
  type Action,
  actionDigest,
  canonicalAction,
  type PlainAction,
  scopeIn,
  type ScopeItem,
  type ScopeVary,
  type StandingScope,
} from './canonicalAction.ts'

/** A page that an agent points approvers to: an https address, and the text to show for it. */
export interface Link {
  readonly title: string
  readonly url: string
}

/** The limits of an action: docs/agents/limits.md. */
export const actionLimits = bounds.action

/** The form of `action`: a name as tools have them. */
export const actionPattern = /^[A-Za-z0-9_.:/-]+$/

/** The form of `environment`. Rules compare it, so one environment has one way to be written. */
export const environmentPattern = /^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/

export const controlCharacter = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * Checks what a schema of single fields cannot check: the depth, the number of values, the keys and the numbers inside
 * `params`, and the size of the whole action.
 *
 * @throws {Problem} `invalid-input` with the pointer of the first offending member; `too-large` past 16 KiB.
 */
export function checkAction<Asked extends Action>(action: Asked): Asked {
  let nodes = 0
  const walk = (value: Json, pointer: string, depth: number): void => {
    if (++nodes > actionLimits.nodes)
      refuse('/params', `params have at most ${number(actionLimits.nodes)} values and members: ${byDigest}`)
    if (typeof value === 'number') checkNumber(value, pointer)
    if (typeof value !== 'object' || value === null) return
    if (depth > actionLimits.depth)
      refuse(pointer, `params are nested at most ${actionLimits.depth} deep: send what is deeper as JSON in a text`)
    if (isArray(value)) value.forEach((item, i) => walk(item, `${pointer}/${i}`, depth + 1))
    else if (isObject(value)) {
      checkKeys(value, pointer)
      for (const [key, member] of Object.entries(value)) walk(member, `${pointer}/${escapePointer(key)}`, depth + 1)
    }
  }
  walk(action.params, '/params', 1)
  checkOwn(action.params)
  const bytes = Buffer.byteLength(canonicalAction(action))
  if (bytes > actionLimits.canonicalBytes)
    throw new Problem(
      'too-large',
      `The action has ${number(bytes)} bytes in canonical form; at most ${number(actionLimits.canonicalBytes)} are ` +
        `allowed: ${byDigest}.`,
      { pointer: '/params' },
    )
  return action
}

/** How to ask for something that is larger than an action may be: docs/agents/digest.md. */
export const byDigest =
  'send the large part by its digest, as { "sha256", "size", "href" }, with a link to where people can read it'

function checkKeys(value: JsonObject, pointer: string): void {
  const seen = new Map<string, string>()
  for (const key of Object.keys(value)) {
    const here = `${pointer}/${escapePointer(key)}`
    const flaw = flawInKey(key)
    if (flaw !== null) refuse(here, flaw)
    const twin = seen.get(silhouette(key))
    if (twin !== undefined) refuse(here, 'another key of this object looks the same: give one of them another name')
    seen.set(silhouette(key), key)
  }
}

/** At the top of `params`, keys that begin with `countersign.` are kept for what `countersign run` binds. */
function checkOwn(params: JsonObject): void {
  for (const [key, value] of Object.entries(params)) {
    if (!isOwn(key)) continue
    const here = `/params/${escapePointer(key)}`
    if (key !== runKey)
      refuse(here, 'keys that begin with "countersign." are kept for `countersign run`: give the param another name')
    const flaw = flawInRun(value)
    if (flaw !== null)
      refuse(
        [here, ...flaw.path.map(escapePointer)].join('/'),
        `${flaw.rule}. This key is kept for what \`countersign run\` binds: give another param another name`,
      )
  }
}

function checkNumber(value: number, pointer: string): void {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    refuse(pointer, 'an integer lies between -(2^53-1) and 2^53-1: send its digits as a text')
  if (!Number.isFinite(value)) refuse(pointer, 'a number is finite')
}

const number = (amount: number): string => grouped(amount, { thousands: ',', point: '.' })

function refuse(pointer: string, rule: string): never {
  throw new Problem('invalid-input', `${visible(pointer)}: ${rule}.`, { pointer })
}
