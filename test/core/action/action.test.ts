import * as fc from 'fast-check'
import {
  type Action,
  type PlainAction,
  actionDigest,
  canonicalAction,
  checkAction,
  environmentPattern,
} from '../../../src/core/action/action.ts'
import { flawInVerb } from '../../../src/core/action/flaw.ts'
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

const run = { path: '/usr/bin/pg_dump', args: ['-t', 'a'], cwd: '/' }
const file = { path: '/usr/bin/pg_dump', size: 12, sha256: 'a'.repeat(64) }
const withFile = (change: JsonObject): JsonObject => ({
  'countersign.run': { ...run, files: [{ ...file, ...change }] },
})

test.each<[string, JsonObject, string]>([
  ['an empty key', { '': 1 }, '/params/'],
  ['an empty key inside', { a: [{ '': 1 }] }, '/params/a/0/'],
  ['the key __proto__', JSON.parse('{"a":{"__proto__":1}}') as JsonObject, '/params/a/__proto__'],
  ['a key with a hidden character', { 'a\u200bb': 1 }, '/params/a\u200bb'],
  ['a key with a slash and a newline', { 'a/b~\n': 1 }, '/params/a~1b~0\n'],
  ['a key that runs from right to left', { 'a\u202eb': 1 }, '/params/a\u202eb'],
  ['a key with half a surrogate pair', { '\ud800': 1 }, '/params/\ud800'],
  ['a key of two scripts that look alike', { amоunt: 1 }, '/params/amоunt'],
  ['a key with a Greek letter that looks Latin', { οwner: 1 }, '/params/οwner'],
  ['a key in another font', { 𝓪: 1 }, '/params/𝓪'],
  ['a key that is too long', { ['k'.repeat(254)]: 1 }, `/params/${'k'.repeat(254)}`],
  ['a key that is not composed', { 'e\u0301': 2 }, '/params/e\u0301'],
  ['two keys that look the same', { rows: 1, '\uff52ows': 2 }, '/params/\uff52ows'],
  ['an integer that is not safe', { n: [2 ** 53] }, '/params/n/0'],
  ['a negative integer that is not safe', { n: -(2 ** 53) }, '/params/n'],
  ['infinity', { n: Number.POSITIVE_INFINITY }, '/params/n'],
  ['a level too many', nested(17), `/params${'/a'.repeat(16)}`],
  ['a value too many', { a: Array.from({ length: 1999 }, () => 1) }, '/params'],
  ['a key that is kept', { 'countersign.note': 1 }, '/params/countersign.note'],
  ['a key that looks kept', { 'Countersign.run': run }, '/params/Countersign.run'],
  ['a text as a run', { 'countersign.run': 'pg_dump' }, '/params/countersign.run'],
  ['null as a run', { 'countersign.run': null }, '/params/countersign.run'],
  ['a list as a run', { 'countersign.run': ['pg_dump'] }, '/params/countersign.run'],
  ['a run without a path', { 'countersign.run': { args: [], cwd: '/' } }, '/params/countersign.run/path'],
  ['a run of a name', { 'countersign.run': { ...run, path: 'pg_dump' } }, '/params/countersign.run/path'],
  ['a run without arguments', { 'countersign.run': { path: '/a', cwd: '/' } }, '/params/countersign.run/args'],
  ['a run with arguments in one text', { 'countersign.run': { ...run, args: '-t a' } }, '/params/countersign.run/args'],
  ['a run with a number', { 'countersign.run': { ...run, args: ['-t', 1] } }, '/params/countersign.run/args'],
  ['a run without a folder', { 'countersign.run': { path: '/a', args: [] } }, '/params/countersign.run/cwd'],
  ['a run in a relative folder', { 'countersign.run': { ...run, cwd: '.' } }, '/params/countersign.run/cwd'],
  ['a run with files by name', { 'countersign.run': { ...run, files: ['/a'] } }, '/params/countersign.run/files'],
  ['a run with one file', { 'countersign.run': { ...run, files: file } }, '/params/countersign.run/files'],
  ['a run with a relative file', withFile({ path: 'a' }), '/params/countersign.run/files'],
  ['a run with half a file', withFile({ size: -1 }), '/params/countersign.run/files'],
  ['a run with a digest in capitals', withFile({ sha256: 'A'.repeat(64) }), '/params/countersign.run/files'],
  ['a run with words about a file', withFile({ note: 'harmless' }), '/params/countersign.run/files'],
  ['a run with no files', { 'countersign.run': { ...run, files: null } }, '/params/countersign.run/files'],
  ['a run with one word', { 'countersign.run': { ...run, unbound: 'nothing' } }, '/params/countersign.run/unbound'],
  ['more than is run', { 'countersign.run': { ...run, note: 'harmless' } }, '/params/countersign.run/note'],
])('params may not have %s', (_what, params, pointer) => {
  const refused = problem(() => checkAction(withParams(params)))
  expect(refused.code).toBe('invalid-input')
  expect(refused.details.pointer).toBe(pointer)
})

test.each<[string, JsonObject]>([
  ['nothing', {}],
  ['16 levels', nested(16)],
  ['2,000 values', { a: Array.from({ length: 1998 }, () => 1) }],
  ['a key of 253', { [`k${'.'.repeat(252)}`]: false }],
  ['the largest safe integer', { n: Number.MAX_SAFE_INTEGER }],
  ['an empty text', { text: '' }],
  ['inner names of JavaScript', { constructor: 1, toString: { valueOf: 'x' } }],
  ['null', { tag: null, list: [null, { b: null }] }],
  ['keys of Kubernetes', { labels: { 'app.kubernetes.io/name': 'orders-api' }, '2026-11': 4 }],
  ['operators of MongoDB', { filter: { _id: 'a1' }, update: { $set: { state: 'closed' } } }],
  ['keys of other languages', { 'First Name': 'Ana', Größe: 'XL', 名前: 1, Имя: 2, Δt: 3, µs: 4 }],
  ['names of GraphQL and IAM', { __typename: 'User', 'aws:SourceIp': '10.0.0.0/8', '*': 1, 'a/b~c': 1 }],
  ['a command of the agent’s own tool', { command: 'npm test' }],
  ['a command in parts', { command: ['npm', 'test'] }],
  ['what `countersign run` binds', { 'countersign.run': run, command: { path: 'x' } }],
  ['files of a run', { 'countersign.run': { ...run, files: [file, { ...file, size: 0 }], unbound: ['the PATH'] } }],
  ['what a run on Windows binds', { 'countersign.run': { path: 'C:\\a.exe', args: [], cwd: 'C:\\' } }],
  ['kept keys deeper down', { labels: { 'countersign.dev/note': 'x', 'countersign.run': 'x' } }],
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
  ['mcp__github__create_pull_request', true],
  ['xero__createInvoices', true],
  ['s3:DeleteBucket', true],
  ['tools/call', true],
  ['1db', true],
  ['', false],
  ['__proto__', false],
  ['db export', false],
  ['db\n', false],
  ['dé', false],
])('the name of an action %p is well formed: %p', (text, fine) => {
  expect(flawInVerb(text) === null).toBe(fine)
})

test.each([
  ['production', true],
  ['eu-west_1.b', true],
  ['', false],
  ['Production', false],
  ['1eu', false],
  ['eu..b', false],
  ['eu.', false],
  ['eu/b', false],
  ['eu\n', false],
])('the environment %p is well formed: %p', (text, fine) => {
  expect(environmentPattern.test(text)).toBe(fine)
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

const actions: fc.Arbitrary<PlainAction> = fc.record({
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
