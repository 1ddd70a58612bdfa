import { TableSeals } from '../../src/azure/seals.ts'
import { dayOf, parseDay } from '../../src/core/data/day.ts'
import { newRequestId, type RequestId, sha256, type Shard, shards } from '../../src/core/data/id.ts'
import { Conflict } from '../../src/ports/ledger.ts'
import type { Alarm, Collected, Cuts, Plan, SealHead, Seals } from '../../src/ports/seals.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { type Call, type Fault, type FaultProxy, inOrder, startFaultProxy } from '../support/faultProxy.ts'
import { someOf } from '../support/whole.ts'
import { minutes, noon } from './story.ts'
import { startStorage, tablesInMemory, type TestStorage } from './tables.ts'

/** Nothing sealed yet, and another instance that works on the same rows. */
interface Pair {
  readonly seals: Seals
  readonly other: Seals
}

let storage: TestStorage
let proxy: FaultProxy

beforeAll(async () => {
  storage = await startStorage()
  proxy = await startFaultProxy(storage.url)
})

afterAll(async () => {
  await proxy.close()
  await storage.close()
})

const kinds: readonly (readonly [string, () => Promise<Pair>])[] = [
  [
    'the fake',
    async () => {
      const seals = new MemorySeals(dayOf(noon))
      return { seals, other: seals }
    },
  ],
  [
    'tables in memory',
    async () => {
      const [ours, theirs = ours] = await tablesInMemory()
      return { seals: new TableSeals(ours, 2), other: new TableSeals(theirs, 2) }
    },
  ],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return { seals: new TableSeals(storage.connect(), 2), other: new TableSeals(storage.connect(), 2) }
    },
  ],
]

const day = (number: number) => parseDay(`2026-03-${String(number).padStart(2, '0')}`)
const cuts = (seq: number) =>
  Object.fromEntries(shards.map((shard) => [shard, { seq, hash: sha256(`${shard} ${seq}`) }])) as Cuts
const root = (number: number) => Buffer.from(sha256(String(number)), 'hex').toString('base64')

const plan = (number: number, more: Partial<Plan> = {}): Plan => ({
  date: day(number),
  number,
  sealedAt: noon,
  tool: 'countersign 0.1.0',
  key: 'thumb',
  size: 16 * number,
  from: cuts(number - 1),
  to: cuts(number),
  ...more,
})

/** As large as it gets: a log of 2^53 events has so many roots. */
const head = (number: number, more: Partial<SealHead> = {}): SealHead => ({
  number,
  date: day(number),
  size: 2 ** 53 - 1,
  root: root(number),
  frontier: Array.from({ length: 53 }, (_, i) => root(i)),
  cuts: cuts(number),
  key: 'thumb',
  manifest: sha256(`manifest ${number}`),
  ...more,
})

const some = shards.slice(3, 5) as [Shard, Shard]

const collected = (number: number): Collected => ({
  date: day(number),
  tool: 'countersign 0.1.0',
  chunk: sha256(`chunk ${number}`),
  open: { [sha256(`chunk ${number}`)]: [requestId(number)] },
  carried: [requestId(100 + number)],
})

const alarm: Alarm = { date: day(4), code: 'broken-chain', words: 'Event 7 of shard 03 is missing.', since: noon }

const requestId = (number: number): RequestId => newRequestId(minutes(number), new Uint8Array(10), some[0])

const noneForged = (cause: unknown) => {
  throw cause
}

/** Seals these days, one after the other. */
async function seal(seals: Seals, ...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) await seals.advance((await seals.head()).version, head(number))
}

