import fc from 'fast-check'
import { type Line, layOut } from '../../src/cli/layout.ts'
import { visible } from '../../src/core/data/text.ts'

const rows = (label: string, text: Line[1], columns = 80): readonly string[] =>
  layOut([label, text], { columns, colours: false }).split('\n').slice(0, -1)

const bar = `${' '.repeat(15)}|`

test.each([
  ['prod/x', 'prod/x'],
  ['two words', 'two words'],
  ['prod/x ', 'prod/x⟦space⟧'],
  ['prod/x  ', 'prod/x⟦2 spaces⟧'],
  [' prod/x', '⟦space⟧prod/x'],
  ['prod  /   x', 'prod⟦2 spaces⟧/⟦3 spaces⟧x'],
  [' ', '⟦space⟧'],
  ['⟦space⟧', '⟦U+27E6⟧space⟦U+27E7⟧'],
  ['prod/x\u00a0', 'prod/x⟦U+00A0⟧'],
])('the value %j is shown as %s', (value, shown) => {
  expect(rows('target', value)).toEqual([`target           ${shown}`])
})

test('params are a tree, in which texts stand behind bars, and their spaces are named', () => {
  const params = { a: ' x  y ', b: [1, '1', { c: true, d: 'one\ntwo' }], e: {}, f: [], g: '' }
  expect(rows('params', params)).toEqual([
    'params           a: | ⟦space⟧x⟦2 spaces⟧y⟦space⟧',
    `${bar} b:`,
    `${bar}   - 1`,
    `${bar}   - | 1`,
    `${bar}   -`,
    `${bar}     c: true`,
    `${bar}     d: | one↵`,
    `${' '.repeat(bar.length)}        | two`,
    `${bar} e: {}`,
    `${bar} f: []`,
    `${bar} g: | `,
  ])
})

test('the lines of a long text have numbers, also where a line takes several rows', () => {
  const script = [...Array.from({ length: 9 }, (_, i) => `echo ${i}`), 'x'.repeat(40)].join('\n')
  const [first, second, ...others] = rows('params', { z: 1, script }, 60)
  expect(first).toBe('params           script: |  1| echo 0↵')
  expect(second).toBe(`${' '.repeat(bar.length)}         |  2| echo 1↵`)
  expect(others.slice(-3)).toEqual([
    `${' '.repeat(bar.length)}         | 10| ${'x'.repeat(29)}`,
    `${' '.repeat(bar.length)}         |     ${'x'.repeat(11)}`,
    `${bar} z: 1`,
  ])
})

test.each([
  ['newlines', 'harmless\nrows: 1'],
  ['spaces', `harmless${' '.repeat(60)}rows: 1`],
  ['letters', `${'x'.repeat(500)}rows: 1`],
])('a text in params that is padded with %s does not look like a member, at any width', (_how, note) => {
  for (const columns of [41, 60, 80, 200])
    for (const row of rows('params', { deep: { [`k${'e'.repeat(63)}`]: [{ note }] }, note }, columns))
      if (row.includes('rows: 1')) expect(row.slice(17)).toMatch(/^(\s|…\d )*(- |note: )?\| /)
})

test('a key that no action can have is quoted, and the rest of a long one begins with a sign', () => {
  expect(rows('params', { 'a: 1\nb': 2 })).toEqual(['params           "a: 1\\nb": 2'])
  expect(rows('params', { [`k${'e'.repeat(63)}rows`]: [] }, 50).slice(1)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^ +\| … /)]),
  )
})

test('a row is cut before a space, which starts the next one, or where it is full', () => {
  const word = 'x'.repeat(20)
  expect(rows('reason', `${word} ${word}y ${word}${word}`, 41)).toEqual([
    `reason           ${word}`,
    `${bar}  ${word}y`,
    `${bar}  ${word}xxx`,
    `${bar} ${'x'.repeat(17)}`,
  ])
})

test('a text without a label stands behind bars from its first row', () => {
  expect(rows('', 'first\nsecond')).toEqual([`${bar} first↵`, `${bar} second`])
})

test.each([
  ['spaces', (hidden: string) => `harmless${' '.repeat(200)}${hidden}`],
  ['letters', (hidden: string) => `${'x'.repeat(63)}${hidden}`],
  ['letters of two columns', (hidden: string) => `${'漢'.repeat(32)}${hidden}`],
  ['emoji', (hidden: string) => `${'🙂'.repeat(40)}${hidden}`],
  ['newlines', (hidden: string) => `\n\n${hidden}`],
  ['words', (hidden: string) => `${'many words '.repeat(30)}${hidden}`],
])('a text padded with %s does not look like a field', (_what, padded) => {
  for (const label of ['target', 'countersign:', ''])
    for (const row of rows(label, padded('status           approved')).slice(1)) expect(row).toMatch(/^ +\| /)
})

/** Letters, marks, wide ones, spaces and what is shown by name, in texts long enough to be cut. */
const text = fc.string({
  unit: fc.constantFrom('x', ' ', '漢', 'é', 'e\u0301', '🙂', '\n', '\u202e', '⟦', '|'),
  maxLength: 300,
})

const columnsOf = (row: string): number =>
  [...row.replace(/\p{M}/gu, '')].reduce((sum, character) => sum + (/[漢🙂]/u.test(character) ? 2 : 1), 0)

test('no row is wider than the terminal, or ends with an invisible space', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 41, max: 120 }), (value, columns) => {
      for (const row of rows('target', value, columns)) {
        expect(columnsOf(row)).toBeLessThanOrEqual(columns)
        expect(row.slice(17)).not.toMatch(/ $/)
      }
    }),
  )
})

test('the rows put together are the text, so two texts never look alike', () => {
  fc.assert(
    fc.property(text, (value) => {
      const joined = rows('target', value, 50)
        .map((row) => row.slice(17))
        .join('')
      const spaces = /⟦(?:(\d+) spaces|space)⟧/g
      expect(joined.replace(spaces, (_found, count) => ' '.repeat(Number(count ?? 1)))).toBe(visible(value))
    }),
  )
})

test('only the label has a colour', () => {
  expect(layOut(['status', 'denied'], { columns: 80, colours: true })).toBe(
    '\u001b[1mstatus          \u001b[22m denied\n',
  )
})
