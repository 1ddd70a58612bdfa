import * as fc from 'fast-check'
import type { Json, JsonObject } from '../../src/core/data/json.ts'

/** As much of JSON Schema 2020-12 as the document of the API uses. */
export interface Schema {
  readonly type?: string
  readonly allOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  /** Members that the chosen one of several alternatives requires; not of JSON Schema. */
  readonly chosen?: readonly string[]
  readonly additionalProperties?: boolean | Schema
}

/** A value with one constraint broken. */
export interface Break {
  readonly what: string
  readonly value: Json
  /** Of the field to blame. */
  readonly pointer: string
  readonly code: 'invalid-input' | 'invalid-json'
}

/**
 * Of alternatives that each require members, the first alone: without the members that the others require. At every depth.
 */
export function firstOf({ oneOf: [first, ...others] = [], ...schema }: Schema): Schema {
  const { properties, required = [] } = schema
  if (properties === undefined) return schema
  const left = others.flatMap((other) => other.required ?? [])
  const chosen = first?.required ?? []
  const kept = Object.entries(properties).filter(([name]) => !left.includes(name))
  return {
    ...schema,
    properties: Object.fromEntries(kept.map(([name, one]) => [name, firstOf(one)])),
    required: [...required, ...chosen],
    ...(chosen.length > 0 && { chosen }),
  }
}

/** Values that keep to the schema. @throws {Error} for a keyword that is not known here: then nobody would break it. */
export function valid(schema: Schema): fc.Arbitrary<Json> {
  const strange = Object.keys(schema).filter((keyword) => !known.includes(keyword))
  if (strange.length > 0) throw new Error(`Nothing here breaks ${strange.join(', ')}.`)
  const { minLength = 0, maxLength = 500, minItems = 0, maxItems = 3, minimum = 0, maximum = 100 } = schema
  if (schema.enum) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'string':
      if (schema.format === 'uuid') return fc.uuid()
      if (schema.format === 'uri') return fc.webUrl({ validSchemes: ['https'] }).filter((url) => url.length <= 500)
      if (schema.pattern !== undefined)
        return fc.stringMatching(new RegExp(schema.pattern)).filter((text) => text.length <= maxLength)
      return fc
        .string({ unit: fc.constantFrom(...'aZ09 ./-é✓😀'), minLength, maxLength: Math.min(maxLength, 60) })
        .filter((text) => text === text.trim())
    case 'integer':
      return fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) })
    case 'array':
      return fc.uniqueArray(valid(schema.items ?? {}), { minLength: minItems, maxLength: maxItems })
    case 'object': {
      const { properties = {}, required = [] } = schema
      const members = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valid(one)]))
      return fc.record(members, { requiredKeys: [...required], noNullPrototype: true }) as fc.Arbitrary<JsonObject>
    }
    default:
      return fc.constant(null)
  }
}

const known: readonly string[] = [
  ...['type', 'enum', 'pattern', 'format', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'],
  ...[
    'items',
    'properties',
    'required',
    'chosen',
    'additionalProperties',
    'propertyNames',
    'default',
    'examples',
    'description',
  ],
]

/**
 * Every way to break one constraint of a value that keeps to its schema, and has all its members.
 *
 * @param canary stands in whatever is broken
 */
export function breaks(schema: Schema, value: Json, canary: string, pointer = ''): readonly Break[] {
  const broken = (what: string, value: Json, at = pointer): Break => ({
    ...{ what: `${at || 'the body'}: ${what}`, value, pointer: at },
    code: 'invalid-input',
  })
  const others: readonly (readonly [string, Json])[] = [
    ...[['null', null] as const, ['true', true] as const],
    ['text', canary],
    ['a list', [canary]],
    ['an object', { [canary]: canary }],
    ['a number', 7],
  ]
  const ofType: Readonly<Record<string, string>> = {
    ...{ string: 'text', array: 'a list', object: 'an object', integer: 'a number' },
  }
  const wrongType = others.filter(([what]) => what !== ofType[schema.type ?? '']).map((one) => broken(...one))
  return [...wrongType, ...inside(schema, value, canary, pointer, broken)]
}

type Broken = (what: string, value: Json, at?: string) => Break

function inside(schema: Schema, value: Json, canary: string, pointer: string, broken: Broken): readonly Break[] {
  switch (schema.type) {
    case 'string':
      return brokenText(schema, canary, broken)
    case 'integer':
      return brokenNumber(schema, broken)
    case 'array': {
      const { items = {}, minItems, maxItems } = schema
      const list = value as readonly Json[]
      return [
        ...(minItems === undefined ? [] : [broken('too few', list.slice(0, minItems - 1))]),
        ...(maxItems === undefined
          ? []
          : [broken('too many', [...Array.from({ length: maxItems }, () => list[0] ?? null), list[0] ?? null])]),
        ...breaks(items, list[0] ?? null, canary, `${pointer}/0`).map((one) => ({
          ...one,
          value: list.with(0, one.value),
        })),
      ]
    }
    case 'object':
      return brokenMembers(schema, value as JsonObject, canary, pointer, broken)
    default:
      return []
  }
}

function brokenText(
  { minLength = 0, maxLength, enum: values, pattern, format }: Schema,
  canary: string,
  broken: Broken,
) {
  return [
    ...(minLength > 0 ? [broken('too short', '')] : []),
    ...(maxLength === undefined ? [] : [broken('too long', canary.padEnd(maxLength + 1, 'x'))]),
    ...(values ? [broken('none of the values', canary)] : []),
    ...(pattern === undefined ? [] : [broken('another pattern', `${canary} !`), broken('no text', '')]),
    ...(format === undefined ? [] : [broken('another format', canary)]),
  ]
}

function brokenNumber({ minimum, maximum }: Schema, broken: Broken): readonly Break[] {
  const past = (maximum ?? 0) + 1
  // what JSON cannot say exactly is refused before anybody asks which field it is
  const tooLarge = { ...broken('too large', past), code: Number.isSafeInteger(past) ? 'invalid-input' : 'invalid-json' }
  return [
    broken('a fraction', (minimum ?? 0) + 0.5),
    ...(minimum === undefined ? [] : [broken('too small', minimum - 1)]),
    ...(maximum === undefined ? [] : [tooLarge as Break]),
  ]
}

function brokenMembers(schema: Schema, value: JsonObject, canary: string, pointer: string, broken: Broken) {
  const { properties = {}, required = [], chosen = [], additionalProperties } = schema
  // Without any of the alternatives the object itself is to blame.
  const blamed = (name: string) => (chosen.includes(name) && pointer !== '' ? pointer : `${pointer}/${name}`)
  const without = (name: string): JsonObject =>
    Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
  return [
    ...required.map((name) => broken('missing', without(name), blamed(name))),
    ...(additionalProperties === false ? [broken('one more', { ...value, colour: canary }, `${pointer}/colour`)] : []),
    ...Object.entries(properties).flatMap(([name, one]) =>
      breaks(one, value[name] ?? null, canary, `${pointer}/${name}`).map((each) => ({
        ...each,
        value: { ...value, [name]: each.value },
      })),
    ),
  ]
}
