import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { Waiting } from '../../src/approvals/waiting.ts'
import { after, bot, dba, dba2, needs, oid, requestId, slot } from '../support/build.ts'
import type { MemoryLedger } from '../support/fakes/ledger.ts'
import { asks, codeOf, type Instance, votes, type World, world } from '../support/world.ts'

const start = Date.UTC(2026, 2, 4)

beforeEach(() => {
  jest.useFakeTimers({ now: start })
})

afterEach(() => {
  jest.useRealTimers()
})

/** Lets everything happen that needs no time. */
const flush = () => jest.advanceTimersByTimeAsync(0)

interface Waiter {
  /** Once there is one. */
  answer?: ApprovalRequest
  readonly done: Promise<unknown>
}

async function waiter({ approvals }: Instance, request: ApprovalRequest, seconds = 60): Promise<Waiter> {
  const answered = async () => {
    waiter.answer = await approvals.wait(request.id, seconds)
  }
  const waiter: { answer?: ApprovalRequest } = {}
  const done = answered()
  await flush()
  return Object.assign(waiter, { done })
}

async function asked(): Promise<readonly [World, ApprovalRequest]> {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  return [here, request]
}

/** Another process, which this one does not hear of but through the ledger. */
const elsewhere = (here: World): Instance => here.another({ ledger: here.ledger })

/** Another process that hears the news as told here. */
const hearing = (here: World, news: Ledger['news']): Instance =>
  here.another({ ledger: Object.assign(Object.create(here.ledger) as MemoryLedger, { news }) })

test('a waiting caller is woken at once by a change of the same process', async () => {
  const [here, request] = await asked()
  const waiters = await Promise.all(Array.from({ length: 20 }, () => waiter(here, request)))
  expect(waiters.map(({ answer }) => answer)).toEqual(Array.from({ length: 20 }))
  await here.approvals.decide(request.id, votes(request))
  await flush()
  expect(waiters.every(({ answer }) => answer?.status === 'approved')).toBe(true)
})

test('a waiting caller is woken within two ticks by a change of another process', async () => {
  const [here, request] = await asked()
  const wait = await waiter(here, request)
  await jest.advanceTimersByTimeAsync(5000)
  await elsewhere(here).approvals.decide(request.id, votes(request))
  await jest.advanceTimersByTimeAsync(2000)
  expect(wait.answer?.status).toBe('approved')
})

test('a change between the first tick and the first wait is not missed', async () => {
  const [here, request] = await asked()
  const wait = await waiter(here, request)
  await elsewhere(here).approvals.decide(request.id, votes(request))
  await jest.advanceTimersByTimeAsync(2000)
  expect(wait.answer?.status).toBe('approved')
})

test('a caller whose time is up gets the unchanged request', async () => {
  const [here, request] = await asked()
  const wait = await waiter(here, request, 25)
  await jest.advanceTimersByTimeAsync(24_999)
  expect(wait.answer).toBeUndefined()
  await jest.advanceTimersByTimeAsync(1)
  expect(wait.answer?.status).toBe('pending')
})

test('a vote that does not close the request lets the caller wait on', async () => {
  const here = await world(() => needs([slot('dba', 2)]))
  const { request } = await here.approvals.ask(asks())
  const wait = await waiter(here, request)
  await here.approvals.decide(request.id, votes(request))
  await flush()
  expect(wait.answer).toBeUndefined()
  await here.approvals.decide(request.id, votes(request, oid(12)))
  await flush()
  expect(wait.answer?.status).toBe('approved')
})

test('a caller who waits past the deadline gets the expired request', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks({ expiresIn: 10 }))
  const wait = await waiter(here, request)
  here.clock.set(after(10))
  await jest.advanceTimersByTimeAsync(10_000)
  expect(wait.answer?.status).toBe('expired')
})

