import * as fc from 'fast-check'
import type { Action } from '../../../src/core/action/action.ts'
import { canonical, type Json, type JsonObject } from '../../../src/core/data/json.ts'
import { showLimits } from '../../../src/core/action/page.ts'
import { formats, type PresentedParam, type Presentation } from '../../../src/core/action/presentation.ts'
import { cancel } from '../../../src/core/request/withdrawal.ts'
import { action, after, opened, pending, problem, stored } from '../../support/build.ts'
import { corpus, pieces } from '../../teams/hostile.ts'
import { bytes, checkShowable, duration, grouped, pagesOf, rowsOf, seconds, titleOf } from '../../support/english.ts'

const withParams = (params: JsonObject): Action => ({ ...action, params })
const showing = (...params: readonly PresentedParam[]): Presentation => ({ params })

/** Rows as `key=text`, as one line each. */
const rows = (params: JsonObject, presentation: Presentation, layout: 'line' | 'block' = 'line') =>
  rowsOf(withParams(params), presentation, layout).map(({ key, text }) => `${key}=${text}`)

const sha256 = 'ab'.repeat(32)

test('what is sent by its digest is shown as such, with the words that the agent chose at the end', () => {
  const plan = { sha256, size: 20_480, href: 'https://ci.example.com/plan', begins: 'a\n⟦x⟧' }
  expect(rows({ plan }, showing(), 'block')).toEqual([
    [
      'plan=⟦by digest: the content itself is not shown⟧',
      `sha256 ${sha256}`,
      'size 20,480 B (20.0 KiB)',
      'href https://ci.example.com/plan',
      'begins a↵',
      '⟦U+27E6⟧x⟦U+27E7⟧',
    ].join('\n'),
  ])
  expect(rows({ plan: { sha256, size: 1 } }, showing())).toEqual([
    `plan=⟦by digest: the content itself is not shown⟧ · sha256 ${sha256} · size 1 B`,
  ])
})

test.each<[string, Json]>([
  ['a member too many', { sha256, size: 1, note: 'x' }],
  ['no size', { sha256 }],
  ['no digest', { size: 1 }],
  ['a digest in capitals', { sha256: sha256.toUpperCase(), size: 1 }],
  ['half a byte', { sha256, size: 0.5 }],
  ['an address that is none', { sha256, size: 1, href: 'https://x.example/a b' }],
  ['a beginning that is no text', { sha256, size: 1, begins: 1 }],
  ['the same in a text', `⟦by digest: the content itself is not shown⟧ · sha256 ${sha256} · size 1 B`],
])('nothing else is shown as if it were a digest: %s', (_what, plan) => {
  expect(rows({ plan }, showing()).join()).not.toContain('⟦by digest')
})

describe('amounts', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [-120_000, '-120,000'],
    [1_234_567.125, '1,234,567.125'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
  ])('%d is %s', (amount, expected) => expect(grouped(amount)).toBe(expected))

  test.each([
    [0, '0 B', undefined],
    [1_023, '1,023 B', undefined],
    [1_024, '1,024 B', '1.0 KiB'],
    [1_536, '1,536 B', '1.5 KiB'],
    [1_500_000, '1,500,000 B', '≈ 1.4 MiB'],
    [1_048_576, '1,048,576 B', '1.0 MiB'],
    [1_048_575, '1,048,575 B', '≈ 1.0 MiB'],
    [2 ** 53 - 1, '9,007,199,254,740,991 B', '≈ 8.0 PiB'],
  ])('%d bytes', (amount, exact, reading) => expect(bytes(amount)).toEqual({ exact, reading }))

  test.each([-1, 0.5, 2 ** 53])('%d is no number of bytes', (amount) => expect(bytes(amount)).toBeNull())

  test.each([
    [0, '0 s', undefined],
    [59.5, '59.5 s', undefined],
    [90, '90 s', '1 min 30 s'],
    [90.25, '90.25 s', '≈ 1 min 30 s'],
    [90_061, '90,061 s', '1 d 1 h 1 min 1 s'],
  ])('%d seconds', (amount, exact, reading) => expect(seconds(amount)).toEqual({ exact, reading }))

  test.each([-1, 1e12])('%d is no number of seconds', (amount) => expect(seconds(amount)).toBeNull())

  test.each([
    ['PT1H30M', '1 h 30 min'],
    ['P1W', '7 d'],
    ['PT36H', '1 d 12 h'],
    ['PT0S', '0 s'],
  ])('%s is %s', (text, reading) => expect(duration(text)).toEqual({ exact: text, reading }))

  test.each(['', 'P', 'PT', 'P1DT', 'P1M', 'P1Y', 'pt1h', 'PT1H ', '1h'])(
    '“%s” is no duration of fixed length',
    (text) => expect(duration(text)).toBeNull(),
  )
})

