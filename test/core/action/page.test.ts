import * as fc from 'fast-check'
import type { Action } from '../../../src/core/action/action.ts'
import { canonical, type Json, type JsonObject } from '../../../src/core/data/json.ts'
import { breakable, ends, type Entry, type Page, showLimits } from '../../../src/core/action/page.ts'
import { unbroken } from '../../../src/core/data/text.ts'
import { cardText, valueText } from '../../../src/core/action/value.ts'
import { action, problem } from '../../support/build.ts'
import { readDrawing, reading } from '../../support/drawing.ts'
import { corpus, pieces } from '../../teams/hostile.ts'
import { checkShowable, pagesOf } from '../../support/english.ts'
import { unicode } from '../../support/chance.ts'

const withParams = (params: JsonObject): Action => ({ ...action, params })

test('a small action has one page, in the order of the canonical form', () => {
  expect(pagesOf(action)).toMatchObject([
    {
      entries: [
        { key: 'destination', text: 's3://finance-exports', part: 1, parts: 1 },
        { key: 'rows', text: '120000', part: 1, parts: 1 },
        { key: 'tables', text: '["accounts"]', part: 1, parts: 1 },
      ],
    },
  ])
})

test('a long word can be broken in many places, and is what it was without them', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, 'WWWWWWWW', ' '), { maxLength: 40 }), (parts) => {
      const text = cardText(parts.join(''), 'block')
      const marked = breakable(text)
      expect(unbroken(marked)).toBe(text)
      expect(breakable(marked)).toBe(marked)
      for (const word of marked.replaceAll(/⟦[^⟧]*⟧/g, 'x').split(/[\s\u200b]/u))
        expect([...word.replaceAll(/\p{M}/gu, '')].length).toBeLessThanOrEqual(40)
      expect(marked).not.toMatch(/\u200b\p{M}/u)
    }),
  )
})

test('joiners and emoji are not torn, and a chain of them takes no longer', () => {
  const woman = '\u{1f469}\u200d\u{1f4bb}'
  expect(breakable(`${'x'.repeat(19)}${woman}`)).toBe(`${'x'.repeat(19)}${woman}`)
  expect(breakable(`${'x'.repeat(19)}${woman}y`)).toBe(`${'x'.repeat(19)}${woman}\u200by`)
  const chain = breakable('\u06cc\u200c'.repeat(4_000))
  for (const word of chain.split('\u200b')) expect(word.length).toBeLessThanOrEqual(40)
})

test.each([
  ['prod/postgres/customers', 'prod/|postgres/|customers'],
  ['s3://finance-exports-of-2026/q1', 's3://|finance-exports-of-2|026/q1'],
  ['a/b/c', 'a/b/c'],
  ['prod/postgres/client', 'prod/postgres/client'],
])('a path is broken at its parts first: %s', (text, expected) => {
  expect(breakable(text).replaceAll('\u200b', '|')).toBe(expected)
})

test.each([
  ['a word that fits beside its indentation', `${'\u00a0'.repeat(8)}apiVersion:`, `${'_'.repeat(8)}apiVersion:`],
  [
    'a word that fits, but not beside it',
    `${'\u00a0'.repeat(8)}matchExpressions:`,
    `${'_'.repeat(8)}|matchExpressions:`,
  ],
  ['a word that does not fit', `\u00a0\u00a0${'x'.repeat(25)}`, `__|${'x'.repeat(20)}|${'x'.repeat(5)}`],
  ['an indentation that does not fit', `${'\u00a0'.repeat(42)}a`, `${'_'.repeat(20)}|${'_'.repeat(20)}|__|a`],
  [
    'a mark on the indentation',
    `${'\u00a0'.repeat(10)}\u0301${'x'.repeat(25)}`,
    `${'_'.repeat(10)}\u0301|${'x'.repeat(20)}|${'x'.repeat(5)}`,
  ],
  ['a sign before the indentation', `−${'\u00a0'.repeat(10)}privileged:`, `−${'_'.repeat(10)}|privileged:`],
])('a line may break behind its indentation: %s', (_what, text, expected) => {
  const marked = breakable(text)
  expect(marked.replaceAll('\u200b', '|').replaceAll('\u00a0', '_')).toBe(expected)
  expect(breakable(marked)).toBe(marked)
})