describe.each(kinds)('%s', (_kind, empty) => {
  let seals: Seals
  let other: Seals

  beforeEach(async () => {
    ;({ seals, other } = await empty())
  })

  test('has only the first day at first', async () => {
    expect(await seals.first()).toBe(dayOf(noon))
    expect((await seals.head()).head).toBeNull()
    expect(await seals.plan(day(1))).toBeNull()
    expect(await seals.plans()).toEqual([])
    expect(await seals.alarm()).toBeNull()
    expect(await seals.announcements(noon, minutes(5))).toEqual([])
  })

  test('keeps the first plan of a day', async () => {
    expect(await seals.propose(plan(1))).toEqual(plan(1))
    expect(await other.propose(plan(1, { sealedAt: minutes(1), to: cuts(9) }))).toEqual(plan(1))
    expect(await seals.propose(plan(1))).toEqual(plan(1))
    expect(await other.plan(day(1))).toEqual(plan(1))
    const both = await Promise.all([seals.propose(plan(2)), other.propose(plan(2, { sealedAt: minutes(1) }))])
    expect(both[0]).toEqual(both[1])
    expect(await seals.plan(day(2))).toEqual(both[0])
  })

  test('lists all plans, oldest first', async () => {
    for (const number of [3, 1, 5, 2, 4]) await seals.propose(plan(number))
    await seal(seals, 1)
    expect(await other.plans()).toEqual([1, 2, 3, 4, 5].map((number) => plan(number)))
  })

  test('moves the head if it is as read', async () => {
    await seal(seals, 1)
    expect((await other.head()).head).toEqual(head(1))
    await seal(other, 2)
    expect((await seals.head()).head).toEqual(head(2))
  })

  test('is a conflict after another seal, and nothing changes', async () => {
    for (const number of [1, 2]) {
      const [mine, theirs] = await Promise.all([seals.head(), other.head()])
      await other.advance(theirs.version, head(number))
      await seals.raise(alarm)
      const different = head(number, { manifest: sha256('another') })
      await expect(seals.advance(mine.version, different)).rejects.toThrow(Conflict)
      await expect(seals.advance(mine.version, head(number + 1))).rejects.toThrow(Conflict)
      expect((await seals.head()).head).toEqual(head(number))
      expect(await other.alarm()).toEqual(alarm)
    }
    expect(await seals.announcements(noon, minutes(5))).toEqual([day(1), day(2)])
  })

  test('is not a conflict after the very same seal', async () => {
    const { version } = await seals.head()
    await Promise.all([seals.advance(version, head(1)), other.advance(version, head(1))])
    expect((await seals.head()).head).toEqual(head(1))
    expect(await seals.announcements(noon, minutes(5))).toHaveLength(1)
  })

  test('keeps the newest alarm until a day is sealed', async () => {
    await seals.raise(alarm)
    const newer = { ...alarm, code: 'bad-record', since: minutes(60) }
    await seals.raise(newer)
    expect(await other.alarm()).toEqual(newer)
    await seal(other, 1)
    expect(await seals.alarm()).toBeNull()
    await seals.raise(alarm)
    expect(await other.alarm()).toEqual(alarm)
  })

  test('ends an alarm, also if there is none', async () => {
    await seals.clear()
    await seals.raise(alarm)
    await other.clear()
    expect(await seals.alarm()).toBeNull()
  })

  test('keeps how far each shard is collected', async () => {
    expect(await seals.collected(noneForged)).toEqual(new Map())
    const [one, two] = some
    await seals.keepCollected(one, collected(1))
    await other.keepCollected(two, collected(2))
    await other.keepCollected(one, collected(3))
    const both = new Map([
      [one, collected(3)],
      [two, collected(2)],
    ])
    expect(await seals.collected(noneForged)).toEqual(both)
    expect(await other.collected(noneForged)).toEqual(both)
  })

  test('keeps how far each witness has cosigned', async () => {
    const [here, there] = ['a278e777', '00c0ffee']
    const stuck = { through: day(3), fault: { code: 'fork', date: day(4), since: noon } } as const
    expect(await seals.cosigning(here)).toBeNull()
    await seals.keepCosigning(here, { through: null })
    await other.keepCosigning(there, stuck)
    expect(await other.cosigning(here)).toEqual({ through: null })
    await other.keepCosigning(here, { through: day(4) })
    expect(await seals.cosigning(here)).toEqual({ through: day(4) })
    expect(await seals.cosigning(there)).toEqual(stuck)
  })

  test('gives each announcement to one caller, until its claim ends or it was posted', async () => {
    await seal(seals, 1, 2, 3)
    const dates = (one: Seals, now: number) => one.announcements(minutes(now), minutes(now + 5))
    expect(await dates(seals, 0)).toEqual([day(1), day(2), day(3)])
    expect(await dates(other, 4)).toEqual([])
    const again = await other.announcements(minutes(5), minutes(10))
    expect(again).toEqual([day(1), day(2), day(3)])
    for (const one of again.slice(0, 2)) await other.announced(one)
    for (const one of again.slice(0, 1)) await other.announced(one)
    expect(await dates(seals, 9)).toEqual([])
    expect(await dates(seals, 10)).toEqual([day(3)])
  })

  test('gives each announcement to one of two simultaneous callers', async () => {
    await seal(seals, 1, 2, 3, 4)
    const both = await Promise.all([seals, other].map((one) => one.announcements(noon, minutes(5))))
    expect(both.flat()).toHaveLength(4)
  })

  test('does not share state with its caller', async () => {
    const proposed = plan(1)
    Object.assign(await seals.propose(proposed), { number: 7 })
    Object.assign(proposed, { number: 8 })
    const advanced = head(1)
    await seals.advance((await seals.head()).version, advanced)
    Object.assign(advanced, { number: 9 })
    Object.assign((await seals.head()).head ?? {}, { frontier: [] })
    expect(await seals.plan(day(1))).toEqual(plan(1))
    expect((await seals.head()).head).toEqual(head(1))
  })
})

