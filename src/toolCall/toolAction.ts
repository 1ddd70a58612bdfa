import { hash } from 'node:crypto'
import { type Action, actionPattern, checkAction } from '../core/action/action.ts'
import { canonical, isArray, isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { placeholder, type ToolRule } from './toolRule.ts'

/** What is called, as an action says it. */
export interface CalledTool {
  readonly verb: string
  readonly rule: ToolRule
  /** The target where the rule names none. */
  readonly target: string
  readonly environment: string
  /** Params beside the arguments. */
  readonly params: JsonObject
  /** Texts beside the arguments that a target can be made of. */
  readonly texts?: JsonObject
}

/** Characters of a string beyond which `large: digest` replaces it. */
const longest = 2_000

/** Characters that people see of a string that is replaced. */
const shown = 200

/** Writes names as a verb. Characters that a verb cannot hold become `-`, so that two names can meet in one verb. */
export const verbFrom = (...names: readonly string[]): string =>
  [...names.join('.')].map((one) => (actionPattern.test(one) ? one : '-')).join('')

/**
 * Makes the action of a call. Everything that decides what the tool does is in it, so that its digest binds the arguments
 * with which the tool is called.
 *
 * @param args plain JSON that nothing changes later
 * @throws {Problem} `invalid-input` or `too-large` for arguments of which no action can be made
 */
export function toolAction(tool: CalledTool, args: JsonObject): Action {
  const { verb, rule, environment, params, texts = {} } = tool
  const put = rule.large === 'digest' ? (shortened(args) as JsonObject) : args
  const action = (more: JsonObject): Action => ({
    action: verb,
    target: rule.target === undefined ? tool.target : targetOf(rule.target, { ...args, ...texts }),
    environment: rule.environment ?? environment,
    params: { ...params, ...more },
  })
  const plain = action(rule.params === 'arguments' ? apart(put, params) : { arguments: put })
  const text = textOf(put)
  if (fits(plain)) return plain
  return checkAction(action({ argumentsJson: text }))
}

/** @throws {Problem} `invalid-input` for an argument with the name of another param: it would say which tool is called */
function apart(args: JsonObject, params: JsonObject): JsonObject {
  const taken = Object.keys(args).find((name) => Object.hasOwn(params, name) || ofAll.includes(name))
  if (taken !== undefined)
    throw new Problem(
      'invalid-input',
      `The argument ${taken} cannot be a param of its own: leave out "params" of its rule.`,
    )
  return args
}

/** The params that hold all arguments. */
const ofAll: readonly string[] = ['arguments', 'argumentsJson']

/** Whether params can hold the arguments as they are. @throws {Problem} `too-large` */
function fits(action: Action): boolean {
  try {
    checkAction(action)
    return true
  } catch (cause) {
    if (cause instanceof Problem && cause.code === 'invalid-input') return false
    throw cause
  }
}

function textOf(args: JsonObject): string {
  try {
    return canonical(args)
  } catch (cause) {
    // RFC 8785 has no form for a lone surrogate, or for a number that JSON overflows into.
    throw new Problem('invalid-input', 'The arguments have no canonical form (RFC 8785).', { cause })
  }
}

/**
 * Finds the arguments in the params of a request that {@link toolAction} made; `null` in those of any other.
 *
 * @param beside the params beside the arguments
 */
export function argumentsIn(params: JsonObject, rule: ToolRule, beside: readonly string[]): JsonObject | null {
  const { arguments: plain, argumentsJson: text } = params
  if (rule.params === 'arguments' && text === undefined)
    return Object.fromEntries(Object.entries(params).filter(([name]) => !beside.includes(name)))
  if (isObject(plain)) return plain
  if (typeof text !== 'string') return null
  try {
    const read = JSON.parse(text) as Json
    return isObject(read) ? read : null
  } catch {
    return null
  }
}

function targetOf(template: string, args: JsonObject): string {
  return template.replaceAll(placeholder, (_, key: string) => {
    const value = Object.hasOwn(args, key) ? args[key] : undefined
    if (typeof value === 'string') return value
    throw new Problem('invalid-input', `"${key}" is no text, and the target is made of it.`)
  })
}

/**
 * Replaces long strings by their digest, in the form that docs/agents/digest.md describes.
 *
 * @throws {Problem} `invalid-input` for an object that has this form already: one action would then stand for two calls
 */
function shortened(value: Json): Json {
  if (typeof value === 'string') return value.length > longest ? byDigest(value) : value
  if (isArray(value)) return value.map(shortened)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, 'sha256') && Object.hasOwn(value, 'size'))
    throw new Problem('invalid-input', 'An argument has the members sha256 and size, which this tool’s long texts get.')
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shortened(member)]))
}

function byDigest(text: string): Json {
  if (!text.isWellFormed()) throw new Problem('invalid-input', 'An argument has half a surrogate pair.')
  const bytes = Buffer.from(text)
  return { sha256: hash('sha256', bytes, 'hex'), size: bytes.length, begins: beginning(text) }
}

/** Cuts between two characters, never inside of one. */
const beginning = (text: string): string => {
  const begins = text.slice(0, shown)
  return begins.isWellFormed() ? begins : begins.slice(0, -1)
}