test('a word that fits the line of a card can be copied as it is', () => {
  expect(breakable('prod/postgres/customers', 28)).toBe('prod/postgres/customers')
  expect(breakable('prod/postgres/customers of the year', 28)).toBe('prod/postgres/customers of the year')
})

test('no params make one page too', () => {
  expect(pagesOf(withParams({}))).toEqual([{ entries: [] }])
})

test('the order in which an agent sent its params does not matter', () => {
  expect(pagesOf(withParams({ b: 1, a: { d: 1, c: 2 } }))).toEqual(pagesOf(withParams({ a: { c: 2, d: 1 }, b: 1 })))
})

test.each<[Json, string]>([
  ['plain text', 'plain text'],
  ['s3://bucket/a b', 's3://bucket/a b'],
  ['2026-03-04', '2026-03-04'],
  [1, '1'],
  ['1', '"1"'],
  ['-0x1f', '-0x1f'],
  ['1e3', '"1e3"'],
  ['１', '"１"'],
  [true, 'true'],
  ['true', '"true"'],
  ['True', '"True"'],
  ['null', '"null"'],
  ['', '""'],
  ['  ', '" \u00a0"'],
  [{ a: 1 }, '{"a":1}'],
  ['{"a":1}', String.raw`"{\"a\":1}"`],
  [['a'], '["a"]'],
  ['"a"', String.raw`"\"a\""`],
])('%j is shown as %s', (value, expected) => {
  expect(valueText(value)).toBe(expected)
})

test.each([
  ['spaces in a row', 'a  b   c', 'a \u00a0b \u00a0 c'],
  ['spaces at the ends', ' a ', '⟦U+0020⟧a⟦U+0020⟧'],
  ['spaces that push the rest away', `a${' '.repeat(41)}b`, 'a⟦U+0020 × 41⟧b'],
])('%s is made safe for a card', (_what, text, expected) => {
  expect(cardText(text)).toBe(expected)
})

const text = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(''))
const anyText = fc.oneof(text, unicode(), fc.constantFrom(...corpus))

describe.each(['line', 'block'] as const)('in a %s', (layout) => {
  test('any text can be told from what a card shows', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(reading(cardText(text, layout))).toBe(text)
      }),
    )
  })

  test('nothing is left that people do not see', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = cardText(text, layout)
        expect(shown.replaceAll('\n', '')).not.toMatch(/^ | $|  |[^\S \u00a0]|[\p{Cc}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/u)
      }),
    )
  })
})

const key = fc.constantFrom('a', 'b', 'c', 'force', 'before', 'after', 'a b', 'x: y', '⟦', ']')
const leaf = fc.oneof(anyText, fc.integer(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }))
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf.map((one): Json => (typeof one === 'string' ? one.toWellFormed() : Object.is(one, -0) ? 0 : one)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
}))
const long = fc
  .tuple(anyText, fc.integer({ min: 1, max: 400 }))
  .map(([one, times]) => one.toWellFormed().repeat(times).slice(0, 9_000).toWellFormed())
const manyLines = fc
  .array(fc.oneof(anyText, fc.constantFrom('1│\u00a0', ' 9│ x', '10│')), { minLength: 8, maxLength: 14 })
  .map((lines) => lines.join('\n').toWellFormed())
const params = fc.dictionary(
  key,
  fc.oneof(
    { weight: 4, arbitrary: value },
    long,
    manyLines,
    manyLines.map((text) => ({ a: [text] })),
  ),
)

test('no two params have the same pages: they can be read back from them', () => {
  fc.assert(
    fc.property(params, (params) => {
      expect(canonical(paramsIn(pagesOf(withParams(params))))).toBe(canonical(params))
    }),
    { numRuns: 400 },
  )
})

