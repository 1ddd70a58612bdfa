import * as fc from 'fast-check'
import type { Action, ScopeVary } from '../../../src/core/action/action.ts'
import { actionDigest, canonicalAction } from '../../../src/core/action/action.ts'
import { beyond, flawInScope, variedBy } from '../../../src/core/action/scope.ts'
import type { JsonObject } from '../../../src/core/data/json.ts'
import { outside } from './scopeOracle.ts'

const sample: Action = {
  action: 'db.export',
  target: 'prod/postgres/customers',
  environment: 'production',
  params: { tables: ['accounts'], rows: 120_000, destination: 's3://finance-exports', format: 'csv' },
}
const vary: ScopeVary = {
  target: 'prod/postgres/',
  params: { rows: 200_000, tables: ['accounts', 'orders'], format: ['csv', 'parquet'] },
}
const like = (other: Partial<Action>): Action => ({ ...sample, ...other })
const given = (params: JsonObject): Action => like({ params: { ...sample.params, ...params } })

test.each<readonly [string, Action, string | null]>([
  ['the sample', sample, null],
  ['another table', given({ tables: ['orders'] }), null],
  ['both tables', given({ tables: ['orders', 'accounts'] }), null],
  ['a table twice', given({ tables: ['orders', 'orders'] }), '/params/tables'],
  ['no table, which is all of them to some tools', given({ tables: [] }), '/params/tables'],
  ['a foreign table', given({ tables: ['accounts', 'salaries'] }), '/params/tables'],
  ['a table as a text', given({ tables: 'orders' }), '/params/tables'],
  ['fewer rows', given({ rows: 5 }), null],
  ['no rows', given({ rows: 0 }), null],
  ['all rows', given({ rows: -1 }), '/params/rows'],
  ['rows as a text', given({ rows: '5' }), '/params/rows'],
  ['as many rows as it may be', given({ rows: 200_000 }), null],
  ['more rows', given({ rows: 200_001 }), '/params/rows'],
  ['another format', given({ format: 'parquet' }), null],
  ['a foreign format', given({ format: 'xlsx' }), '/params/format'],
  ['a format as a list', given({ format: ['csv'] }), '/params/format'],
  ['a param that does not vary', given({ destination: 's3://evil' }), '/params/destination'],
  ['a param more', given({ force: true }), '/params/force'],
  ['a param less', like({ params: { rows: 5, tables: ['orders'], format: 'csv' } }), '/params/destination'],
  ['a name of every object', given({ constructor: 1 }), '/params/constructor'],
  ['another database', like({ target: 'prod/postgres/orders' }), null],
  ['a database further below', like({ target: 'prod/postgres/orders/public' }), null],
  ['the way up', like({ target: 'prod/postgres/../mysql' }), '/target'],
  ['the way up in another spelling', like({ target: 'prod/postgres/%2E%2e/mysql' }), '/target'],
  ['the way up by a back slash', like({ target: 'prod/postgres/..\\mysql' }), '/target'],
  ['the way up in one character', like({ target: 'prod/postgres/\u2025/mysql' }), '/target'],
  ['the place itself', like({ target: 'prod/postgres/./customers' }), '/target'],
  ['an empty part', like({ target: 'prod/postgres//mysql' }), '/target'],
  ['an empty part at the end', like({ target: 'prod/postgres/orders/' }), '/target'],
  ['the prefix alone', like({ target: 'prod/postgres/' }), '/target'],
  ['a sibling with the same beginning', like({ target: 'prod/postgresql/orders' }), '/target'],
  ['another environment', like({ environment: 'staging' }), '/environment'],
  ['another verb', like({ action: 'db.drop' }), '/action'],
])('of a scope and %s, it names what lies outside', (_what, action, expected) => {
  expect(beyond(sample, vary, action)).toBe(expected)
  expect(outside(sample, vary, action)).toBe(expected !== null)
})

test('a prefix that ends within a part lets nothing in', () => {
  expect(beyond(sample, { target: 'prod/postgres' }, like({ target: 'prod/postgresql/orders' }))).toBe('/target')
  expect(beyond(sample, { target: 'prod/postgres/cust' }, like({ target: 'prod/postgres/custody' }))).toBe('/target')
})

test('without anything that varies, only the sample itself lies inside', () => {
  expect(beyond(sample, {}, sample)).toBeNull()
  expect(beyond(sample, {}, given({ rows: 119_999 }))).toBe('/params/rows')
  expect(beyond(sample, { target: 'prod/postgres' }, like({ target: 'prod/postgres/orders' }))).toBe('/target')
})

