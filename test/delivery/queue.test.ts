import { parseRequestId, type RequestId } from '../../src/core/data/id.ts'
import { Queue } from '../../src/delivery/queue.ts'
import { currentTrace, traced, traceFrom } from '../../src/runtime/trace.ts'
import { flushed } from '../support/fakes/time.ts'

const id = (number: number): RequestId => parseRequestId(`01kjw2xm00abcdefghjkmnp${String(number).padStart(3, '0')}-07`)

/** Runs that go on until they are told to end. */
function runs(atOnce: number, longest = 100) {
  const begun: RequestId[] = []
  const ends = new Map<RequestId, () => void>()
  const jobs = new Queue<RequestId>({ atOnce, longest }, (id) => {
    begun.push(id)
    return new Promise<void>((end) => void ends.set(id, end))
  })
  const end = async (number: number) => {
    ends.get(id(number))?.()
    await flushed()
  }
  return { add: (id: RequestId) => jobs.add(id), idle: () => jobs.idle(), begun, end }
}

test('a limited number of requests runs at once, the others in order of arrival', async () => {
  const { add, begun, end } = runs(2)
  for (const number of [1, 2, 3, 4]) void add(id(number))
  expect(begun).toEqual([1, 2].map(id))
  await end(2)
  expect(begun).toEqual([1, 2, 3].map(id))
  await end(1)
  expect(begun).toEqual([1, 2, 3, 4].map(id))
})

test('a request runs once at a time, and once more for all calls in the meantime', async () => {
  const { add, begun, end } = runs(3)
  const told: string[] = []
  const first = add(id(1)).then(() => told.push('first'))
  const later = [add(id(1)), add(id(1))].map((run) => run.then(() => told.push('later')))
  void add(id(2))
  expect(begun).toEqual([1, 2].map(id))
  await end(1)
  await first
  expect(begun).toEqual([1, 2, 1].map(id))
  expect(told).toEqual(['first'])
  await end(1)
  await Promise.all(later)
  expect(told).toEqual(['first', 'later', 'later'])
  expect(begun).toHaveLength(3)
})

test('requests beyond the limit are dropped', async () => {
  const { add, begun, end, idle } = runs(1, 1)
  void add(id(1))
  void add(id(2))
  await add(id(3))
  await end(1)
  await end(2)
  await idle()
  expect(begun).toEqual([1, 2].map(id))
})

test('the queue is idle when nothing runs and nothing waits', async () => {
  const { add, end, idle } = runs(1)
  await idle()
  let isIdle = false
  void add(id(1))
  void add(id(2))
  const told = (async () => {
    await idle()
    isIdle = true
  })()
  await end(1)
  expect(isIdle).toBe(false)
  await end(2)
  await told
})

test('a waiting request keeps the trace in which it was added, whichever call makes room for it', async () => {
  const seen: (string | undefined)[] = []
  const jobs = new Queue<RequestId>({ atOnce: 1, longest: 100 }, async () => {
    await flushed()
    seen.push(currentTrace()?.id)
  })
  const traces = [traceFrom(null), traceFrom(null)]
  for (const [i, trace] of traces.entries()) void traced(trace, () => jobs.add(id(i)))
  void jobs.add(id(2))
  await jobs.idle()
  expect(seen).toEqual([...traces.map((trace) => trace.id), undefined])
})
