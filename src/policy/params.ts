import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { runKey } from '../core/action/run.ts'
import { escapePointer, isArray, isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { visible } from '../core/data/text.ts'
import type { RecordShape, Shape } from './paramShape.ts'

const text: Shape = { type: 'text' }

const boundFile: RecordShape = {
  type: 'record',
  members: new Map([
    ['path', { shape: text, required: true }],
    ['size', { shape: { type: 'integer' }, required: true }],
    ['sha256', { shape: text, required: true }],
  ]),
}

/** The shape of what `countersign run` binds, where the schema does not declare it. Cedar sees it only if declared. */
export const runShape: RecordShape = {
  type: 'record',
  members: new Map([
    ['path', { shape: text, required: true }],
    ['args', { shape: { type: 'set', element: text }, required: true }],
    ['cwd', { shape: text, required: true }],
    ['files', { shape: { type: 'set', element: boundFile }, required: false }],
    ['unbound', { shape: { type: 'set', element: text }, required: false }],
  ]),
}

/**
 * Whether a declared shape is that of a run: with all that every run has, and with any of what a run may leave out. A
 * member of the second kind may be declared as required, and then refuses runs without it.
 */
export const isRunShape = (shape: Shape): boolean =>
  shape.type === 'record' &&
  [...runShape.members].every(([name, { required }]) => !required || shape.members.get(name)?.required === true) &&
  [...shape.members].every(([name, { shape: declared }]) => isSame(declared, runShape.members.get(name)?.shape))

function isSame(one: Shape, other: Shape | undefined): boolean {
  if (one.type === 'set') return other?.type === 'set' && isSame(one.element, other.element)
  if (one.type !== 'record') return one.type === other?.type
  if (other?.type !== 'record' || one.members.size !== other.members.size) return false
  return [...one.members].every(([name, { shape, required }]) => {
    const twin = other.members.get(name)
    return twin?.required === required && isSame(shape, twin.shape)
  })
}

/** Whether params bind a command that rules cannot see, because the schema does not declare it. */
export const hidesRun = (params: JsonObject, declared: RecordShape | undefined): boolean =>
  Object.hasOwn(params, runKey) && !declared?.members.has(runKey)

/**
 * Converts params into the values that rules read. To a param that may be left out, `null` means that it is. Of a run,
 * rules read the members that the schema declares, so that a rule can compare path, args and cwd alone.
 *
 * @throws {Problem} `invalid-input` with the pointer of the first param that does not fit the schema.
 */
export function fit(params: JsonObject, shape: RecordShape): Record<string, CedarValueJson> {
  const { [runKey]: run, ...others } = params
  const declared = shape.members.get(runKey)?.shape
  if (run === undefined || hidesRun(params, shape)) return record(others, shape, '/params')
  return record({ ...others, [runKey]: narrowed(run, declared) }, shape, '/params')
}

/** Leaves out the optional members of a run that the schema does not declare. */
function narrowed(run: Json, declared: Shape | undefined): Json {
  if (!isObject(run) || declared?.type !== 'record') return run
  const hidden = (name: string): boolean =>
    runShape.members.get(name)?.required === false && !declared.members.has(name)
  return Object.fromEntries(Object.entries(run).filter(([name]) => !hidden(name)))
}

function record(value: Json, { members }: RecordShape, pointer: string): Record<string, CedarValueJson> {
  if (!isObject(value)) return refuse(pointer, 'an object', value)
  for (const key of Object.keys(value)) if (!members.has(key)) undeclared(inside(pointer, key), members)
  const fitted: Record<string, CedarValueJson> = {}
  for (const [key, { shape, required }] of members) {
    const given = Object.hasOwn(value, key) ? value[key] : undefined
    if (given !== undefined && (given !== null || required)) fitted[key] = convert(given, shape, inside(pointer, key))
    else if (required) invalid(inside(pointer, key), `it is missing: the policy requires ${expected(shape)}`)
  }
  return fitted
}

function convert(value: Json, shape: Shape, pointer: string): CedarValueJson {
  switch (shape.type) {
    case 'text':
      return typeof value === 'string' ? value : refuse(pointer, expected(shape), value)
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(pointer, expected(shape), value)
    case 'integer':
      return Number.isSafeInteger(value) ? (value as number) : refuse(pointer, expected(shape), value)
    case 'decimal':
      return typeof value === 'number' ? decimal(value, pointer) : refuse(pointer, expected(shape), value)
    case 'set':
      return isArray(value)
        ? value.map((item, i) => convert(item, shape.element, `${pointer}/${i}`))
        : refuse(pointer, expected(shape), value)
    case 'record':
      return record(value, shape, pointer)
  }
}

/** Writes Cedar's decimal: 64 bits with 4 decimal places, at least one of which must be written. */
function decimal(value: number, pointer: string): CedarValueJson {
  if (Math.abs(value) > 922_337_203_685_477)
    invalid(pointer, `a decimal lies between -922337203685477 and 922337203685477, and this is ${value}`)
  const text = String(value)
  if (!/^-?\d+(\.\d{1,4})?$/.test(text))
    invalid(pointer, `a decimal has at most 4 places, and this is ${text}: round it, for example to ${rounded(value)}`)
  return { __extn: { fn: 'decimal', arg: text.includes('.') ? text : `${text}.0` } }
}

const rounded = (value: number): number => Number(value.toFixed(4))

/** What the schema declares, in words. */
function expected(shape: Shape): string {
  switch (shape.type) {
    case 'text':
      return 'a text'
    case 'boolean':
      return 'true or false'
    case 'integer':
      return 'a whole number'
    case 'decimal':
      return 'a number with at most 4 places'
    case 'set':
      return 'an array'
    case 'record':
      return 'an object'
  }
}

/** Says what kind of value was found, and never the value: it may be long, or secret. */
function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (isArray(value)) return 'an array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a number with places'
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? 'a text' : 'an object'
}

const inside = (pointer: string, key: string): string => `${pointer}/${escapePointer(key)}`

function undeclared(pointer: string, members: RecordShape['members']): never {
  const names = members.size === 0 ? 'none at all' : [...members.keys()].join(', ')
  return invalid(pointer, `the policy declares no such member here, but: ${names}. Leave it out, or have it declared`)
}

function refuse(pointer: string, wanted: string, found: Json): never {
  return invalid(pointer, `the policy declares ${wanted} here, and ${kindOf(found)} was sent`)
}

function invalid(pointer: string, rule: string): never {
  throw new Problem('invalid-input', `${visible(pointer)}: ${rule}.`, { pointer })
}