const word = fc.constantFrom('a', 'b', 'c', '..', '.', '', 'a%2f', '*', 'A')
const target = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const item = fc.constantFrom<string | number>('a', 'b', 'c', 1, 2)
const value = fc.oneof(
  fc.integer({ min: -2, max: 5 }),
  fc.constantFrom('a', 'b', 'c', '1', '*'),
  fc.array(item, { maxLength: 3 }),
  fc.constantFrom(null, true, { a: 1 }),
)
const name = fc.constantFrom('x', 'y', '__proto__', 'toString', 'target')
const actions = fc.record({
  action: fc.constantFrom('db.read', 'db.write'),
  target,
  environment: fc.constantFrom('prod', 'test'),
  params: fc.dictionary(name, value, { maxKeys: 3 }),
}) as fc.Arbitrary<Action>
const scopes = fc.record(
  {
    target: target.map((text) => `${text}/`),
    params: fc.dictionary(
      name,
      fc.oneof(fc.integer({ min: 0, max: 4 }), fc.array(item, { minLength: 1, maxLength: 3 })),
    ),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<ScopeVary>

/** Two actions that are drawn alone hardly ever have anything in common: this one differs in some places. */
function closeTo(
  shown: Action,
  { target: prefix = '', params: bounds = {} }: ScopeVary,
  { other, ways }: { readonly other: Action; readonly ways: readonly number[] },
): Action {
  const [first = 0, second = 0, ...rest] = ways
  const params = Object.entries(shown.params).map(([key, shownValue], i) => {
    const bound = Object.hasOwn(bounds, key) ? bounds[key] : undefined
    const some = typeof bound === 'number' ? bound : Array.isArray(shownValue) ? bound : bound?.[0]
    return [key, [shownValue, shownValue, some ?? shownValue, some ?? 0, other.params[key] ?? 'c', null][rest[i] ?? 0]]
  })
  return {
    ...shown,
    ...(second === 0 && { environment: other.environment }),
    target: [shown.target, shown.target, `${prefix}a`, `${prefix}${other.target}`, other.target, prefix][first] ?? '',
    params: Object.fromEntries(params) as JsonObject,
  }
}

test('another program that knows the same rules finds the same actions inside', () => {
  const seen = { inside: 0, outside: 0 }
  fc.assert(
    fc.property(
      actions,
      scopes,
      actions,
      fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }),
      (shown, scope, other, ways) => {
        const action = closeTo(shown, scope, { other, ways })
        const isOutside = beyond(shown, scope, action) !== null
        seen[isOutside ? 'outside' : 'inside'] += 1
        expect(outside(shown, scope, action)).toBe(isOutside)
      },
    ),
    { numRuns: 3_000 },
  )
  expect(Math.min(seen.inside, seen.outside)).toBeGreaterThan(50)
})

test('the sample lies in every scope that can be asked for', () => {
  fc.assert(
    fc.property(actions, scopes, (shown, scope) => {
      fc.pre(flawInScope({ ...shown, standing: { for: 60, uses: 1, vary: scope } }) === null)
      expect(beyond(shown, scope, shown)).toBeNull()
      for (const varied of variedBy(scope))
        expect(varied === 'target' || Object.hasOwn(shown.params, varied)).toBe(true)
    }),
  )
})

const standing = (scope: ScopeVary): Action => ({ ...sample, standing: { for: 14_400, uses: 20, vary: scope } })

test.each<readonly [string, ScopeVary, string | undefined]>([
  ['nothing', {}, undefined],
  ['what the sample has', vary, undefined],
  ['a prefix without its slash', { target: 'prod/postgres' }, '/standing/vary/target'],
  ['a prefix of slashes', { target: '/' }, '/standing/vary/target'],
  ['a prefix that goes up', { target: 'prod/../prod/postgres/' }, '/standing/vary/target'],
  ['the prefix of another target', { target: 'prod/mysql/' }, '/standing/vary/target'],
  ['a param that the sample lacks', { params: { limit: 3 } }, '/standing/vary/params/limit'],
  ['a bound below the sample', { params: { rows: 100 } }, '/standing/vary/params/rows'],
  ['a bound of a text', { params: { format: 3 } }, '/standing/vary/params/format'],
  ['texts without that of the sample', { params: { format: ['parquet'] } }, '/standing/vary/params/format'],
  ['lists without that of the sample', { params: { tables: ['orders'] } }, '/standing/vary/params/tables'],
])('a scope that lets %s vary has its flaw named', (_what, scope, pointer) => {
  expect(flawInScope(standing(scope))?.pointer).toBe(pointer)
})

test('the digest of a standing approval is that of no action, and covers its scope', () => {
  const asked = standing(vary)
  expect(canonicalAction(asked)).toContain('"type":"countersign/standing/v1"')
  expect(actionDigest(asked)).not.toBe(actionDigest(sample))
  expect(actionDigest({ ...asked, standing: { for: 14_400, uses: 21, vary } })).not.toBe(actionDigest(asked))
  expect(actionDigest(standing({ ...vary, target: 'prod/' }))).not.toBe(actionDigest(asked))
})
