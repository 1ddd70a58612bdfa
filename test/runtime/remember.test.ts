import { remember } from '../../src/runtime/remember.ts'

test('the newest entries are remembered, and one that is put in again is new again', () => {
  const map = new Map<string, number>()
  for (const [key, value] of [...'abcad'].map((key, i) => [key, i] as const)) remember(map, key, value, 3)
  expect([...map]).toEqual([
    ['c', 2],
    ['a', 3],
    ['d', 4],
  ])
})

test('nothing is taken out before there are too many', () => {
  const map = new Map<string, number>()
  for (const key of 'aab') remember(map, key, 1, 2)
  expect([...map.keys()]).toEqual(['a', 'b'])
})