describe('a value is shown exactly, in its format', () => {
  test.each<[PresentedParam['format'], Json, string]>([
    ['number', 120_000, '120,000'],
    ['number', '120,000', '"120,000"'],
    ['bytes', 1_048_576, '1,048,576 B (1.0 MiB)'],
    ['bytes', 12, '12 B'],
    ['bytes', -1, '-1'],
    ['bytes', '12 B', '"12 B"'],
    ['duration', 5_400, '5,400 s (1 h 30 min)'],
    ['duration', 'PT1H30M', 'PT1H30M (1 h 30 min)'],
    ['duration', 'PT1H30M (1 h 30 min)', '"PT1H30M (1 h 30 min)"'],
    ['duration', 'for ever', '"for ever"'],
    ['list', ['accounts', 'users'], 'accounts, users (2)'],
    ['list', ['a, b', '1', 1], '"a, b", "1", 1 (3)'],
    ['list', ['a，b', 'c‚d', 'e→f', 'größe_1/2'], '"a，b", "c‚d", "e→f", größe_1/2 (4)'],
    ['list', [], '(0)'],
    ['list', 'accounts (1)', '"accounts (1)"'],
    ['pair', { before: '4.7.1', after: '4.8.0' }, '4.7.1 → 4.8.0'],
    ['pair', { before: 'a → b', after: 2 }, '"a → b" → 2'],
    ['pair', { before: '\u05d0', after: '\u05d1' }, '{"after":"\u05d1","before":"\u05d0"}'],
    ['pair', { before: 1, after: 2, also: 3 }, '{"after":2,"also":3,"before":1}'],
    [undefined, '120,000', '120,000'],
  ])('%s: %j', (format, value, expected) => {
    expect(rows({ a: value }, showing({ key: 'a', ...(format && { format }) }))).toEqual([`a=${expected}`])
  })

  test('a pair is a small diff, a long list has a line for each item', () => {
    const items = Array.from({ length: 12 }, (_, i) => `accounts_${i}`)
    const both = showing({ key: 'a', format: 'pair' }, { key: 'b', format: 'list' })
    expect(rows({ a: { before: 1, after: [2] }, b: items }, both, 'block')).toEqual([
      'a=− 1\n+ [2]',
      `b=${items.join(',\n')} (12)`,
    ])
  })
})

describe('rows', () => {
  const presentation = showing({ key: 'tables', label: 'Tables' }, { key: 'rows', critical: true }, { key: 'since' })

  test('rows show all params: critical ones first, then as named, then the others', () => {
    expect(rows({ zone: 1, rows: 2, since: 3, also: 4, tables: 5 }, presentation)).toEqual([
      ...['rows=2', 'tables=5', 'since=3', 'also=4', 'zone=1'],
    ])
  })

  test('rows have the real key beside the label', () => {
    expect(rowsOf(withParams({ tables: [] }), presentation, 'line')).toContainEqual(
      expect.objectContaining({ key: 'tables', label: 'Tables' }),
    )
  })

  test('rows show that a critical param is absent', () => {
    expect(rowsOf(withParams({}), presentation, 'line')).toEqual([
      { key: 'rows', critical: true, kind: 'absent', text: '' },
    ])
  })

  test('pages are made of the rows, and the rows count for what can be shown', () => {
    const params = { list: Array.from({ length: 1_990 }, (_, i) => `${i}`.padEnd(5, 'x')) }
    const listed = showing({ key: 'list', format: 'list' })
    expect(pagesOf(withParams(params), listed)[0]?.entries[0]?.text).toMatch(/^0xxxx,\n1xxxx,/)
    expect(pagesOf(withParams({ b: 1, a: 2 }), showing({ key: 'b' }))[0]?.entries.map(({ key }) => key)).toEqual([
      'b',
      'a',
    ])
    const many = Object.fromEntries(Array.from({ length: showLimits.keys + 1 }, (_, i) => [`k${i}`, 1]))
    expect(problem(() => checkShowable(withParams(many), listed)).code).toBe('not-showable')
  })
})

