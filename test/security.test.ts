import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultsIn, type Read } from './security/faults.ts'
import { rows } from './security.ts'

const root = join(import.meta.dirname, '..')
const read: Read = (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : null)
const document = read('SECURITY.md') ?? ''

test('every attack of SECURITY.md has its controls, each control its switch and its tests, and all of them exist', () => {
  expect(rows.length).toBeGreaterThan(18)
  expect(faultsIn(rows, document, read)).toEqual([])
})

describe('it is noticed:', () => {
  const [row, ...rest] = rows
  if (!row) throw new Error('There is no row.')
  const [first] = row.switches
  const [test0 = ''] = Object.keys(first.tests)
  const [title = ''] = first.tests[test0] ?? []
  const other = (change: Partial<typeof first>) => [{ ...row, switches: [{ ...first, ...change }] as const }]
  const edited =
    (file: string, edit: (text: string) => string): Read =>
    (asked) =>
      asked === file ? edit(read(asked) ?? '') : read(asked)

  test.each<[string, Parameters<typeof faultsIn>, RegExp]>([
    ['a row that only the document has', [rest, document, read], /a row that is not in the table/],
    ['a row that only the table has', [rows, '', read], /lacks the row/],
    ['two controls of one name', [[row, row], document, read], /two controls are called/],
    ['a file that is gone', [other({ file: 'src/gone.ts' }), document, read], /its text is 0 times/],
    ['a text that is gone', [other({}), document, edited(first.file, () => '')], /its text is 0 times/],
    [
      'a text that is there twice',
      [other({}), document, edited(first.file, (text) => text + text)],
      /its text is 2 times/,
    ],
    ['a switch that changes nothing', [other({ replace: first.find }), document, read], /changes nothing/],
    ['a control without a test', [other({ tests: {} }), document, read], /no test would notice/],
    [
      'a test file that is gone',
      [other({ tests: { 'test/gone.test.ts': [title] } }), document, read],
      /there is no test/,
    ],
    ['a title that is gone', [other({ tests: { [test0]: [`${title}.`] } }), document, read], /has no test “/],
    [
      'a test that is commented out',
      [other({}), document, edited(test0, (text) => text.replaceAll(/^(?=.*test)/gm, '// '))],
      /has no test “/,
    ],
    [
      'a test that is skipped',
      [other({}), document, edited(test0, (text) => text.replace('test(', 'test.skip('))],
      /skips/,
    ],
  ])('%s', (_what, given, expected) => {
    expect(faultsIn(...given).join('\n')).toMatch(expected)
  })
})
