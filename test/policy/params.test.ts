import { type CedarValueJson, checkParseContext } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { isObject, type Json, type JsonObject } from '../../src/core/data/json.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { fit, hidesRun } from '../../src/policy/params.ts'
import { readSchema } from '../../src/policy/schema.ts'
import { ask, load } from './folder.ts'

const schema = `
entity Agent;
entity Target;
type Amount = { value: decimal, currency?: String };
namespace Lists { type Names = Set<String>; }
action "pay" appliesTo { principal: Agent, resource: Target, context: {
  environment: String,
  params: { rows: Long, name?: String, urgent?: Bool, names?: Lists::Names, amount?: Amount, lines?: Set<Amount> },
} };
action "bound" appliesTo { principal: Agent, resource: Target, context: {
  environment: String, params: { "countersign.run"?: { path: String, args: Set<String>, cwd: String } },
} };
`
const shapeOf = (action: string) => {
  const shape = readSchema(schema).find(({ name }) => name === action)?.params
  if (!shape) throw new Error(`No params of ${action}.`)
  return shape
}
const pay = shapeOf('pay')
const bound = shapeOf('bound')

const pointerOf = (params: JsonObject, shape = pay) => refused(() => fit(params, shape))

/** The pointer of what is refused. */
function refused(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-input') return error.details.pointer
    throw error
  }
  return undefined
}

test.each<[string, JsonObject, string]>([
  ['a required one that is missing', {}, '/params/rows'],
  ['a fraction for Long', { rows: 1.5 }, '/params/rows'],
  ['text for Long', { rows: '1' }, '/params/rows'],
  ['a number for String', { rows: 1, name: 1 }, '/params/name'],
  ['text for Bool', { rows: 1, urgent: 'true' }, '/params/urgent'],
  ['null for a required one', { rows: null }, '/params/rows'],
  ['null in Set', { rows: 1, names: [null] }, '/params/names/0'],
  ['null for a required member', { rows: 1, amount: { value: null } }, '/params/amount/value'],
  ['null for one that is not declared', { rows: 1, other: null }, '/params/other'],
  ['one value for Set', { rows: 1, names: 'a' }, '/params/names'],
  ['a wrong value in Set', { rows: 1, names: ['a', 2] }, '/params/names/1'],
  ['an object for Set', { rows: 1, names: {} }, '/params/names'],
  ['an array for a record', { rows: 1, amount: [] }, '/params/amount'],
  ['a missing member', { rows: 1, amount: {} }, '/params/amount/value'],
  ['a member too many', { rows: 1, amount: { value: 1, tax: 1 } }, '/params/amount/tax'],
  ['a wrong member in Set', { rows: 1, lines: [{ value: 1 }, { value: '2' }] }, '/params/lines/1/value'],
  ['one that is not declared', { rows: 1, 'x/y~z': 1 }, '/params/x~1y~0z'],
  ['a decimal with 5 places', { rows: 1, amount: { value: 1.00001 } }, '/params/amount/value'],
  ['a very small decimal', { rows: 1, amount: { value: 1e-7 } }, '/params/amount/value'],
  ['a very large decimal', { rows: 1, amount: { value: 922337203685478 } }, '/params/amount/value'],
  ['text for decimal', { rows: 1, amount: { value: '1.5' } }, '/params/amount/value'],
  ['what any object has', { rows: 1, constructor: 1 }, '/params/constructor'],
])('params do not fit: %s', (_what, params, pointer) => {
  expect(pointerOf(params)).toBe(pointer)
})

test.each([
  [1.5, '1.5'],
  [-3, '-3.0'],
  [0, '0.0'],
  [0.0001, '0.0001'],
  [-922337203685477, '-922337203685477.0'],
])('the number %d becomes the decimal %s', (value, arg) => {
  expect(fit({ rows: 1, amount: { value } }, pay)).toEqual({
    rows: 1,
    amount: { value: { __extn: { fn: 'decimal', arg } } },
  })
})

test('null is the same as leaving out what may be left out', () => {
  expect(fit({ rows: 1, name: null, urgent: null, names: null, amount: null }, pay)).toEqual({ rows: 1 })
  expect(fit({ rows: 1, amount: { value: 2, currency: null } }, pay)).toEqual(
    fit({ rows: 1, amount: { value: 2 } }, pay),
  )
})

