import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { escapePointer } from '../core/action/action.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { RecordShape, Shape } from './paramShape.ts'

/** The param in which `countersign run` sends its command. Any action may have it; Cedar sees it only if declared. */
export const reserved = 'command'

/** The shape of a command that the schema does not declare: exactly what `countersign run` sends, and nothing else. */
export const commandShape: RecordShape = {
  type: 'record',
  members: new Map([
    ['path', { shape: { type: 'text' }, required: true }],
    ['args', { shape: { type: 'set', element: { type: 'text' } }, required: true }],
    ['cwd', { shape: { type: 'text' }, required: true }],
  ]),
}

/**
 * Whether params have a command that rules cannot see, because the schema does not declare it.
 *
 * @throws {Problem} `invalid-input` with the pointer of a flaw in such a command.
 */
export function hidesCommand(params: JsonObject, declared: RecordShape | undefined): boolean {
  const { [reserved]: command } = params
  if (command === undefined || declared?.members.has(reserved)) return false
  record(command, commandShape, `/params/${reserved}`)
  return true
}

/**
 * Converts params into the values that rules read.
 *
 * @throws {Problem} `invalid-input` with the pointer of the first param that does not fit the schema.
 */
export function fit(params: JsonObject, shape: RecordShape): Record<string, CedarValueJson> {
  const { [reserved]: command, ...others } = params
  return record(shape.members.has(reserved) || command === undefined ? params : others, shape, '/params')
}

function record(value: Json, { members }: RecordShape, pointer: string): Record<string, CedarValueJson> {
  if (!isObject(value)) return refuse(pointer, 'an object is expected')
  for (const key of Object.keys(value))
    if (!members.has(key))
      refuse(inside(pointer, key), `no such member is declared, but: ${[...members.keys()].join(', ')}`)
  const fitted: Record<string, CedarValueJson> = {}
  for (const [key, { shape, required }] of members) {
    const member = Object.hasOwn(value, key) ? value[key] : undefined
    if (member !== undefined) fitted[key] = convert(member, shape, inside(pointer, key))
    else if (required) refuse(inside(pointer, key), 'it is required')
  }
  return fitted
}

function convert(value: Json, shape: Shape, pointer: string): CedarValueJson {
  switch (shape.type) {
    case 'text':
      return typeof value === 'string' ? value : refuse(pointer, 'text is expected')
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(pointer, 'true or false is expected')
    case 'integer':
      return Number.isSafeInteger(value) ? (value as number) : refuse(pointer, 'a whole number is expected')
    case 'decimal':
      return typeof value === 'number' ? decimal(value, pointer) : refuse(pointer, 'a number is expected')
    case 'set':
      return Array.isArray(value)
        ? value.map((item: Json, i) => convert(item, shape.element, `${pointer}/${i}`))
        : refuse(pointer, 'an array is expected')
    case 'record':
      return record(value, shape, pointer)
  }
}

/** Writes Cedar's decimal: 64 bits with 4 decimal places, at least one of which must be written. */
function decimal(value: number, pointer: string): CedarValueJson {
  if (Math.abs(value) > 922_337_203_685_477)
    refuse(pointer, 'a decimal lies between -922337203685477 and 922337203685477')
  const text = String(value)
  if (!/^-?\d+(\.\d{1,4})?$/.test(text)) refuse(pointer, 'a decimal has at most 4 places')
  return { __extn: { fn: 'decimal', arg: text.includes('.') ? text : `${text}.0` } }
}

const inside = (pointer: string, key: string): string => `${pointer}/${escapePointer(key)}`

function refuse(pointer: string, rule: string): never {
  throw new Problem('invalid-input', `${pointer}: ${rule}.`, { pointer })
}
