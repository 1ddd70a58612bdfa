import { sweep, type SweepParts } from '../src/sweep.ts'

const failures: unknown[] = []

beforeEach(() => failures.splice(0))

const parts = (more: Partial<SweepParts> = {}): SweepParts => ({
  approvals: { sweep: async () => 3 },
  delivery: { sweep: async () => 2 },
  sinks: null,
  witness: { record: async () => true },
  backlog: async () => ({}),
  failed: (cause) => void failures.push(cause),
  ...more,
})

const failing = (words: string) => async (): Promise<never> => Promise.reject(new Error(words))

test('a sweep says what its parts did', async () => {
  expect(await sweep(parts())).toEqual({ requests: 3, deliveries: 2, heads: 1 })
  expect(await sweep(parts({ delivery: null, witness: { record: async () => false } }))).toEqual({
    requests: 3,
    heads: 0,
  })
  expect(await sweep(parts({ sinks: { sweep: async () => 40 } }))).toEqual({
    ...{ requests: 3, deliveries: 2, sinks: 40, heads: 1 },
  })
})

test('a sweep says what waits for people whenever that was counted', async () => {
  const counted = { waiting: 2, oldest: 90, overHour: 0, overDay: 0 }
  expect(await sweep(parts({ backlog: async () => counted }))).toEqual({
    requests: 3,
    deliveries: 2,
    heads: 1,
    ...counted,
  })
})

test('no part keeps another from working, and every failure is told', async () => {
  const done: string[] = []
  const both = parts({
    approvals: { sweep: failing('deadlines') },
    witness: { record: failing('heads') },
    delivery: { sweep: async () => done.push('cards') },
  })
  await expect(sweep(both)).rejects.toThrow('deadlines')
  expect(failures.map(String)).toEqual(['Error: heads'])
  expect(done).toEqual(['cards'])
  await expect(sweep(parts({ delivery: { sweep: failing('cards') } }))).rejects.toThrow('cards')
  await expect(sweep(parts({ sinks: { sweep: failing('sinks') } }))).rejects.toThrow('sinks')
})

test('a slow delivery or sink does not hold up the next sweep', async () => {
  jest.useFakeTimers()
  try {
    const slow = { sweep: () => new Promise<number>(() => undefined) }
    const swept = sweep(parts({ delivery: slow, sinks: slow }))
    await jest.advanceTimersByTimeAsync(25_000)
    expect(await swept).toEqual({ requests: 3, heads: 1 })
  } finally {
    jest.useRealTimers()
  }
})