test('of very many requests, a row has their chunk alone', async () => {
  const [tables] = await tablesInMemory()
  const seals = new TableSeals(tables)
  const ids = Array.from({ length: 20_000 }, (_, i) => requestId(i))
  const { open: _open, carried: _carried, ...place } = collected(1)
  await seals.keepCollected(some[0], { ...place, open: { [place.chunk]: ids }, carried: [] })
  expect((await seals.collected(noneForged)).get(some[0])).toEqual(place)
})

test('a row that the service did not write tells nothing, and is reported', async () => {
  const [tables] = await tablesInMemory()
  const seals = new TableSeals(tables)
  const forged: unknown[] = []
  for (const shard of some) await seals.keepCollected(shard, collected(1))
  const value = JSON.stringify(collected(2))
  await tables.ledger.updateEntity({ partitionKey: 'seal', rowKey: `chunk-${some[0]}`, value }, 'Merge')
  expect([...(await seals.collected((cause) => forged.push(cause))).keys()]).toEqual([some[1]])
  expect(forged).toMatchObject([{ details: { broken: { shard: 'seal', row: `chunk-${some[0]}`, check: 'mac' } } }])
})

test('how far a witness has cosigned is not believed of a row that the service did not write', async () => {
  const [tables] = await tablesInMemory()
  const seals = new TableSeals(tables)
  await seals.keepCosigning('a278e777', { through: day(1) })
  const value = JSON.stringify({ through: day(9) })
  await tables.ledger.updateEntity({ partitionKey: 'seal', rowKey: 'witness-a278e777', value }, 'Merge')
  await expect(seals.cosigning('a278e777')).rejects.toMatchObject({
    details: { broken: { shard: 'seal', row: 'witness-a278e777', check: 'mac' } },
  })
  await seals.keepCosigning('a278e777', { through: day(2) })
  expect(await seals.cosigning('a278e777')).toEqual({ through: day(2) })
})

