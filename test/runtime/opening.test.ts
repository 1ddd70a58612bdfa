import { Problem } from '../../src/core/data/problem.ts'
import { opening } from '../../src/runtime/opening.ts'

let now: number
let calls: number
let fault: unknown

beforeEach(() => {
  now = 0
  calls = 0
  fault = null
})

const unavailable = new Problem('unavailable', 'Not now.')

const closed = () =>
  opening(
    async () => {
      calls++
      await Promise.resolve()
      if (fault !== null) throw fault
    },
    () => now,
  )

test('callers join one attempt, and a success is for good', async () => {
  const { open, isOpen } = closed()
  expect(isOpen()).toBe(false)
  await Promise.all([open(), open(), open()])
  expect(isOpen()).toBe(true)
  fault = unavailable
  now += 3_600_000
  await open()
  expect({ calls, isOpen: isOpen() }).toEqual({ calls: 1, isOpen: true })
})

test.each([
  ['an outage', unavailable],
  ['a mistake in the settings', new Error('Another ledger.')],
])('after %s it rests for a second, and then the next caller tries again', async (_what, cause) => {
  const { open, isOpen } = closed()
  fault = cause
  for (let i = 0; i < 5; i++) await expect(open()).rejects.toBe(cause)
  now += 999
  await expect(open()).rejects.toBe(cause)
  expect({ calls, isOpen: isOpen() }).toEqual({ calls: 1, isOpen: false })
  now += 1
  await Promise.all([1, 2, 3].map(() => expect(open()).rejects.toBe(cause)))
  expect(calls).toBe(2)
  fault = null
  now += 1_000
  await open()
  expect({ calls, isOpen: isOpen() }).toEqual({ calls: 3, isOpen: true })
})
