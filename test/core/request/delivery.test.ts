import { backoff, isWaiting, revision, undeliverable } from '../../../src/core/request/delivery.ts'
import { after, anyWith, approved, noon, pending, stored, statuses } from '../../support/build.ts'

test('a request is undeliverable once, while it is pending, and stays as it is', () => {
  const before = pending()
  const step = undeliverable(before)
  expect(step.events).toEqual([{ type: 'undeliverable', actor: { kind: 'system' }, request: before.id }])
  expect(step.request).toEqual({ ...before, undeliverable: true })
  const again = stored(step)
  expect(undeliverable(again)).toEqual({ request: again, events: [] })
})

test.each(statuses.filter((status) => status !== 'pending'))('a request that is %s is not undeliverable', (status) => {
  const request = anyWith(status)
  expect(undeliverable(request)).toEqual({ request, events: [] })
})

test('cards are out of date after every event except `shown`', () => {
  const { events } = approved()
  const look = { seq: 9, type: 'shown', hash: events[0]?.hash } as (typeof events)[number]
  expect(revision({ events: [] })).toBe(0)
  expect(revision({ events })).toBe(3)
  expect(revision({ events: [...events, look, look] })).toBe(3)
  expect(revision({ events: [look, ...events] })).toBe(4)
})

test('tries wait at least 2 s, then double, at most 5 min, and are spread at random', () => {
  expect([0, 1, 2, 6, 7, 50].map((attempts) => backoff(attempts, 0))).toEqual([2, 4, 8, 128, 150, 150])
  expect([0, 1, 2, 6, 7, 50].map((attempts) => backoff(attempts, 1))).toEqual([4, 8, 16, 256, 300, 300])
})

test.each([
  ['was never claimed', { tries: 0 }, noon, true],
  ['is claimed', { tries: 1, by: 'a', until: after(30) }, after(29), false],
  ['had a claim that lapsed', { tries: 1, by: 'a', until: after(30) }, after(30), true],
  ['had two claims that lapsed', { tries: 2, by: 'a', until: after(30) }, after(59), false],
  ['had two claims that lapsed, and rested', { tries: 2, by: 'a', until: after(30) }, after(60), true],
  ['keeps having claims that lapse', { tries: 99, by: 'a', until: after(30) }, after(929), false],
  ['keeps having claims that lapse, and rested for 15 minutes', { tries: 99, until: after(30) }, after(930), true],
  ['is deferred', { tries: 0, notBefore: after(10) }, after(9), false],
  ['was deferred', { tries: 0, notBefore: after(10) }, after(10), true],
] as const)('whether a row waits that %s', (_what, posting, now, expected) => {
  expect(isWaiting(posting, now)).toBe(expected)
})
