import { type Day, endOf } from '../../../src/core/data/day.ts'
import { shardOf, shards } from '../../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../../src/core/data/instant.ts'
import { Problem } from '../../../src/core/data/problem.ts'
import { goesOn, parseLives, parseRow, parseRows } from '../../../src/evidence/chunk/chunkContent.ts'
import { chunksIn, type KeptChunk, readParts } from '../../../src/evidence/chunk/chunkFiles.ts'
import { eraseAll } from '../../../src/evidence/erasures.ts'
import { Holds } from '../../../src/evidence/holds.ts'
import { knownOf } from '../../../src/evidence/repair/known.ts'
import { Repairing } from '../../../src/evidence/repair/repair.ts'
import { Sealing, type SealingParts } from '../../../src/evidence/seal/seal.ts'
import { dba, noHolds, oid, tool } from '../../support/build.ts'
import { fakePolicy } from '../../support/fakes.ts'
import { MemoryHolds } from '../../support/fakes/holds.ts'
import { MemoryRepairs } from '../../support/fakes/repairs.ts'
import { MemorySeals } from '../../support/fakes/seals.ts'
import { codeOf, roster, votes, world } from '../../support/world.ts'
import { checkSeries } from '../series.ts'
import { someOf } from '../../support/whole.ts'
import { around, asked, at, comparable, day, history, morning, scratch, type Sealer, sealer } from '../days.ts'

const { folder: spool, left, clean } = scratch()
const shelf = scratch()
afterAll(() => {
  clean()
  shelf.clean()
})
afterEach(() => expect(left()).toEqual([]))

const days = [4, 5, 6, 7, 8].map(day)

