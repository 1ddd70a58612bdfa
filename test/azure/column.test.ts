import { integerIn, split, textIn, textOrNull } from '../../src/azure/column.ts'

test.each([
  ['nothing', '', 1],
  ['a word', 'word', 1],
  ['as much as a column takes', 'x'.repeat(30_000), 1],
  ['one character more', 'x'.repeat(30_001), 2],
  ['a pair that lies on the edge', `${'x'.repeat(29_999)}😀`, 2],
  ['pairs alone', '😀'.repeat(50_000), 4],
  ['a pair at the edge of each column', `x${'😀'.repeat(40_000)}`, 3],
])('a text comes back from its columns: %s', (_what, text, count) => {
  const columns = split('said', text)
  expect(textIn(columns, 'said')).toBe(text)
  expect(Object.keys(columns)).toEqual(['said', 'said1', 'said2', 'said3'].slice(0, count))
  expect(Object.values(columns).every((part) => part.length <= 30_000 && part.isWellFormed())).toBe(true)
})

test('a missing column is null, or refused where it is required', () => {
  expect(textOrNull({ v: 1 }, 'said')).toBeNull()
  expect(() => textIn({ v: 1, said: 1 }, 'said')).toThrow('no said')
})

test.each([undefined, '1', 1.5, 2 ** 60])('%p is not an integer', (value) => {
  expect(() => integerIn({ v: 1, seq: value }, 'seq')).toThrow('no seq')
})