test('a decided request is not waited for, and an unknown one is not found', async () => {
  const [here, request] = await asked()
  await here.approvals.cancel(request.id, bot)
  expect((await here.approvals.wait(request.id, 60)).status).toBe('cancelled')
  expect(await codeOf(here.approvals.wait(requestId, 60))).toBe('not-found')
  expect(here.waiting.waiters()).toBe(0)
})

test('nothing is kept of callers who have left, and then storage is not read', async () => {
  const [here, request] = await asked()
  const news = jest.fn<ReturnType<Ledger['news']>, Parameters<Ledger['news']>>((...args) => here.ledger.news(...args))
  const place = hearing(here, news)
  const waits = [await waiter(place, request, 3), await waiter(place, request, 5)]
  expect(place.waiting.waiters()).toBe(2)
  await jest.advanceTimersByTimeAsync(3000)
  expect(place.waiting.waiters()).toBe(1)
  await jest.advanceTimersByTimeAsync(3000)
  expect(waits.every(({ answer }) => answer?.status === 'pending')).toBe(true)
  expect(place.waiting.waiters()).toBe(0)
  const before = news.mock.calls.length
  await jest.advanceTimersByTimeAsync(60_000)
  expect(news.mock.calls).toHaveLength(before)
  expect(jest.getTimerCount()).toBe(0)
})

describe('after something happened to a request that is waited for', () => {
  /** A request by two people, with a vote in another process a moment ago, and the looks since. */
  async function voted() {
    const here = await world(() => needs([slot('dba', 2)]))
    const { request } = await here.approvals.ask(asks())
    let looks = 0
    const news: Ledger['news'] = (...args) => {
      looks++
      return here.ledger.news(...args)
    }
    const wait = await waiter(hearing(here, news), request)
    await jest.advanceTimersByTimeAsync(1_000)
    await elsewhere(here).approvals.decide(request.id, votes(request))
    await jest.advanceTimersByTimeAsync(1_000)
    looks = 0
    return { here, request, wait, looks: () => looks }
  }

  test('the decision of another process is noticed within 150 ms', async () => {
    const { here, request, wait } = await voted()
    await elsewhere(here).approvals.decide(request.id, votes(request, dba2))
    await jest.advanceTimersByTimeAsync(150)
    expect(wait.answer?.status).toBe('approved')
  })

  test('its shard is looked at more often for a minute, and not at all without a caller', async () => {
    const { here, wait, request, looks } = await voted()
    await jest.advanceTimersByTimeAsync(27_000)
    expect(looks()).toBe(30 + 180)
    await elsewhere(here).approvals.cancel(request.id, bot)
    await jest.advanceTimersByTimeAsync(2_000)
    expect(wait.answer?.status).toBe('cancelled')
    const before = looks()
    await jest.advanceTimersByTimeAsync(60_000)
    expect(looks()).toBe(before)
  })

  test('after a minute without news it is looked at every 900 ms again', async () => {
    const here = await world(() => needs([slot('dba', 2)]))
    const { request } = await here.approvals.ask(asks())
    let looks = 0
    const one = hearing(here, (...args) => {
      looks++
      return here.ledger.news(...args)
    })
    const watch = one.waiting.watch(request.id)
    await jest.advanceTimersByTimeAsync(1_000)
    one.waiting.wake(request.id)
    await jest.advanceTimersByTimeAsync(61_000)
    looks = 0
    await jest.advanceTimersByTimeAsync(9_000)
    expect(looks).toBe(10)
    watch.close()
  })
})

test('each shard is read once per tick, for any number of waiting callers', async () => {
  const [here, request] = await asked()
  const news = jest.fn<ReturnType<Ledger['news']>, Parameters<Ledger['news']>>((...args) => here.ledger.news(...args))
  const place = hearing(here, news)
  const waits = await Promise.all(Array.from({ length: 50 }, () => waiter(place, request, 10)))
  await jest.advanceTimersByTimeAsync(9500)
  expect(news.mock.calls.length).toBeLessThanOrEqual(10)
  await jest.advanceTimersByTimeAsync(1000)
  await Promise.all(waits.map(({ done }) => done))
})