describe('what `countersign run` binds', () => {
  const bindings = { 'countersign.run': { path: '/usr/bin/pg_dump', args: ['-t', 'a'], cwd: '/' } }

  test('is accepted, and hidden from rules, if it is not declared', () => {
    expect(fit({ rows: 1, ...bindings }, pay)).toEqual({ rows: 1 })
  })

  test('must fit the schema, and is shown to rules, if it is declared', () => {
    expect(fit(bindings, bound)).toEqual(bindings)
    const run = { path: 1, args: [], cwd: '/' }
    expect(pointerOf({ 'countersign.run': run }, bound)).toBe('/params/countersign.run/path')
  })

  const files = [{ path: '/usr/bin/pg_dump', size: 3, sha256: 'a'.repeat(64) }]
  const full = { 'countersign.run': { ...bindings['countersign.run'], files, unbound: ['the PATH'] } }
  const declaring = (more: string) =>
    readSchema(schema.replace('cwd: String }', `cwd: String, ${more} }`)).find(({ name }) => name === 'bound')?.params

  test('is compared by path, args and cwd, whatever files are bound', () => {
    expect(fit(full, bound)).toEqual(bindings)
    expect(fit({ rows: 1, ...full }, pay)).toEqual({ rows: 1 })
  })

  test('shows rules the files if the schema declares them, and may require them', () => {
    const wanting = declaring('files: Set<{ path: String, size: Long, sha256: String }>')
    expect(wanting && fit(full, wanting)).toEqual({ 'countersign.run': { ...bindings['countersign.run'], files } })
    expect(pointerOf(bindings, wanting)).toBe('/params/countersign.run/files')
    const both = declaring('unbound?: Set<String>, files?: Set<{ path: String, size: Long, sha256: String }>')
    expect(both && [fit(full, both), fit(bindings, both)]).toEqual([full, bindings])
  })

  test.each(['files: Set<String>', 'files: Set<{ path: String }>', 'unbound: String', 'note?: String'])(
    'is declared with nothing else: %s',
    (more) => {
      expect(() => declaring(more)).toThrow(/countersign.run/)
    },
  )

  test('is hidden from rules of other actions', () => {
    expect([hidesRun(bindings, pay), hidesRun(bindings, undefined)]).toEqual([true, true])
    expect([hidesRun({ rows: 1, command: 'x' }, pay), hidesRun({}, undefined)]).toEqual([false, false])
    expect(hidesRun(bindings, bound)).toBe(false)
  })

  test('leaves `command` to the params of the agent', () => {
    expect(pointerOf({ rows: 1, command: 'pg_dump' })).toBe('/params/command')
    const own = readSchema(schema.replace(/"countersign.run"\?: \{.*?\}/, 'command: String')).find(
      ({ name }) => name === 'bound',
    )?.params
    expect(own && fit({ command: 'npm test', ...bindings }, own)).toEqual({ command: 'npm test' })
  })

  test.each(['"countersign.run": String', '"countersign.run": { path: String }', '"countersign.note": String'])(
    'a schema that declares what no request can fill is refused: %s',
    (declared) => {
      expect(() => readSchema(schema.replace(/"countersign.run"\?: \{.*?\}/, declared))).toThrow(/countersign/)
    },
  )
})

test('undeclared params are not checked', async () => {
  const policy = await load()
  const params = { anything: [{ goes: 1.00001 }] }
  expect(ask(policy, { action: 'deploy.release', params })).toMatchObject({ outcome: 'approve' })
})

test('params that do not fit are refused before any rule is asked', async () => {
  const policy = await load({ 'forbid.cedar': '@id("no") forbid(principal, action, resource);' })
  expect(() => ask(policy, { action: 'db.export', params: { rows: 'many' } })).toThrow(Problem)
})

test('Cedar accepts exactly the params that fit', () => {
  const amount = fc.record({ value: fc.integer({ max: 1e6 }), currency: fc.string() }, { requiredKeys: ['value'] })
  const right: Record<string, fc.Arbitrary<Json>> = {
    rows: fc.integer(),
    name: fc.string(),
    urgent: fc.boolean(),
    names: fc.array(fc.string(), { maxLength: 2 }),
    amount,
    lines: fc.array(amount, { maxLength: 2 }),
  }
  const params = fc.record(right, { requiredKeys: ['rows'] }).map((record) => record as JsonObject)
  const wrong = fc.tuple(params, fc.constantFrom(...Object.keys(right), 'other'), fc.oneof(...Object.values(right)))
  const given = fc.oneof(
    params,
    wrong.map(([rest, key, value]): JsonObject => ({ ...rest, [key]: value })),
  )
  const seen = { success: 0, failure: 0 }
  fc.assert(
    fc.property(given, (values) => {
      const fits = pointerOf(values) === undefined
      const shown = fits ? fit(values, pay) : decimals(values)
      const context = { environment: 'production', params: shown }
      const answer = checkParseContext({ context, schema, action: { type: 'Action', id: 'pay' } })
      expect(answer.type).toBe(fits ? 'success' : 'failure')
      seen[answer.type]++
    }),
    { numRuns: 300 },
  )
  expect(Math.min(seen.success, seen.failure)).toBeGreaterThan(20)
})

/** Writes the decimals of a value as Cedar wants them, right or wrong as the rest may be. */
function decimals(value: Json): CedarValueJson {
  if (Array.isArray(value)) return value.map(decimals)
  if (!isObject(value)) return value as CedarValueJson
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === 'value' && typeof member === 'number'
        ? { __extn: { fn: 'decimal', arg: `${member}.0` } }
        : decimals(member),
    ]),
  )
}