describe('under faults', () => {
  let seals: TableSeals
  let other: TableSeals

  beforeEach(async () => {
    proxy.plan(() => null)
    await storage.clear()
    seals = new TableSeals(storage.connect(proxy.url))
    other = new TableSeals(storage.connect())
  })

  const isWrite = ({ method }: Call) => method !== 'GET'
  const status = (code: number): Fault => ({ kind: 'status', status: code })
  const times = (fault: Fault, count: number) => Array.from({ length: count }, () => fault)

  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ['the answer is lost', [{ kind: 'unanswered' }]],
    ['it is carried out twice', [{ kind: 'doubled' }]],
    ['it does not arrive at first', [{ kind: 'lost' }, status(503), status(429)]],
  ]
  const sealFaults = [...faults, ['all answers are lost', times({ kind: 'unanswered' }, 4)] as const]

  test.each(someOf(faults))('a plan is made although %s', async (_what, some) => {
    proxy.plan(inOrder(some, isWrite))
    expect(await seals.propose(plan(1))).toEqual(plan(1))
    expect(proxy.count(some[0]?.kind ?? 'lost')).toBe(1)
    expect(await other.plan(day(1))).toEqual(plan(1))
  })

  test('a plan that another process made meanwhile stands', async () => {
    const theirs = plan(1, { sealedAt: minutes(1) })
    proxy.plan(inOrder([{ kind: 'lost', meanwhile: () => other.propose(theirs) }], isWrite))
    expect(await seals.propose(plan(1))).toEqual(theirs)
  })

  test.each(someOf(sealFaults, ([, [fault]]) => fault?.kind))(
    'a seal is committed although %s',
    async (_what, some) => {
      for (const number of [1, 2]) {
        await other.raise(alarm)
        const { version } = await seals.head()
        proxy.plan(inOrder(some, isWrite))
        await seals.advance(version, head(number))
        expect(proxy.count(some[0]?.kind ?? 'lost')).toBeGreaterThan(0)
        expect((await other.head()).head).toEqual(head(number))
        expect(await other.alarm()).toBeNull()
      }
      expect(await other.announcements(noon, minutes(5))).toHaveLength(2)
    },
  )

  test.each<[string, Fault]>([
    ['after', { kind: 'unanswered' }],
    ['before', { kind: 'lost' }],
  ])('a seal that came second is a conflict, even if the connection breaks %s it arrived', async (_when, fault) => {
    const { version } = await seals.head()
    await other.advance(version, head(1, { manifest: sha256('theirs') }))
    proxy.plan(inOrder([fault], isWrite))
    await expect(seals.advance(version, head(1))).rejects.toThrow(Conflict)
    expect((await other.head()).head?.manifest).toBe(sha256('theirs'))
  })

  test.each(someOf(faults))('an announcement is claimed and deleted although %s', async (_what, some) => {
    await seal(other, 1)
    proxy.plan(inOrder(some, isWrite))
    const claimed = await seals.announcements(noon, minutes(5))
    expect(claimed).toEqual([day(1)])
    expect(await other.announcements(noon, minutes(5))).toEqual([])
    proxy.plan(inOrder(some, isWrite))
    for (const one of claimed) await seals.announced(one)
    expect(await other.announcements(minutes(9), minutes(14))).toEqual([])
  })

  test('everything is unavailable while the storage is', async () => {
    proxy.plan(() => status(503))
    const calls = [
      () => seals.first(),
      () => seals.head(),
      () => seals.plans(),
      () => seals.propose(plan(1)),
      () => seals.raise(alarm),
      () => seals.clear(),
      () => seals.collected(noneForged),
      () => seals.keepCollected(some[0], collected(1)),
      () => seals.cosigning('a278e777'),
      () => seals.keepCosigning('a278e777', { through: null }),
      () => seals.announcements(noon, minutes(5)),
    ]
    const failed = calls.map((call) => expect(call()).rejects.toMatchObject({ code: 'unavailable' }))
    await Promise.all(failed)
    proxy.plan((call) => (isWrite(call) ? status(503) : null))
    await expect(seals.advance(null, head(1))).rejects.toMatchObject({ code: 'unavailable' })
    expect((await other.head()).head).toBeNull()
  })
})