test('storage that fails for a while is read again', async () => {
  const [here, request] = await asked()
  let failures = 3
  const news: Ledger['news'] = async (...args) => {
    if (failures-- > 0) throw new Error('No answer.')
    return here.ledger.news(...args)
  }
  const place = hearing(here, news)
  const wait = await waiter(place, request)
  await here.approvals.decide(request.id, votes(request, dba))
  await jest.advanceTimersByTimeAsync(6000)
  expect(wait.answer?.status).toBe('approved')
})

test('a process that ends lets all callers go', async () => {
  const [here, request] = await asked()
  const wait = await waiter(here, request)
  here.waiting.stop()
  await flush()
  expect(wait.answer?.status).toBe('pending')
  expect((await here.approvals.wait(request.id, 60)).status).toBe('pending')
  await jest.advanceTimersByTimeAsync(2000)
  expect(jest.getTimerCount()).toBe(0)
})

test('a watch that was woken before its first wait resolves at once', async () => {
  const waiters = new Waiting({ news: async () => ({ seq: 0, requests: [] }) })
  const watch = waiters.watch(requestId)
  waiters.wake(requestId)
  await watch.changed(60_000)
  // The two ticks, and nothing of the caller.
  expect(jest.getTimerCount()).toBe(2)
  watch.close()
})

describe('a caller who looks for another list', () => {
  interface Looking {
    looks: number
    isOver: boolean
  }

  /** Looks for a request that is not pending any more, or for nothing that there is. */
  async function looking({ approvals }: Instance, found: () => Promise<boolean>, seconds = 60): Promise<Looking> {
    const state: Looking = { looks: 0, isOver: false }
    const look = (): Promise<boolean> => {
      state.looks++
      return found()
    }
    void approvals.lookFor(seconds, look).then(() => (state.isOver = true))
    await flush()
    return state
  }

  const never = async (): Promise<boolean> => false

  test('is told within some seconds what another process has changed', async () => {
    const [here, request] = await asked()
    const place = elsewhere(here)
    const state = await looking(place, async () => (await here.ledger.find(request.id))?.status !== 'pending')
    await jest.advanceTimersByTimeAsync(20_000)
    expect(state.isOver).toBe(false)
    await here.approvals.decide(request.id, votes(request))
    await jest.advanceTimersByTimeAsync(6000)
    expect(state.isOver).toBe(true)
  })

  test('looks once more after its first seconds, and then only after changes and when the time is up', async () => {
    const [here] = await asked()
    const state = await looking(here, never, 60)
    await jest.advanceTimersByTimeAsync(59_000)
    expect(state).toEqual({ looks: 2, isOver: false })
    await jest.advanceTimersByTimeAsync(1000)
    expect(state).toEqual({ looks: 3, isOver: true })
  })

  test('costs one look at all shards in five seconds, for any number of callers', async () => {
    const [here] = await asked()
    const news = jest.fn<ReturnType<Ledger['news']>, Parameters<Ledger['news']>>((...args) => here.ledger.news(...args))
    const place = hearing(here, news)
    await Promise.all(Array.from({ length: 50 }, () => looking(place, never, 21)))
    expect(place.waiting.waiters()).toBe(50)
    await jest.advanceTimersByTimeAsync(25_000)
    expect(news.mock.calls).toHaveLength(4 * 16)
    expect([place.waiting.waiters(), jest.getTimerCount()]).toEqual([0, 0])
  })

  test('is let go when the process ends, and so is one who comes then', async () => {
    const [here] = await asked()
    const state = await looking(here, never)
    here.waiting.stop()
    await flush()
    expect(state.isOver).toBe(true)
    expect((await looking(here, never)).isOver).toBe(true)
  })
})