test('a page has about 4,000 characters, and cuts nothing that belongs together', () => {
  fc.assert(
    fc.property(params, (params) => {
      for (const { entries } of pagesOf(withParams(params))) {
        expect(entries.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(4_000)
        for (const { text } of entries) {
          expect(text.isWellFormed()).toBe(true)
          expect(text).toMatch(/^[^⟦⟧]*(⟦[^⟦⟧]+⟧[^⟦⟧]*)*$/)
          expect(text).not.toMatch(/^[\n\p{M}\u200c\u200d\p{Emoji_Modifier}]|[\u200c\u200d]$/u)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('what stands at the end of a long value is shown, on the last page', () => {
  const script = `${'echo harmless\n'.repeat(1_000)}force: true`
  const pages = pagesOf(withParams({ first: 1, script, zero: 0 }))
  expect(pages.length).toBeGreaterThan(3)
  const parts = pages.flatMap(({ entries }) => entries).filter(({ key }) => key === 'script')
  expect(parts.map(({ part }) => part)).toEqual(parts.map((_, i) => i + 1))
  expect(parts.every((one) => one.parts === parts.length)).toBe(true)
  expect(parts.at(-1)?.text).toMatch(/force: true$/)
  expect(pages.at(-1)?.entries.at(-1)).toMatchObject({ key: 'zero', text: '0', part: 1, parts: 1 })
})

test('a value that fits a page is not torn', () => {
  const pages = pagesOf(withParams({ a: 'x'.repeat(3_000), b: 'y'.repeat(3_000) }))
  expect(pages.map(({ entries }) => entries.map(({ key, parts }) => [key, parts]))).toEqual([[['a', 1]], [['b', 1]]])
})

test.each<[string, JsonObject]>([
  ['16 KiB in one value', { a: 'x'.repeat(16_000) }],
  ['16 KiB in lines', { a: 'line\n'.repeat(2_700) }],
  [
    '16 KiB in values that nearly fill a page',
    Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => [key, 'x'.repeat(1_950)])),
  ],
  ['as many keys as may be', numbered(showLimits.keys)],
])('%s can be shown', (_what, params) => {
  expect(() => checkShowable(withParams(params))).not.toThrow()
})

test.each<[string, JsonObject, RegExp]>([
  [
    'characters that hide',
    {
      a: nested(
        15,
        Array.from({ length: 1_900 }, () => '\u200b'),
      ),
    },
    /2\d pages.* 16/,
  ],
  ['more of them', { a: '\u00ad'.repeat(8_100) }, /17 pages/],
  ['more keys than may be', numbered(showLimits.keys + 1), /49 params.* 48/],
])('%s are refused, with the size', (_what, params, sentence) => {
  const refused = problem(() => checkShowable(withParams(params)))
  expect(refused.code).toBe('not-showable')
  expect(refused.details.pointer).toBe('/params')
  expect(refused.message).toMatch(sentence)
})

test('a long text is shown by its beginning, its end and its length', () => {
  expect(ends('short', 10)).toEqual({ head: 'short', tail: '', length: 5 })
  expect(ends(`begin${'x'.repeat(100)}end`, 12)).toEqual({ head: 'beginxxx', tail: 'xend', length: 108 })
  expect(ends(cardText('\u202e'.repeat(100)), 30)).toEqual({ head: '⟦U+202E⟧⟦U+202E⟧', tail: '⟦U+202E⟧', length: 100 })
})

function nested(depth: number, value: Json): Json {
  return depth === 0 ? value : [nested(depth - 1, value)]
}

function numbered(count: number): JsonObject {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, i]))
}

/** Reads params back from their pages. */
function paramsIn(pages: readonly Page[]): JsonObject {
  const found = new Map<string, Entry>()
  for (const entry of pages.flatMap(({ entries }) => entries)) {
    const before = found.get(entry.key)
    expect(entry.part === 1).toBe(before === undefined)
    expect(entry.line).toBe((before?.text.split('\n').length ?? 0) || 1)
    found.set(entry.key, { ...entry, text: (before?.text ?? '') + entry.text })
  }
  return Object.fromEntries(
    [...found].map(([key, { text, drawing }]) => [
      key,
      drawing ? readDrawing(text, drawing.form) : valueIn(reading(text)),
    ]),
  )
}

/** JSON is JSON; what is none is a string as it stands. */
function valueIn(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
