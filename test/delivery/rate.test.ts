import * as fc from 'fast-check'
import { nextSend, remembered, withSend } from '../../src/delivery/rate.ts'
import type { Window } from '../../src/ports/messenger.ts'
import { teamsRules } from '../../src/teams/outbound/rules.ts'

const { perChannel, perProcess } = teamsRules

/** Sends so many times, each as soon as it may, and says when. */
function burst(count: number, windows: readonly Window[], from = 0): readonly number[] {
  let sent: readonly number[] = []
  for (let i = 0; i < count; i++) sent = withSend(sent, nextSend(sent, windows, from))
  return sent
}

/** How full the fullest stretch of so many milliseconds is. */
const fullest = (sent: readonly number[], ms: number): number =>
  Math.max(0, ...sent.map((from) => sent.filter((at) => at >= from && at < from + ms).length))

test('the first few sends may go at once', () => {
  expect(burst(7, perChannel, 100)).toEqual(Array(7).fill(100))
})

test.each([
  ['the eighth a second later', 8, 1_000],
  ['the ninth two seconds after the first', 9, 2_000],
  ['the sixty-first after half a minute', 61, 30_000],
  ['the 1,801st after an hour', 1_801, 3_600_000],
])('%s', (_what, count, ms) => {
  expect(burst(count, perChannel).at(-1)).toBe(ms)
})

test('a process sends 50 a second', () => {
  expect(burst(101, perProcess)).toEqual([...Array(50).fill(0), ...Array(50).fill(1_000), 2_000])
})

test('at whatever times sends are requested, no window exceeds its limit, and none waits longer than needed', () => {
  const windows: fc.Arbitrary<readonly Window[]> = fc.array(
    fc.record({ most: fc.integer({ min: 1, max: 5 }), ms: fc.integer({ min: 1, max: 50 }) }),
    { minLength: 1, maxLength: 3 },
  )
  // Asked for in no order at all: a send may be promised ahead and another go before it.
  const asked = fc.array(fc.nat({ max: 120 }), { maxLength: 40 })
  fc.assert(
    fc.property(windows, asked, (windows, asked) => {
      let sent: readonly number[] = []
      for (const now of asked) sent = withSend(sent, nextSend(sent, windows, now))
      expect(sent).toEqual(sent.toSorted((a, b) => a - b))
      for (const { most, ms } of windows) expect(fullest(sent, ms)).toBeLessThanOrEqual(most)
    }),
  )
  fc.assert(
    fc.property(windows, asked, (windows, asked) => {
      let sent: readonly number[] = []
      for (const now of asked.toSorted((a, b) => a - b)) {
        const next = nextSend(sent, windows, Math.max(now, sent.at(-1) ?? 0))
        const sooner = withSend(sent, next - 1)
        const fits = windows.every(({ most, ms }) => fullest(sooner, ms) <= most)
        if (next > Math.max(now, sent.at(-1) ?? 0)) expect(fits).toBe(false)
        sent = withSend(sent, next)
      }
    }),
  )
})

test('sends beyond all windows are forgotten, and so are future ones after the clock was put back', () => {
  const windows = [
    { most: 1, ms: 10 },
    { most: 2, ms: 100 },
  ]
  const sent = [0, 100, 101, 150, 205, 206]
  expect(remembered(sent, windows, { now: 200, ahead: 5 })).toEqual([101, 150, 205])
  expect(remembered([5_000_000], windows, { now: 200, ahead: 5 })).toEqual([])
})