describe('a title', () => {
  const title = (params: JsonObject, ...parts: NonNullable<Presentation['title']>) =>
    titleOf(withParams(params), { title: parts, params: [] })

  test('a title is words of policy and values, each with the place it is from', () => {
    const parts = [
      { text: 'Export ' },
      { path: ['rows'], format: 'number' as const },
      { text: ' rows of ' },
      { own: 'target' as const },
      { text: ', ' },
      { path: ['filter', 'a/b'], otherwise: 'all of them' },
    ]
    expect(title({ rows: 120_000, filter: { 'a/b': 'EU' } }, ...parts)).toEqual([
      { text: 'Export ' },
      { text: '120,000', from: '/params/rows' },
      { text: ' rows of ' },
      { text: action.target, from: '/target' },
      { text: ', ' },
      { text: 'EU', from: '/params/filter/a~1b' },
    ])
    expect(title({ rows: 'x' }, ...parts)?.at(-1)).toEqual({ text: 'all of them' })
  })

  test('a title takes no inherited member', () => {
    const [piece] = title({}, { path: ['constructor', 'name'], otherwise: 'none' }) ?? []
    expect(piece).toEqual({ text: 'none' })
  })

  test('a title is inert, whatever the values are', () => {
    for (const text of corpus)
      for (const piece of title({ a: text }, { path: ['a'] }) ?? []) expect(piece.text).not.toMatch(/[\u202e\u200b]/)
    expect(title({ a: 'a {rows}', rows: 1 }, { path: ['a'] })).toEqual([{ text: '"a {rows}"', from: '/params/a' }])
  })

  test('a title quotes a value of several words, which could pass for words of policy', () => {
    const parts = [
      { text: 'Grant ' },
      { own: 'target' as const },
      { text: ' to ' },
      { path: ['who'], otherwise: 'no one' },
    ]
    const said = (target: string, params: JsonObject) =>
      titleOf({ ...action, target, params }, { title: parts, params: [] })
        ?.map(({ text }) => text)
        .join('')
    expect(said('viewer to nobody, not "admin"', { who: 'no one' })).toBe(
      String.raw`Grant "viewer to nobody, not \"admin\"" to "no one"`,
    )
    expect(said('viewer', {})).toBe('Grant viewer to no one')
  })
})

test('a request keeps its presentation through all changes', () => {
  const presentation = showing({ key: 'rows', label: 'Rows' })
  const request = pending({ presentation })
  expect(request.policy.presentation).toEqual(presentation)
  expect(stored(cancel(request, { at: after(60) })).policy.presentation).toEqual(presentation)
})

test('a presentation is not part of the event, which commits to the policy’s version', () => {
  const [plain, shown] = [opened(), opened({ presentation: showing({ key: 'rows' }) })]
  expect(shown.events).toEqual(plain.events)
})

const text = fc.oneof(
  fc.constantFrom(...corpus, '120,000', '1,024 B (1.0 KiB)', 'a, b (2)', '1 → 2', 'PT1H', 'PT1H (1 h)', '⟦not given⟧'),
  fc
    .array(fc.constantFrom(...pieces, ', ', ' → ', '−', '+', '(1)', ' B', ' s'), { maxLength: 6 })
    .map((parts) => parts.join('')),
)
const scalar: fc.Arbitrary<Json> = fc.oneof(
  text.map((one) => one.toWellFormed()),
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom(1_024, 120_000, 5_400, 0.5, 1e21, true, false),
)
const value: fc.Arbitrary<Json> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('before', 'after', 'c'), scalar, { maxKeys: 3 }),
)
const params = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 })
const presented = fc.uniqueArray(fc.constantFrom('a', 'b', 'c')).chain((keys) =>
  fc.tuple(
    ...keys.map((key) =>
      fc.record({ format: fc.constantFrom(undefined, ...formats), critical: fc.boolean() }).map(
        ({ format, critical }): PresentedParam => ({
          key,
          ...(format && { format }),
          ...(critical && { critical }),
        }),
      ),
    ),
  ),
)

test.each(['line', 'block'] as const)('no two params have the same rows, in a %s', (layout) => {
  fc.assert(
    fc.property(params, params, fc.subarray(['a', 'b', 'c']), presented, (one, other, taken, named) => {
      const mixed: JsonObject = Object.fromEntries(
        ['a', 'b', 'c'].flatMap((key) => {
          const found = (taken.includes(key) ? other : one)[key]
          return found === undefined ? [] : [[key, found]]
        }),
      )
      // read as a client would that swallows new lines
      const read = (params: JsonObject) =>
        JSON.stringify(
          rowsOf(withParams(params), { params: named }, layout).map(({ key, text, kind }) => [
            key,
            kind === 'absent' || text.replaceAll('\n', ' '),
          ]),
        )
      expect(read(one) === read(mixed)).toBe(canonical(one) === canonical(mixed))
    }),
    { numRuns: 600 },
  )
})
