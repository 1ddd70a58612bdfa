import * as fc from 'fast-check'
import { type Action, actionDigest } from '../../../src/core/action/action.ts'
import { edited, editedNames, editsIn, editsText, flawInEdits } from '../../../src/core/action/edits.ts'
import type { Json, JsonObject } from '../../../src/core/data/json.ts'

const action: Action = {
  action: 'db.export',
  target: 'prod/postgres/customers',
  environment: 'production',
  params: { rows: 120_000, share: 0.5, tables: ['a', 'b', 'c'], format: 'csv', all: true, nothing: null, limit: 5 },
}
const standing: Action = { ...action, standing: { uses: 20, for: 14_400, vary: {} } }
const names = ['all', 'format', 'none', 'nothing', 'rows', 'share', 'tables']

const flawOf = (params: JsonObject) => flawInEdits(action, names, { params })?.pointer ?? null

describe('an edit leaves less', () => {
  test.each<[string, JsonObject]>([
    ['a lower number', { rows: 10_000 }],
    ['none of it, if that is written', { rows: 0 }],
    ['a lower decimal', { share: 0.1234 }],
    ['some items of a list', { tables: ['a', 'c'] }],
    ['the last item', { tables: ['c'] }],
    ['several at once', { rows: 1, tables: ['b'] }],
  ])('of %s', (_what, params) => {
    expect(flawOf(params)).toBeNull()
    expect(edited(action, { params }).params).toEqual({ ...action.params, ...params })
  })

  test('and changes nothing else', () => {
    const left = edited(action, { params: { rows: 5 } })
    expect({ ...left, params: action.params }).toEqual(action)
    expect(actionDigest(left)).not.toBe(actionDigest(action))
  })
})

describe('an edit is refused', () => {
  test.each<[string, JsonObject, string]>([
    ['that changes nothing', {}, '/params'],
    ['with the same number', { rows: 120_000 }, '/params/rows'],
    ['with a higher number', { rows: 120_001 }, '/params/rows'],
    ['with -1, which means all to many tools', { rows: -1 }, '/params/rows'],
    ['with a zero that is negative', { rows: -0 }, '/params/rows'],
    ['with a text for a number', { rows: '100' }, '/params/rows'],
    ['with nothing for a number', { rows: null }, '/params/rows'],
    ['with a list for a number', { rows: [1] }, '/params/rows'],
    ['with an exponent', { share: 1e-7 }, '/params/share'],
    ['with five places', { share: 0.12345 }, '/params/share'],
    ['with an empty list, which means all to many tools', { tables: [] }, '/params/tables'],
    ['with the same list', { tables: ['a', 'b', 'c'] }, '/params/tables'],
    ['with an item more', { tables: ['a', 'd'] }, '/params/tables/1'],
    ['with an item twice', { tables: ['a', 'a'] }, '/params/tables/1'],
    ['with another order', { tables: ['c', 'a'] }, '/params/tables'],
    ['with a text for a list', { tables: 'a' }, '/params/tables'],
    ['with an object for a list', { tables: { 0: 'a' } }, '/params/tables'],
    ['of a text', { format: 'c' }, '/params/format'],
    ['of a truth', { all: false }, '/params/all'],
    ['of nothing', { nothing: 1 }, '/params/nothing'],
    ['of a param that the action has not', { none: 1 }, '/params/none'],
    ['of a number that policy does not name', { limit: 1 }, '/params/limit'],
    ['of __proto__', JSON.parse('{"__proto__":{"rows":1}}') as JsonObject, '/params/__proto__'],
    ['of one of several', { rows: 1, tables: [] }, '/params/tables'],
  ])('%s', (_what, params, pointer) => {
    expect(flawOf(params)).toBe(pointer)
  })

  test('of a list with the same items twice, of which none is lost', () => {
    const twice = { ...action, params: { tables: ['a', 'a', 'b'] } }
    const flaw = (tables: readonly string[]) => flawInEdits(twice, names, { params: { tables } })?.pointer ?? null
    expect(flaw(['a', 'b'])).toBe('/params/tables')
    expect(flaw(['a'])).toBeNull()
  })

  test('of a standing approval, if it is of the sample', () => {
    expect(flawInEdits(standing, names, { params: { rows: 1 } })?.pointer).toBe('/params')
    expect(flawInEdits(action, names, { standing: { uses: 1 } })?.pointer).toBe('')
  })
})

describe('of a standing approval', () => {
  test.each([
    ['fewer uses', { uses: 5 }, null],
    ['less time', { for: 60 }, null],
    ['both', { uses: 1, for: 3600 }, null],
    ['neither', {}, ''],
    ['as many uses', { uses: 20 }, '/uses'],
    ['no use', { uses: 0 }, '/uses'],
    ['half a use', { uses: 2.5 }, '/uses'],
    ['more time', { for: 14_401 }, '/for'],
    ['less than a minute', { for: 59 }, '/for'],
    ['fewer uses and more time', { uses: 5, for: 20_000 }, '/for'],
  ])('%s', (_what, terms, pointer) => {
    expect(flawInEdits(standing, [], { standing: terms })?.pointer ?? null).toBe(pointer)
  })

  test('the scope stays', () => {
    expect(edited(standing, { standing: { uses: 5 } }).standing).toEqual({ uses: 5, for: 14_400, vary: {} })
  })
})

test('the text of edits is read back as it was written', () => {
  for (const edits of [{ params: { tables: ['a'], rows: 3 } }, { standing: { uses: 2 } }, { standing: { for: 60 } }])
    expect(editsIn(JSON.parse(editsText(edits)) as Json)).toEqual(edits)
  expect(editsText({ params: { tables: ['a'], rows: 3 } })).toBe('{"params":{"rows":3,"tables":["a"]}}')
  expect(editedNames({ params: { tables: ['a'], rows: 3 } })).toEqual(['rows', 'tables'])
})

test.each<[Json]>([
  [null],
  [[]],
  [{}],
  [{ params: [] }],
  [{ params: {}, standing: {} }],
  [{ standing: { uses: '5' } }],
  [{ standing: { more: 1 } }],
])('%j are no edits', (value) => {
  expect(editsIn(value)).toBeNull()
})

/** Says it anew: each number at most as high, and each item among those of before. */
const isWithin = (before: Json | undefined, after: Json | undefined): boolean => {
  if (typeof before === 'number') return typeof after === 'number' && after >= 0 && after < before
  const [had, has] = [before, after].map((list) => (Array.isArray(list) ? list.map((one) => JSON.stringify(one)) : []))
  return (
    has !== undefined && has.length > 0 && has.length < (had?.length ?? 0) && has.every((one) => had?.includes(one))
  )
}

test('whatever is sent, what is let through leaves less', () => {
  const items = fc.subarray(['a', 'b', 'c', 'd'])
  const number = fc.integer({ min: -9, max: 130_000 })
  const value = fc.oneof(number, fc.double({ min: -1, max: 1 }), fc.string(), items)
  let passed = 0
  fc.assert(
    fc.property(
      fc.record({ rows: fc.oneof(number, value), tables: fc.oneof(items, value), share: value }, { requiredKeys: [] }),
      (params) => {
        if (flawInEdits(action, names, { params }) !== null) return
        passed += 1
        for (const name of Object.keys(params)) expect(isWithin(action.params[name], params[name as 'rows'])).toBe(true)
      },
    ),
    { numRuns: 3000 },
  )
  expect(passed).toBeGreaterThan(20)
})
