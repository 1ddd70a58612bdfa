import { CallDeadline } from '../../src/azure/deadline.ts'

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

const listening = (deadline: CallDeadline) => {
  const seen: string[] = []
  const listener = ({ type }: { type: string }) => seen.push(type)
  deadline.addEventListener('abort', listener)
  return { seen, stop: () => deadline.removeEventListener('abort', listener) }
}

test('tells all who listen, once, when its time is up', () => {
  const deadline = new CallDeadline(100)
  const [one, other] = [listening(deadline), listening(deadline)]
  jest.advanceTimersByTime(99)
  expect([one.seen, other.seen, deadline.aborted]).toEqual([[], [], false])
  jest.advanceTimersByTime(1)
  expect([one.seen, other.seen, deadline.aborted]).toEqual([['abort'], ['abort'], true])
  jest.advanceTimersByTime(1_000)
  expect(one.seen).toEqual(['abort'])
})

test('has a timer only while somebody listens', () => {
  const deadline = new CallDeadline(100)
  expect(jest.getTimerCount()).toBe(0)
  const [one, other] = [listening(deadline), listening(deadline)]
  expect(jest.getTimerCount()).toBe(1)
  one.stop()
  expect(jest.getTimerCount()).toBe(1)
  other.stop()
  expect(jest.getTimerCount()).toBe(0)
  jest.advanceTimersByTime(60)
  const late = listening(deadline)
  jest.advanceTimersByTime(40)
  expect([one.seen, late.seen]).toEqual([[], ['abort']])
})

test('a try ends with its own time or with that of the call, whichever is sooner', () => {
  const call = new CallDeadline(100)
  const [short, long] = [call.orSooner(30), call.orSooner(300)]
  jest.advanceTimersByTime(30)
  expect([short.aborted, long.aborted, call.aborted]).toEqual([true, false, false])
  jest.advanceTimersByTime(70)
  expect([long.aborted, call.aborted]).toEqual([true, true])
})

test('a listener that comes when the time is up is told at once', () => {
  const deadline = new CallDeadline(10)
  jest.advanceTimersByTime(20)
  const { seen } = listening(deadline)
  jest.advanceTimersByTime(0)
  expect(seen).toEqual(['abort'])
})
