import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/root.ts'

const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')

/** Folders whose files are in the repository: what a build or `npm start` makes need not be there. */
const ours = /^(?:\.ci|cards|docs|evidence|functions|policy|scripts|src|test|trials)\//

/** Names the files and folders that stand in backticks in a text, without those with a part left open. */
const namedIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => ours.test(name) && !/[<*…]/.test(name))

const missingIn = (text: string, exists: (path: string) => boolean): readonly string[] =>
  namedIn(text).filter((path) => !exists(path))

test('every file that CONTRIBUTING names is in the tree', () => {
  expect(missingIn(page, (path) => existsSync(join(root, path)))).toEqual([])
})

test.each([
  ['How to add an operation', 8],
  ['How to add an event type', 6],
  ['How to add a status', 6],
  ['How to add a door', 6],
])('CONTRIBUTING says under “%s” which files change', (heading, least) => {
  const [, after = ''] = page.split(`\n## ${heading}\n`)
  expect(namedIn(after.split('\n## ')[0] ?? '').length).toBeGreaterThanOrEqual(least)
})

test.each([
  ['a file that is gone', 'see `src/gone.ts`', ['src/gone.ts']],
  ['a folder that is gone', 'see `src/gone/`', ['src/gone/']],
  ['one of two files', '`src/app.ts`, `test/gone.test.ts`: a row', ['test/gone.test.ts']],
  ['no file that is there', 'see `src/app.ts`', []],
  ['no file that a build makes', 'see `dist/main.cjs`', []],
  ['no path with a part left open', 'see `src/<door>/` and `test/*.ts`', []],
  ['no path outside of backticks', 'see src/gone.ts', []],
])('%s is reported as missing', (_what, text, expected) => {
  expect(missingIn(text, (path) => path === 'src/app.ts')).toEqual(expected)
})
