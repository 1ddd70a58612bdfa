import { randomBytes } from 'node:crypto'
import type { Day } from '../../src/core/data/day.ts'
import { type Hex, type Shard, shards, shardOf } from '../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../src/core/data/instant.ts'
import { headsPath, isHeadsName, parseHeads } from '../../src/core/log/witness.ts'
import { Witness, type WitnessParts } from '../../src/evidence/witness.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { after, bot, noon } from '../support/build.ts'
import { FakeClock } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { asks, codeOf, type World, world } from '../support/world.ts'

const first = '2026-01-30' as Day

interface Setting {
  readonly here: World
  readonly archive: MemoryArchive
  readonly failures: unknown[]
  readonly begin: (more?: Partial<WitnessParts>) => Promise<Witness>
}

async function setting(): Promise<Setting> {
  const here = await world()
  const archive = new MemoryArchive()
  const failures: unknown[] = []
  const parts: WitnessParts = {
    ...{ ledger: here.ledger, archive, clock: here.clock, random: randomBytes },
    seals: { first: async () => first },
    macs: macsFor(testOrigin),
    failed: (cause) => void failures.push(cause),
  }
  return { here, archive, failures, begin: (more = {}) => Witness.begin({ ...parts, ...more }) }
}

const names = async (archive: MemoryArchive) => (await archive.list('heads/')).map(({ name }) => name)

async function newestIn(archive: MemoryArchive) {
  const [file] = (await archive.list('heads/')).toReversed()
  return parseHeads(file?.note ?? '')?.heads
}

describe('a file of heads', () => {
  test('is written every five minutes if a chain grew', async () => {
    const { here, archive, begin } = await setting()
    const witness = await begin()
    expect(await witness.record()).toBe(false)
    const { request } = await here.approvals.ask(asks())
    expect(await witness.record()).toBe(true)
    expect(await witness.record()).toBe(false)
    await here.approvals.cancel(request.id, bot)
    here.clock.set(after(299.999))
    expect(await witness.record()).toBe(false)
    here.clock.set(after(300))
    expect(await witness.record()).toBe(true)
    here.clock.set(after(900))
    expect(await witness.record()).toBe(false)
    expect(await names(archive)).toEqual(['heads/2026-03-04/1200', 'heads/2026-03-04/1205'])
    const { head } = await here.ledger.load(shardOf(request.id), {})
    expect(await newestIn(archive)).toEqual({
      at: after(300),
      heads: { [shardOf(request.id)]: { seq: head.seq, hash: head.hash } },
    })
  })

  test('is late once an event was in the ledger for a quarter of an hour without it', async () => {
    const { here, begin } = await setting()
    const [writing, looking] = [await begin(), await begin()]
    const late = async (seconds: number) => {
      here.clock.set(after(seconds))
      return looking.isLate()
    }
    expect(await late(0)).toBe(false)
    const { request } = await here.approvals.ask(asks())
    expect([await late(900), await late(900.001)]).toEqual([false, true])
    await writing.record()
    expect(await late(2_000)).toBe(false)
    await here.approvals.cancel(request.id, bot)
    expect([await late(2_900), await late(2_901)]).toEqual([false, true])
  })

  test('is not late because it is that of the day before', async () => {
    const { here, begin } = await setting()
    const [writing, looking] = [await begin(), await begin()]
    const midnight = 12 * 3600
    here.clock.set(after(midnight - 120))
    await here.approvals.ask(asks())
    await writing.record()
    here.clock.set(after(midnight + 840))
    expect(await looking.isLate()).toBe(false)
  })

  test('is late although newer events keep coming', async () => {
    const { here, begin } = await setting()
    const looking = await begin()
    for (const seconds of [0, 400, 800, 1_200]) {
      here.clock.set(after(seconds))
      await here.approvals.ask(asks())
    }
    expect(await looking.isLate()).toBe(true)
  })

  test('is shared by all processes', async () => {
    const { here, archive, begin } = await setting()
    const [one, other] = [await begin(), await begin()]
    await here.approvals.ask(asks())
    await Promise.all([one.record(), other.record()])
    here.clock.set(after(10))
    expect(await (await begin()).record()).toBe(false)
    expect(await names(archive)).toEqual(['heads/2026-03-04/1200'])
  })

  test('goes beside a foreign file with its name, which is reported once', async () => {
    const { here, archive, failures, begin } = await setting()
    await archive.createOrRead('heads/2026-03-04/1200', Buffer.from('foreign'), 'text/plain', 'foreign')
    const witness = await begin()
    await here.approvals.ask(asks())
    expect(await witness.record()).toBe(true)
    expect(await names(archive)).toEqual([
      'heads/2026-03-04/1200',
      expect.stringMatching(/^heads\/2026-03-04\/1200\.[0-9a-f]{16}$/),
    ])
    expect(failures).toMatchObject([{ details: { broken: { row: 'heads/2026-03-04/1200', check: 'mac' } } }])
    here.clock.set(after(10))
    expect(await (await begin()).record()).toBe(false)
  })

  test.each([
    ['2026-03-04T12:04:59.999Z', 'heads/2026-03-04/1200', true],
    ['2026-03-04T12:04:59.999Z', 'heads/2026-03-04/1200.00ff', true],
    ['2026-03-04T12:04:59.999Z', 'heads/2026-03-04/1205', false],
    ['2026-03-04T12:04:59.999Z', 'heads/2026-03-05/1200', false],
    ['2026-03-04T23:59:59.999Z', 'heads/2026-03-04/2355', true],
  ])('of %s may be called %s: %p', (at, name, expected) => {
    expect(isHeadsName(name, { at: at as Instant, heads: {} })).toBe(expected)
    expect(headsPath(at as Instant)).toMatch(/^heads\/2026-03-04\/\d{4}$/)
  })
})