/** The parts of a sealer that sees the ledger as it was at the time of its clock. */
function ofTheTime({ parts, ledger, clock }: Sealer): SealingParts {
  const cut = (shard: Parameters<typeof ledger.cut>[0], before: Instant) =>
    ledger.cut(shard, before <= clock.now() ? before : plusSeconds(clock.now(), 0.001))
  const seen = new Proxy(ledger, {
    get(target, name) {
      if (name === 'cut') return cut
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { ...parts, ledger: seen }
}

/** The times at which events of the ledger were recorded, each once, and the ends of days. */
async function moments({ ledger }: Sealer): Promise<readonly Instant[]> {
  const times = new Set<Instant>(days.map(endOf))
  for (const shard of shards)
    for await (const page of ledger.stream(shard, 0, 1e9))
      for (const { text } of page) times.add((JSON.parse(text) as { at: Instant }).at)
  return [...times].sort()
}

async function chunksOf(one: Sealer, dates: readonly Day[] = days): Promise<readonly KeptChunk[]> {
  const all = await Promise.all(dates.flatMap((date) => shards.map((shard) => chunksIn(one.parts, date, shard))))
  return all.flat()
}

/** The same day, sealed at once by another sealer that saw nothing of it before. */
async function twinOf(one: Sealer): Promise<Sealer> {
  const twin = await sealer({ ledger: one.ledger, spool })
  for (const plan of await one.seals.plans()) await twin.seals.propose(plan)
  await twin.run()
  return twin
}

describe.each<[string, (one: Sealer, kept: { current: Sealing | null }) => Sealing]>([
  ['one process', (one, kept) => (kept.current ??= new Sealing(ofTheTime(one)))],
  ['a new process each time', (one) => new Sealing(ofTheTime(one))],
  ['a process that ends a chunk with each commit', (one) => new Sealing({ ...ofTheTime(one), chunkEvents: 1 })],
  [
    'new processes without rows of chunks',
    (one) => {
      one.seals.collected = async () => new Map()
      return new Sealing(ofTheTime(one))
    },
  ],
])('collected through the day by %s', (_who, next) => {
  test('a day has the bundle that it has without chunks', async () => {
    const one = await sealer({ ledger: (await history()).ledger, spool })
    const kept = { current: null }
    for (const now of await moments(one)) {
      one.clock.set(now)
      await next(one, kept).run()
    }
    one.clock.set(morning)
    await next(one, kept).run()
    expect([await one.seals.alarm(), ...one.failures]).toEqual([null])
    expect(await one.seals.alarm()).toBeNull()
    expect((await one.seals.head()).head?.date).toBe(day(8))
    const twin = await twinOf(one)
    expect(await comparable(one.archive, days)).toEqual(await comparable(twin.archive, days))
    const tiles = async ({ archive }: Sealer) =>
      Promise.all((await archive.list('tile/')).map(async ({ name }) => [name, await archive.read(name)]))
    expect(await tiles(one)).toEqual(await tiles(twin))
    expect((await chunksOf(one)).length).toBeGreaterThan((await chunksOf(twin)).length)
    await checkSeries(one, days, shelf.folder)
  })
})

test('chunks have all events, each once, with the state of their requests', async () => {
  const one = await sealer({ ledger: (await history()).ledger, spool })
  for (const now of await moments(one)) {
    one.clock.set(now)
    await new Sealing(ofTheTime(one)).run()
  }
  const chunks = await chunksOf(one)
  for (const shard of shards) {
    const mine = chunks.filter((chunk) => chunk.shard === shard)
    const { seq } = await one.ledger.news(shard, null)
    expect(mine.reduce((sum, { from, to }) => sum + to.seq - from.seq, 0)).toBe(seq)
  }
  const firsts = new Map(chunks.map(({ date, shard, before }) => [`${date} ${shard}`, before]))
  expect(firsts.size).toBeGreaterThan(5)
  for (const chunk of chunks) {
    const { rows, lives } = await readParts(one.parts, chunk, ['rows', 'leaves', 'lives'])
    const open = parseRows(rows).rows.filter(([, text]) => goesOn(parseRow(text).facts.status))
    expect(parseLives(lives).map(({ request }) => request.id)).toEqual(open.map(([id]) => id))
  }
})

test('a process that ends before or after any call of a run in the day leaves a day that is sealed all the same', async () => {
  const { ledger } = await history()
  const two = days.slice(0, 2)
  const times = [at(4, '12:00:30'), at(4, '23:59:00'), at(5, '00:05:00')]
  const sealed = async (one: Sealer) => {
    one.clock.set(at(6, '00:05:00'))
    await new Sealing(ofTheTime(one)).run()
    return comparable(one.archive, two)
  }
  const runsUntil = async (one: Sealer, last: number, parts: () => SealingParts) => {
    for (const now of times.slice(0, last)) {
      one.clock.set(now)
      await new Sealing(ofTheTime(one)).run()
    }
    one.clock.set(times[last] ?? morning)
    await new Sealing(parts()).run().catch((cause: unknown) => expect(cause).toBeInstanceOf(Problem))
  }
  const whole = await sealer({ ledger, spool })
  const calls: (readonly [number, number, string])[] = []
  for (const [last, now] of times.entries()) {
    whole.clock.set(now)
    let count = 0
    const counting = around(ofTheTime(whole), (name, call) => {
      calls.push([last, count++, name])
      return call()
    })
    await new Sealing(counting).run()
  }
  const wanted = await sealed(whole)
  const crashes = calls.flatMap((call) => [[...call, false] as const, [...call, true] as const])
  for (const [last, place, , isDone] of someOf(crashes, ([last, , name, isDone]) => `${last} ${name} ${isDone}`)) {
    const one = await sealer({ ledger, spool })
    let count = 0
    const crashing = () =>
      around(ofTheTime(one), async (_name, call) => {
        const now = count++
        if (now < place) return call()
        if (now === place && isDone) await call()
        throw new Problem('unavailable', 'The process ends here.')
      })
    await runsUntil(one, last, crashing)
    for (const plan of await whole.seals.plans()) await one.seals.propose(plan)
    expect(await sealed(one)).toEqual(wanted)
    expect([await one.seals.alarm(), ...one.failures]).toEqual([null])
  }
}, 300_000)

/** A request of 4 March, collected before it was decided. */
async function waiting() {
  const here = await world()
  const one = await sealer({ ledger: here.ledger, archive: here.archive, spool })
  here.clock.set(at(4, '12:00:00'))
  one.clock.set(at(4, '12:00:00'))
  const { request } = await here.approvals.ask(asked('03'))
  await one.run()
  return { here, one, request, shard: shardOf(request.id) }
}

test('a day that is collected at once has chunks that end with whole commits', async () => {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  await new Sealing({ ...one.parts, chunkEvents: 1 }).run()
  const chunks = await chunksOf(one)
  const twin = await twinOf(one)
  expect(chunks.length).toBeGreaterThan((await chunksOf(twin)).length)
  expect(Math.max(...chunks.map(({ from, to }) => to.seq - from.seq))).toBeGreaterThan(1)
  expect(await comparable(one.archive, days)).toEqual(await comparable(twin.archive, days))
})

test('a chunk never ends within a commit, and a run without events leaves none', async () => {
  const { here, one, request } = await waiting()
  await one.run()
  expect(await chunksOf(one)).toHaveLength(1)
  await here.approvals.decide(request.id, votes(request))
  await one.run()
  const [first, second] = await chunksOf(one)
  expect(second).toMatchObject({ from: first?.to, before: first?.digest })
  expect((second?.to.seq ?? 0) - (second?.from.seq ?? 0)).toBe(2)
})

test('an event after midnight is in no chunk of the day', async () => {
  const { here, one } = await waiting()
  here.clock.set(at(5, '00:00:00'))
  await here.approvals.ask(asked('03'))
  await one.run()
  expect(await chunksOf(one, [day(4)])).toHaveLength(1)
  one.clock.set(at(5, '00:05:00'))
  expect(await one.run()).toEqual([day(4)])
  expect(await chunksOf(one, [day(5)])).toHaveLength(1)
  expect(one.failures).toEqual([])
})

test.each<[string, (set: Awaited<ReturnType<typeof waiting>>) => unknown]>([
  ['lacks', ({ here, shard, request }) => here.ledger.cutOff(shard, (request.events.at(-1)?.seq ?? 0) - 1)],
  [
    'has another event in the place of',
    async ({ here, shard, request }) => {
      here.ledger.cutOff(shard, (request.events.at(-1)?.seq ?? 0) - 1)
      await here.approvals.ask(asked('03'))
    },
  ],
])('a ledger that %s the last event of a chunk is broken with the next run', async (_what, harm) => {
  const set = await waiting()
  const { one, shard, request } = set
  await harm(set)
  expect(await one.run()).toEqual([])
  const seq = request.events.at(-1)?.seq
  const broken = { shard, row: expect.stringMatching(`event-0*${seq}$`), check: 'chain' }
  expect(await one.seals.alarm()).toMatchObject({ date: day(4), code: 'broken-chain', broken })
  expect(one.failures).toMatchObject([{ code: 'evidence-broken', details: { broken } }])
  await one.run()
  expect(one.failures).toHaveLength(1)
  one.clock.set(at(5, '00:05:00'))
  expect(await one.run()).toEqual([])
  expect(await one.archive.list('checkpoints/')).toEqual([])
})

test('no repair removes an event that a chunk has', async () => {
  const { here, one, shard, request } = await waiting()
  const { seq = 0, hash } = request.events.at(-1) ?? {}
  await here.approvals.decide(request.id, votes(request))
  const parts = { ...one.parts, ...here, seals: one.seals, macs: one.parts.macs, random: one.parts.random }
  expect(await knownOf(parts, shard)).toMatchObject({ least: { seq, hash }, by: 'is in a chunk of the archive' })
  for (const each of [seq, seq + 1, seq + 2])
    here.ledger.tamper(shard, each, (leaf) => ({ ...leaf, text: leaf.text.replace('"v":1', '"v":1,"w":1') }))
  const repairing = new Repairing({
    ...{ ...parts, repairs: new MemoryRepairs(here.ledger), policy: fakePolicy(roster()), broken: () => [] },
    ...{ committed: () => undefined, ends: { leaveSoon: async () => undefined } },
  })
  const order = { shard, why: 'A key had leaked.', by: oid(63), requests: [] }
  expect(await codeOf(repairing.repair(order))).toBe('not-repairable')
})

test('the alarm ends once the ledger has the events again', async () => {
  const { here, one, shard, request } = await waiting()
  const { leaves } = here.ledger.lying(shard)
  const lost = leaves[(request.events.at(-1)?.seq ?? 0) - 1] ?? null
  here.ledger.tamper(shard, request.events.at(-1)?.seq ?? 0, null)
  await one.run()
  expect(await one.seals.alarm()).not.toBeNull()
  leaves[(request.events.at(-1)?.seq ?? 0) - 1] = lost
  await one.run()
  expect(await one.seals.alarm()).toBeNull()
})

describe('a request that was closed in an earlier chunk', () => {
  /** Denied and collected, then erased; perhaps on hold meanwhile, and released again. */
  async function erased(holding: 'never' | 'held' | 'released') {
    const { here, one, request } = await waiting()
    await here.approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
    await one.run()
    const parts = { ...one.parts, ...here, policy: fakePolicy(roster()), holds: noHolds, committed: () => undefined }
    const holds = new Holds({ ...parts, holds: new MemoryHolds(), archive: here.archive, failed: () => undefined })
    const minutes = async (count: number) => {
      here.clock.set(plusSeconds(here.clock.now(), count * 60))
      one.clock.set(here.clock.now())
      await new Sealing(one.parts).run()
    }
    const order = { scope: { request: request.id }, why: 'Case 4711', by: dba, client: tool }
    const held = holding === 'never' ? null : await holds.hold(order)
    await minutes(5)
    for (const by of [oid(62), oid(63)]) await eraseAll(parts, request.id, { names: ['reason'], why: 'GDPR', by })
    await minutes(0)
    here.clock.set(plusSeconds(here.clock.now(), 30))
    if (held && holding === 'released') await holds.release({ hold: held.hold, why: 'Closed', by: dba, client: tool })
    await minutes(0)
    expect(await one.seals.alarm()).toBeNull()
    one.clock.set(at(5, '00:05:00'))
    return { one, request, days: await new Sealing(one.parts).run() }
  }

  test('is found there, and its row is the newest', async () => {
    const { one, request, days } = await erased('never')
    expect(days).toEqual([day(4)])
    await checkSeries(one, days, shelf.folder)
    expect((await chunksOf(one, days)).filter(({ shard }) => shard === shardOf(request.id))).toHaveLength(3)
  })

  test('is not erased while a hold covers it, which is judged once the day is over', async () => {
    const { one, days } = await erased('held')
    expect(days).toEqual([])
    expect((await one.seals.alarm())?.words).toMatch(/hold \w+ covered the request/)
  })

  test('may be erased just before the release that a later chunk has', async () => {
    const { one, days } = await erased('released')
    expect(days).toEqual([day(4)])
    await checkSeries(one, days, shelf.folder)
  })
})

test('chunks of another version of the program are made anew, and what they say stays true', async () => {
  const { here, one, shard, request } = await waiting()
  const newer = () => new Sealing({ ...one.parts, tool: 'countersign 0.2.0' })
  await newer().run()
  expect((await chunksOf(one)).map(({ tool }) => tool).toSorted()).toEqual(['countersign 0.1.0', 'countersign 0.2.0'])
  here.ledger.cutOff(shard, (request.events.at(-1)?.seq ?? 0) - 1)
  await here.approvals.ask(asked('03'))
  one.seals.collected = MemorySeals.prototype.collected.bind(new MemorySeals(day(4)))
  await new Sealing({ ...one.parts, tool: 'countersign 0.3.0' }).run()
  one.clock.set(at(5, '00:05:00'))
  expect(await new Sealing({ ...one.parts, tool: 'countersign 0.3.0' }).run()).toEqual([])
  expect(await one.seals.alarm()).toMatchObject({ code: 'broken-chain' })
})
