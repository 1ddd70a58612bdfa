import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultsIn, type Read } from './security/faults.ts'
import { pageOf, pagePath } from './security/page.ts'
import { rows } from './security.ts'

const root = join(import.meta.dirname, '..')
const read: Read = (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : null)
const page = read(pagePath) ?? ''

test('every attack has controls, every control has a switch and tests, all exist, and the page lists them', () => {
  expect(rows.length).toBeGreaterThan(18)
  expect(faultsIn(rows, page, read)).toEqual([])
})

describe('a fault is found:', () => {
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
    ['a page that has an attack more', [rest, page, read], /controls\.md is not what the table gives: run node/],
    ['a page that lacks an attack', [rows, pageOf(rest), read], /is not what the table gives/],
    ['a page with another byte', [rows, `${page} `, read], /is not what the table gives/],
    ['a page that is not there', [rows, '', read], /is not what the table gives/],
    ['two controls of one name', [[row, row], page, read], /two controls are called/],
    ['a file that is gone', [other({ file: 'src/gone.ts' }), page, read], /its text is 0 times/],
    ['a text that is gone', [other({}), page, edited(first.file, () => '')], /its text is 0 times/],
    ['a text that is there twice', [other({}), page, edited(first.file, (text) => text + text)], /its text is 2 times/],
    ['a switch that changes nothing', [other({ replace: first.find }), page, read], /changes nothing/],
    ['a control without a test', [other({ tests: {} }), page, read], /no test would notice/],
    ['a test file that is gone', [other({ tests: { 'test/gone.test.ts': [title] } }), page, read], /there is no test/],
    ['a title that is gone', [other({ tests: { [test0]: [`${title}.`] } }), page, read], /has no test “/],
    [
      'a test that is commented out',
      [other({}), page, edited(test0, (text) => text.replaceAll(/^(?=.*test)/gm, '// '))],
      /has no test “/,
    ],
    [
      'a test that is skipped',
      [other({}), page, edited(test0, (text) => text.replace('test(', 'test.skip('))],
      /skips/,
    ],
  ])('%s', (_what, given, expected) => {
    expect(faultsIn(...given).join('\n')).toMatch(expected)
  })
})