describe('a chain that was cut back', () => {
  /** A ledger with three events, of which the newest is taken away; the process that saw it, and the rows as they are now. */
  async function cutOff() {
    const set = await setting()
    const { here } = set
    const { request } = await here.approvals.ask(asks())
    const before = await here.ledger.load(shardOf(request.id), {})
    const witness = await set.begin()
    await here.approvals.cancel(request.id, bot)
    const shard = shardOf(request.id)
    return { ...set, request, shard, before, witness }
  }

  /** The rows after the roll-back: the head of the shard is an older one. */
  const olderHead = ({ here, shard, before }: { here: World; shard: Shard; before: { head: unknown } }): Ledger =>
    Object.assign(Object.create(here.ledger) as MemoryLedger, {
      load: async (...args: Parameters<Ledger['load']>) => {
        const loaded = await here.ledger.load(...args)
        return args[0] === shard ? { ...loaded, head: before.head } : loaded
      },
      news: async (one: Shard, after: number | null) =>
        one === shard ? { seq: (before.head as { seq: number }).seq, requests: [] } : here.ledger.news(one, after),
    })

  test('is not continued by a process that reads the newest file, while other chains are', async () => {
    const set = await cutOff()
    const { begin, shard, witness } = set
    await witness.ledger.load(shard, {})
    await witness.record()
    const rows = olderHead(set)
    const one = await begin({ ledger: rows })
    expect(await codeOf(one.ledger.load(shard, {}))).toBe('evidence-broken')
    for (const other of shards) if (other !== shard) await one.ledger.load(other, {})
  })

  test('is reported by the timer, and the file keeps what was seen', async () => {
    const set = await cutOff()
    const { begin, shard, witness, here, failures, archive } = set
    await witness.record()
    const told = (await newestIn(archive))?.heads[shard]
    here.clock.set(after(300))
    const one = await begin({ ledger: olderHead(set) })
    expect(await one.record()).toBe(false)
    expect(failures).toMatchObject([{ code: 'evidence-broken', details: { broken: { shard, check: 'head' } } }])
    await here.approvals.ask(asks())
    await one.record()
    expect((await newestIn(archive))?.heads[shard]).toEqual(told)
  })

  test('is found if another event has its number', async () => {
    const set = await cutOff()
    const { begin, shard, here, witness } = set
    await witness.record()
    const { head } = await here.ledger.load(shard, {})
    const rows = olderHead({ ...set, before: { head: { ...head, hash: 'a'.repeat(64) as Hex } } })
    expect(await codeOf((await begin({ ledger: rows })).ledger.load(shard, {}))).toBe('evidence-broken')
  })

  test('is found by the row, not by what a ledger remembers', async () => {
    const set = await cutOff()
    const { begin, shard, witness, here } = set
    await witness.record()
    const rows = Object.assign(olderHead(set), { news: here.ledger.news.bind(here.ledger) })
    await (await begin({ ledger: rows })).ledger.load(shard, {})
  })

  test('is found even after the process itself committed more', async () => {
    const { here, begin } = await setting()
    let isOld = false
    const empty = new MemoryLedger()
    const rows = Object.assign(Object.create(here.ledger) as MemoryLedger, {
      load: (...args: Parameters<Ledger['load']>) => (isOld ? empty : here.ledger).load(...args),
      news: (...args: Parameters<Ledger['news']>) => (isOld ? empty : here.ledger).news(...args),
    })
    const { ledger } = await begin({ ledger: rows })
    const place = here.another({ ledger })
    const { request } = await place.approvals.ask(asks())
    isOld = true
    expect(await codeOf(place.approvals.cancel(request.id, bot))).toBe('evidence-broken')
  })
})

describe('the newest file', () => {
  test('is read at the start, even after months', async () => {
    const { here, archive, begin } = await setting()
    const { request } = await here.approvals.ask(asks())
    await (await begin()).record()
    const clock = new FakeClock(plusSeconds(noon, 100 * 86_400))
    const one = await begin({ clock, ledger: new MemoryLedger() })
    expect(await codeOf(one.ledger.load(shardOf(request.id), {}))).toBe('evidence-broken')
    expect(await names(archive)).toHaveLength(1)
  })

  test('is read again after five minutes, without delaying a call', async () => {
    const { here, begin } = await setting()
    const late = await begin({ ledger: new MemoryLedger() })
    const { request } = await here.approvals.ask(asks())
    await (await begin()).record()
    const shard = shardOf(request.id)
    here.clock.set(after(299))
    await late.ledger.load(shard, {})
    here.clock.set(after(300))
    await late.ledger.load(shard, {})
    await new Promise(setImmediate)
    expect(await codeOf(late.ledger.load(shard, {}))).toBe('evidence-broken')
  })

  test('is not a copy of an older one under a newer name', async () => {
    const { here, archive, begin, failures } = await setting()
    await here.approvals.ask(asks())
    const witness = await begin()
    await witness.record()
    const [old] = await archive.list('heads/')
    here.clock.set(after(300))
    const { request } = await here.approvals.ask(asks())
    await witness.record()
    const copy = (await archive.read(old?.name ?? '')) ?? Buffer.of()
    await archive.createOrRead('heads/2026-03-04/2355', copy, 'application/json', old?.note)
    const one = await begin({ ledger: new MemoryLedger() })
    expect(await codeOf(one.ledger.load(shardOf(request.id), {}))).toBe('evidence-broken')
    expect(failures).toMatchObject([{ details: { broken: { row: 'heads/2026-03-04/2355' } } }])
  })
})
