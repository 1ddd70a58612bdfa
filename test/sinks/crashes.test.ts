import fc from 'fast-check'
import type { Sink, SinkAnswer, SinkCursors } from '../../src/ports/sinks.ts'
import { shard } from '../ports/story.ts'
import { faultsOf, type SinkWorld, sinkWorld, type TestSink, testSink } from './world.ts'

/** When a process ends: at its n-th call of a port or a receiver, before it is carried out or after. */
interface Death {
  readonly at: number
  readonly when: 'before' | 'after'
}

/** Ends a process at a call, as a crash does: nothing that it waits for ever comes. */
function mortal({ at, when }: Death) {
  let calls = 0
  const never = new Promise<never>(() => undefined)
  return async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1
    if (calls > at || (calls === at && when === 'before')) return never
    const result = await work()
    return calls >= at ? never : result
  }
}

/** A process that ends so. Its sinks and rows are those of all processes. */
function mortalProcess(world: SinkWorld, sinks: readonly TestSink[], death: Death) {
  const through = mortal(death)
  const cursors: SinkCursors = {
    read: (...args) => through(() => world.cursors.read(...args)),
    write: (...args) => through(() => world.cursors.write(...args)),
    put: (...args) => through(() => world.cursors.put(...args)),
    all: (...args) => through(() => world.cursors.all(...args)),
  }
  const own = sinks.map((sink): Sink => ({ ...sink, send: (...args) => through(() => sink.send(...args)) }))
  return world.process({ cursors, sinks: own })
}

/** What becomes of a call, by numbers that chance gives. */
const planOf = (numbers: readonly number[]): TestSink['plan'] => {
  let calls = 0
  return (events): SinkAnswer | null => {
    const number = numbers[calls++ % numbers.length] ?? 0
    const taken = Math.min(events.length, number % 8)
    if (number < 64) return { taken: Math.max(1, taken) }
    if (number < 96) return { taken, failure: { why: 'refused' } }
    return number < 112 ? { taken, failure: { why: 'throttled', retryAfter: 10 } } : null
  }
}

const death = fc.record({
  at: fc.integer({ min: 1, max: 60 }),
  when: fc.constantFrom('before' as const, 'after' as const),
})

test('killed at any point, every sink ends with every event, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(death, { minLength: 1, maxLength: 4 }),
      fc.array(fc.array(fc.nat(127), { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 2 }),
      fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 6 }),
      async (deaths, plans, commits) => {
        const sinks = plans.map((numbers, i) => Object.assign(testSink(`sink-${i}`), { plan: planOf(numbers) }))
        const world = sinkWorld(sinks)
        for (const [i, one] of deaths.entries()) {
          const [place = 0, count = 1] = commits[i % commits.length] ?? []
          await world.commit(count, shard(place))
          const process = mortalProcess(world, sinks, one)
          void process.sweep()
          process.committed(shard(place), (await world.ledger.load(shard(place), {})).head)
          await world.clock.pass(1)
        }
        for (const sink of sinks) sink.plan = () => null
        await world.clock.pass(400)
        for (let round = 0; round < 3; round++) {
          await world.main.sweep()
          await world.clock.pass(70)
        }
        for (const sink of sinks) expect(await faultsOf(sink, world.ledger)).toEqual([])
      },
    ),
    { numRuns: 150 },
  )
})

test('two processes that sweep and send at the same time leave out no event, and bring none out of order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(127), { minLength: 1, maxLength: 12 }),
      fc.array(fc.record({ who: fc.nat(2), place: fc.nat(2), count: fc.nat(4), seconds: fc.nat(40) }), {
        minLength: 3,
        maxLength: 20,
      }),
      fc.scheduler(),
      async (numbers, deeds, scheduler) => {
        const sink = Object.assign(testSink('siem'), { plan: planOf(numbers) })
        const world = sinkWorld([sink])
        const cursors: SinkCursors = {
          read: (...args) => scheduler.schedule(Promise.resolve()).then(() => world.cursors.read(...args)),
          write: (...args) => scheduler.schedule(Promise.resolve()).then(() => world.cursors.write(...args)),
          put: (...args) => world.cursors.put(...args),
          all: (...args) => world.cursors.all(...args),
        }
        const processes = [0, 1, 2].map(() => world.process({ cursors }))
        const running: Promise<unknown>[] = []
        for (const { who, place, count, seconds } of deeds) {
          await world.commit(count, shard(place))
          const process = processes[who]
          running.push(process?.sweep() ?? Promise.resolve())
          process?.committed(shard(place), (await world.ledger.load(shard(place), {})).head)
          for (let steps = 0; steps < 4 && scheduler.count() > 0; steps++) await scheduler.waitOne()
          await world.clock.pass(seconds)
        }
        const over = new AbortController()
        const ended = Promise.all(running).then(() => over.abort())
        const ticking = (async () => {
          while (!over.signal.aborted) await world.clock.pass(1)
        })()
        await scheduler.waitFor(ended)
        await ticking
        sink.plan = () => null
        await world.clock.pass(400)
        await world.main.sweep()
        expect(await faultsOf(sink, world.ledger)).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
})
