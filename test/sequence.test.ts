import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { inOrder, longest } from '../scripts/sequence.mjs'
import { root } from './support/root.ts'

test('every file of the table is in the tree', () => {
  expect([...longest.keys()].filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('the table falls from the longest file to the shortest', () => {
  const seconds = [...longest.values()]
  expect(seconds).toEqual(seconds.toSorted((a, b) => b - a))
})

test('files of the table come first, then those that took long the last time, then the others as they were', () => {
  const [first = '', second = ''] = [...longest.keys()]
  const given = [
    { path: '/p/test/b.test.ts' },
    { path: '/p/test/a.test.ts' },
    { path: '/p/test/slow.test.ts', duration: 2_000 },
    { path: `/p/${second}`, duration: 1 },
    { path: `/p/${first}` },
  ]
  const paths = inOrder(given, '/p').map(({ path }) => path.slice('/p/'.length))
  expect(paths).toEqual([first, second, 'test/slow.test.ts', 'test/b.test.ts', 'test/a.test.ts'])
})
