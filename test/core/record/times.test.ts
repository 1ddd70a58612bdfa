import * as fc from 'fast-check'
import { addTime, addTimes, noTimes, sortedTimes, type Times } from '../../../src/core/record/times.ts'

function timesOf(all: readonly number[]): Times {
  const times = noTimes()
  for (const time of all) addTime(times, time)
  return times
}

test('times come back as they were added, sorted, whatever their size', () => {
  const time = fc.oneof(fc.nat(), fc.constantFrom(2 ** 32 - 1, 2 ** 32, -1, 0.5), fc.maxSafeNat())
  fc.assert(
    fc.property(fc.array(time), fc.array(time), (some, others) => {
      const times = timesOf(some)
      addTimes(times, structuredClone(timesOf(others)))
      expect([...sortedTimes(times)]).toEqual([...some, ...others].sort((a, b) => a - b))
    }),
  )
})

test('a time that is added after they were sorted counts, too', () => {
  const times = timesOf([7, 3, 5])
  expect([...sortedTimes(times)]).toEqual([3, 5, 7])
  addTime(times, 4)
  expect([...sortedTimes(times)]).toEqual([3, 4, 5, 7])
})

test('a million times take four bytes each, and at most half as much of room', () => {
  const times = noTimes()
  for (let time = 0; time < 1_000_000; time++) addTime(times, time)
  expect(times.values.byteLength).toBeLessThanOrEqual(6_000_016)
})
