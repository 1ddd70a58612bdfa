import { hourly } from '../../src/runtime/timer.ts'

const minute = 60_000

test('work of a timer that runs more often is done once in each hour', async () => {
  let [now, runs] = [0, 0]
  const work = hourly(
    async () => [`${++runs}`],
    () => now,
  )
  const done: string[] = []
  for (; now < 125 * minute; now += 5 * minute) done.push(...(await work()))
  expect(done).toEqual(['1', '2', '3'])
})

test('work that failed is tried again within the hour', async () => {
  let isAway = true
  const work = hourly(
    async () => {
      if (isAway) throw new Error('away')
      return ['done']
    },
    () => 0,
  )
  await expect(work()).rejects.toThrow('away')
  isAway = false
  expect(await work()).toEqual(['done'])
  expect(await work()).toEqual([])
})
