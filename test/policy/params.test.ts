import { type CedarValueJson, checkParseContext } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { isObject, type Json, type JsonObject } from '../../src/core/data/json.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { fit, hidesCommand } from '../../src/policy/params.ts'
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
  environment: String, params: { command?: { path: String, args: Set<String>, cwd: String } },
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
  ['null', { rows: 1, name: null }, '/params/name'],
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

describe('command', () => {
  const command = { path: '/usr/bin/pg_dump', args: ['-t', 'a'], cwd: '/' }

  test('is accepted, and hidden from rules, if it is not declared', () => {
    expect(fit({ rows: 1, command }, pay)).toEqual({ rows: 1 })
  })

  test('must fit the schema, and is shown to rules, if it is declared', () => {
    expect(fit({ command }, bound)).toEqual({ command })
    expect(pointerOf({ command: { path: 1, args: [], cwd: '/' } }, bound)).toBe('/params/command/path')
  })

  test('is hidden from rules of other actions', () => {
    expect([hidesCommand({ command }, pay), hidesCommand({ command }, undefined)]).toEqual([true, true])
    expect([hidesCommand({ rows: 1 }, pay), hidesCommand({}, undefined)]).toEqual([false, false])
    expect(hidesCommand({ command }, bound)).toBe(false)
  })

  test.each<[string, Json, string]>([
    ['a text', 'pg_dump', '/params/command'],
    ['a list', ['pg_dump'], '/params/command'],
    ['no path', { args: [], cwd: '/' }, '/params/command/path'],
    ['no args', { path: '/a', cwd: '/' }, '/params/command/args'],
    ['args in one text', { path: '/a', args: '-t a', cwd: '/' }, '/params/command/args'],
    ['a number in args', { path: '/a', args: ['-t', 1], cwd: '/' }, '/params/command/args/1'],
    ['no cwd', { path: '/a', args: [] }, '/params/command/cwd'],
    ['a cwd that is no text', { path: '/a', args: [], cwd: true }, '/params/command/cwd'],
    ['more than is run', { path: '/a', args: [], cwd: '/', note: 'harmless' }, '/params/command/note'],
  ])('has the form of `countersign run`, or is refused, for any declaration: %s', async (_what, given, pointer) => {
    const policy = await load()
    const asked = [
      { action: 'service.restart', params: { command: given } },
      { action: 'db.export', params: { rows: 1, command: given } },
      { action: 'not.declared', params: { command: given } },
    ]
    expect(asked.map((question) => refused(() => ask(policy, question)))).toEqual([pointer, pointer, pointer])
  })

  test('has the declared shape, if there is one', () => {
    const own = readSchema(schema.replace(/command\?: \{.*?\}/, 'command: String')).find(({ name }) => name === 'bound')
    expect(hidesCommand({ command: 'pg_dump' }, own?.params)).toBe(false)
  })

  test('is reserved at the top only', () => {
    expect(pointerOf({ rows: 1, amount: { value: 1, command } })).toBe('/params/amount/command')
  })
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
