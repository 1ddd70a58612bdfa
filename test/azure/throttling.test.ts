import { Throttling } from '../../src/azure/throttling.ts'

test('answers that ask for a later call are counted for five minutes, and no others', () => {
  let now = 0
  const throttling = new Throttling(() => now)
  for (const status of [200, 204, 404, 409, 412, 500, 429, 503]) throttling.take(status)
  expect(throttling.recent()).toBe(2)
  now = 4 * 60_000
  throttling.take(503)
  expect(throttling.recent()).toBe(3)
  now = 5 * 60_000
  expect(throttling.recent()).toBe(1)
  now = 60 * 60_000
  expect(throttling.recent()).toBe(0)
})

test('refused calls are at a limit if others were answered meanwhile', () => {
  let now = 10
  const throttling = new Throttling(() => now)
  expect(throttling.isPartial(503, 10)).toBe(false)
  throttling.take(503)
  throttling.take(500)
  expect(throttling.isPartial(503, 10)).toBe(false)
  throttling.take(404)
  expect([503, 429, 500, 200].map((status) => throttling.isPartial(status, 10))).toEqual([true, true, false, false])
  now = 20
  expect(throttling.isPartial(503, 20)).toBe(false)
})
