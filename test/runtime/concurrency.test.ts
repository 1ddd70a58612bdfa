import { ahead } from '../../src/runtime/concurrency.ts'

test('work in advance yields its results in order, with so many under way at most', async () => {
  let [underWay, most] = [0, 0]
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++underWay)
    for (let turns = item % 3; turns >= 0; turns--) await new Promise(setImmediate)
    underWay -= 1
    return item * 2
  }
  const items = Array.from({ length: 10 }, (_, i) => i)
  const results: number[] = []
  for await (const result of ahead(3, items, work)) results.push(result)
  expect(results).toEqual(items.map((item) => item * 2))
  expect(most).toBe(3)
})

test('work in advance that fails is thrown when its turn comes', async () => {
  const results: number[] = []
  const all = async () => {
    for await (const result of ahead(2, [1, 2, 3], async (item) =>
      item === 2 ? Promise.reject(new Error('2')) : item,
    ))
      results.push(result)
  }
  await expect(all()).rejects.toThrow('2')
  expect(results).toEqual([1])
})
