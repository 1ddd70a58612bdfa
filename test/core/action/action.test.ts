import * as fc from 'fast-check'
import {
  type Action,
  actionDigest,
  canonicalAction,
  checkAction,
  keyPattern,
  namePattern,
} from '../../../src/core/action/action.ts'
import { type Json, type JsonObject, isObject } from '../../../src/core/data/json.ts'
import { action, code, problem } from '../../support/build.ts'
import { unicode } from '../../support/chance.ts'

// Made with Python: sha256 of json.dumps(…, sort_keys=True, separators=(',', ':'), ensure_ascii=False).
test.each<[string, Action, string]>([
  ['the example of the API', action, 'c503bf95a584f4cd2917458b4611b7548870bd3c234e08032c38580926f1a95a'],
  [
    'an action without params',
    { action: 'service.restart', target: 'x', environment: 'staging', params: {} },
    'dd9b33e320cdbfc8bffd4cf12294f5c888d8ce61985c20b09baafc8e966ed452',
  ],
  [
    'params of every kind',
    {
      action: 'iam.role.grant',
      target: 'Zürich/😀',
      environment: 'production',
      params: { ratio: 0.5, b: true, a: ['é', [], {}], Z: -1 },
    },
    'c6be90ffaa9d26a56e2254d54e4f9af06882ee339513af843e1ae878d79ad977',
  ],
])('the digest of %s is what any language computes', (_what, action, hex) => {
  expect(actionDigest(action)).toBe(`sha256:${hex}`)
})

test('the canonical form names its type and has its members in order', () => {
  expect(canonicalAction({ target: 't', params: { b: 1, a: 2 }, environment: 'e', action: 'x' })).toBe(
    '{"action":"x","environment":"e","params":{"a":2,"b":1},"target":"t","type":"countersign/action/v1"}',
  )
})

const withParams = (params: JsonObject): Action => ({ ...action, params })

const nested = (depth: number): JsonObject => (depth === 1 ? { leaf: 1 } : { a: nested(depth - 1) })

test.each<[string, JsonObject, string]>([
  ['null', { a: null }, '/params/a'],
  ['null in an array', { a: [1, { b: [null] }] }, '/params/a/1/b/0'],
  ['a key that starts with a digit', { '1a': 1 }, '/params/1a'],
  ['a key that starts with underscores', { ok: { __proto: 1 } }, '/params/ok/__proto'],
  ['an empty key', { '': 1 }, '/params/'],
  ['a key with a slash and a tilde', { 'a/b~c': 1 }, '/params/a~1b~0c'],
  ['a key that is too long', { ['k'.repeat(65)]: 1 }, `/params/${'k'.repeat(65)}`],
  ['an integer that is not safe', { n: [2 ** 53] }, '/params/n/0'],
  ['a negative integer that is not safe', { n: -(2 ** 53) }, '/params/n'],
  ['infinity', { n: Number.POSITIVE_INFINITY }, '/params/n'],
  ['a level too many', nested(17), `/params${'/a'.repeat(16)}`],
  ['a value too many', { a: Array.from({ length: 1999 }, () => 1) }, '/params'],
])('params may not have %s', (_what, params, pointer) => {
  const refused = problem(() => checkAction(withParams(params)))
  expect(refused.code).toBe('invalid-input')
  expect(refused.details.pointer).toBe(pointer)
})

test.each<[string, JsonObject]>([
  ['nothing', {}],
  ['16 levels', nested(16)],
  ['2,000 values', { a: Array.from({ length: 1998 }, () => 1) }],
  ['a key of 64', { [`k${'.'.repeat(63)}`]: false }],
  ['the largest safe integer', { n: Number.MAX_SAFE_INTEGER }],
  ['an empty text', { text: '' }],
  ['inner names of JavaScript', { constructor: 1, toString: { valueOf: 'x' } }],
])('params may have %s', (_what, params) => {
  expect(checkAction(withParams(params))).toStrictEqual(withParams(params))
})

test('the whole canonical form has at most 16 KiB, in bytes', () => {
  const fixed = Buffer.byteLength(canonicalAction(withParams({ text: '' })))
  const room = 16_384 - fixed
  expect(checkAction(withParams({ text: 'x'.repeat(room) }))).toBeDefined()
  expect(code(() => checkAction(withParams({ text: 'x'.repeat(room + 1) })))).toBe('too-large')
  expect(code(() => checkAction(withParams({ text: 'ü'.repeat(room / 2 + 1) })))).toBe('too-large')
})

test.each([
  ['db.export', true],
  ['a', true],
  ['iam.role-grant_2', true],
  ['', false],
  ['Db.export', false],
  ['1db', false],
  ['db..export', false],
  ['db.', false],
  ['.db', false],
  ['db export', false],
  ['db\n', false],
])('the name %p is well formed: %p', (text, fine) => {
  expect(namePattern.test(text)).toBe(fine)
})

test.each(['key\n', 'ключ', 'a b', '_a'])('%p is no key', (text) => {
  expect(keyPattern.test(text)).toBe(false)
})

const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,9}$/)

const params = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.boolean(),
    fc.maxSafeInteger(),
    unicode(),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
})).object

const actions: fc.Arbitrary<Action> = fc.record({
  action: fc.constantFrom('db.export', 'deploy.release'),
  target: unicode({ minLength: 1 }),
  environment: fc.constantFrom('staging', 'production'),
  params,
})

test('whatever is changed in an action changes its digest', () => {
  fc.assert(
    fc.property(actions, (action) => {
      const digest = actionDigest(action)
      for (const other of mutations({ ...action })) expect(actionDigest(other as unknown as Action)).not.toBe(digest)
    }),
  )
})

test('the order of members does not change the digest', () => {
  fc.assert(
    fc.property(actions, (action) => {
      expect(actionDigest(reversed({ ...action }) as unknown as Action)).toBe(actionDigest(action))
    }),
  )
})

/** Every value that differs from this one in a single leaf, item or member. */
function mutations(value: Json): Json[] {
  if (typeof value === 'string') return [`${value} `, ...(value === '' ? [] : [''])]
  if (typeof value === 'number') return [value === 0 ? 1 : -value, String(value)]
  if (typeof value === 'boolean') return [!value, String(value)]
  if (Array.isArray(value)) {
    const items = value as readonly Json[]
    return [
      [...items, 0],
      ...items.map((_, i) => items.toSpliced(i, 1)),
      ...items.flatMap((item, i) => mutations(item).map((other) => items.with(i, other))),
    ]
  }
  if (!isObject(value)) return [0]
  const entries = Object.entries(value)
  const inside = entries.flatMap(([name, member]) => mutations(member).map((other) => ({ ...value, [name]: other })))
  const renamed = entries.flatMap(([name, member], i) =>
    `${name}x` in value ? [] : [Object.fromEntries(entries.with(i, [`${name}x`, member]))],
  )
  // The five members of the action itself are fixed: only those of its params may go, come or be renamed.
  return 'params' in value && 'target' in value ? inside : [...inside, ...renamed, { ...value, Zz: 0 }]
}

function reversed(value: Json): Json {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  )
}
