import { TableLedger } from '../../src/azure/ledger.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../src/core/data/instant.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { CardRow, Claim, Outbox } from '../../src/ports/outbox.ts'
import { type Fault, type FaultProxy, inOrder, startFaultProxy } from '../support/faultProxy.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import { apply, ask, dba, idOf, minutes, noon, oid, shard, vote } from './story.ts'
import { startStorage, tablesInMemory, type TestStorage } from './tables.ts'

/** An empty ledger and its outbox, and another instance of it. */
interface Pair {
  readonly ledger: Ledger
  readonly outbox: Outbox
  readonly other: Outbox
}

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

const kinds: readonly (readonly [string, () => Promise<Pair>])[] = [
  [
    'the fake',
    async () => {
      const ledger = new MemoryLedger()
      const outbox = new MemoryOutbox(ledger)
      return { ledger, outbox, other: outbox }
    },
  ],
  [
    'tables in memory',
    async () => {
      const [ours, theirs = ours] = await tablesInMemory()
      return { ledger: new TableLedger(ours), outbox: new TableOutbox(ours), other: new TableOutbox(theirs) }
    },
  ],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      const [ours, theirs] = [storage.connect(), storage.connect()]
      return { ledger: new TableLedger(ours), outbox: new TableOutbox(ours), other: new TableOutbox(theirs) }
    },
  ],
]

const seconds = (count: number): Instant => plusSeconds(noon, count)
const approve = (ledger: Ledger, { id }: ApprovalRequest) =>
  apply(ledger, id, vote(dba, 'approve', minutes(1)), minutes(1))

function claimed(claim: Claim | null): Claim {
  if (!claim) throw new Error('There is no claim.')
  return claim
}

describe.each(kinds)('%s', (_kind, empty) => {
  let ledger: Ledger
  let outbox: Outbox
  let other: Outbox

  beforeEach(async () => {
    ;({ ledger, outbox, other } = await empty())
  })

  const take = async (id: RequestId, by = 'me', now = noon, from = outbox) =>
    claimed(await from.claim(id, by, now, plusSeconds(now, 30)))

  describe('the waiting list', () => {
    test('has every committed request with cards, oldest first', async () => {
      const asked: ApprovalRequest[] = []
      for (const [i, place] of [3, 15, 0, 3].entries())
        asked.push(await ask(ledger, { shard: shard(place), at: minutes(i), agent: oid(20 + i) }))
      await ask(ledger, { outcome: 'allow' })
      await ask(ledger, { outcome: 'forbid' })
      const ids = asked.map(({ id }) => id)
      expect(await outbox.waiting(noon, 10)).toEqual(ids)
      expect(await other.waiting(noon, 2)).toEqual(ids.slice(0, 2))
    })

    test('is empty in an empty ledger', async () => {
      expect(await outbox.waiting(noon, 10)).toEqual([])
    })

    test('leaves out a claimed request until the claim lapses', async () => {
      const { id } = await ask(ledger)
      await take(id)
      expect(await other.waiting(seconds(29), 10)).toEqual([])
      expect(await other.waiting(seconds(30), 10)).toEqual([id])
    })

    test('leaves out a deferred request until its time', async () => {
      const { id } = await ask(ledger)
      expect(await outbox.defer(await take(id), seconds(300))).toBe(true)
      expect(await other.waiting(seconds(299), 10)).toEqual([])
      expect(await other.waiting(seconds(300), 10)).toEqual([id])
    })

    test('leaves a request out for longer each time that a claim lapses, until a delivery ends well', async () => {
      const { id } = await ask(ledger)
      await take(id, 'one', noon)
      await take(id, 'two', seconds(30))
      expect(await outbox.waiting(seconds(89), 10)).toEqual([])
      expect(await outbox.waiting(seconds(90), 10)).toEqual([id])
      await take(id, 'three', seconds(90))
      expect(await outbox.waiting(seconds(209), 10)).toEqual([])
      expect(await outbox.waiting(seconds(210), 10)).toEqual([id])
      await outbox.defer(await take(id, 'four', seconds(210)), seconds(211))
      await take(id, 'five', seconds(211))
      expect(await outbox.waiting(seconds(241), 10)).toEqual([id])
    })
  })

  describe('what was told', () => {
    test('is kept by event and reader, and replaced', async () => {
      const [{ id }, second] = [await ask(ledger), await ask(ledger, { agent: oid(20) })]
      const channel = '19:dba@thread.tacv2'
      const failed = { seq: 3, whom: channel, attempts: 2, notBefore: seconds(9), lost: true } as const
      await outbox.putTold(id, failed)
      await outbox.putTold(id, { seq: 3, whom: dba, attempts: 0, at: seconds(5) })
      expect(await other.told(id)).toEqual(expect.arrayContaining([failed]))
      await other.putTold(id, { seq: 3, whom: channel, attempts: 0, at: seconds(10) })
      await other.putTold(id, { seq: 4, whom: channel, attempts: 1 })
      const rows = (await outbox.told(id)).toSorted((a, b) => a.seq - b.seq || a.whom.localeCompare(b.whom))
      expect(rows).toEqual([
        { seq: 3, whom: dba, attempts: 0, at: seconds(5) },
        { seq: 3, whom: channel, attempts: 0, at: seconds(10) },
        { seq: 4, whom: channel, attempts: 1 },
      ])
      expect(await outbox.told(second.id)).toEqual([])
    })
  })

  describe('those who want to hear', () => {
    const quiet = { person: dba, conversation: 'a:1/#?', quiet: '22:00-07:00 Europe/Berlin' } as const

    test('are listed until they do not, and replaced', async () => {
      expect(await outbox.hearings()).toEqual([])
      expect(await outbox.hearing(dba)).toBeNull()
      await outbox.putHearing(quiet)
      await outbox.putHearing({ person: oid(20), conversation: 'a:2' })
      expect((await other.hearings()).toSorted((a, b) => a.person.localeCompare(b.person))).toEqual(
        [quiet, { person: oid(20), conversation: 'a:2' }].toSorted((a, b) => a.person.localeCompare(b.person)),
      )
      await other.putHearing({ person: dba, conversation: 'a:3' })
      expect(await outbox.hearing(dba)).toEqual({ person: dba, conversation: 'a:3' })
      for (let i = 0; i < 2; i++) await outbox.dropHearing(dba)
      expect(await other.hearing(dba)).toBeNull()
    })
  })

  describe('a claim', () => {
    test('belongs to one process', async () => {
      const { id } = await ask(ledger)
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const claims = await Promise.all(
        names.map((by, i) => (i % 2 === 0 ? outbox : other).claim(id, by, noon, seconds(30))),
      )
      const had = claims.filter((claim) => claim !== null)
      expect(had).toHaveLength(1)
      expect(had[0]).toMatchObject({ request: id, until: seconds(30), moved: false })
    })

    test('needs a request with something to deliver', async () => {
      const { id } = await ask(ledger, { outcome: 'allow' })
      expect(await outbox.claim(id, 'me', noon, seconds(30))).toBeNull()
      expect(await outbox.claim(idOf(noon, shard(9)), 'me', noon, seconds(30))).toBeNull()
    })

    test('passes to another process when it lapses, and then cannot be renewed, finished or deferred', async () => {
      const { id } = await ask(ledger)
      const mine = await take(id, 'me')
      expect(await other.claim(id, 'they', seconds(29), seconds(59))).toBeNull()
      const theirs = await take(id, 'they', seconds(30), other)
      expect(await outbox.renew(mine, seconds(60))).toBeNull()
      expect(await outbox.finish(mine)).toBe(false)
      expect(await outbox.defer(mine, seconds(90))).toBe(false)
      expect(await other.renew(theirs, seconds(61))).toMatchObject({ by: 'they', moved: false, until: seconds(61) })
    })

    test('that lapsed stays valid until another process takes it', async () => {
      const { id } = await ask(ledger)
      const mine = await take(id)
      const renewed = claimed(await outbox.renew(mine, seconds(100)))
      expect(renewed).toMatchObject({ moved: false, until: seconds(100) })
      expect(await other.claim(id, 'they', seconds(99), seconds(129))).toBeNull()
    })

    test('may be taken on a deferred request, so that a commit is delivered at once', async () => {
      const { id } = await ask(ledger)
      await outbox.defer(await take(id), minutes(60))
      expect(await other.claim(id, 'they', seconds(1), seconds(31))).not.toBeNull()
    })

    test('survives a commit, and reports it once', async () => {
      const asked = await ask(ledger)
      const mine = await take(asked.id)
      await approve(ledger, asked)
      expect(await other.claim(asked.id, 'they', seconds(1), seconds(31))).toBeNull()
      const renewed = claimed(await outbox.renew(mine, seconds(60)))
      expect(renewed).toMatchObject({ by: 'me', until: seconds(60), moved: true })
      expect(await outbox.renew(renewed, seconds(70))).toMatchObject({ moved: false })
    })

    test('survives a mark that cards are out of date, and reports it', async () => {
      const { id } = await ask(ledger)
      const mine = await take(id)
      await other.touch(id)
      expect(await outbox.renew(mine, seconds(60))).toMatchObject({ moved: true })
    })
  })

  describe('the end of a delivery', () => {
    test('leaves nothing to deliver, and no claim', async () => {
      const { id } = await ask(ledger)
      const mine = await take(id)
      expect(await outbox.finish(mine)).toBe(true)
      expect(await other.waiting(minutes(600), 10)).toEqual([])
      expect(await outbox.claim(id, 'me', noon, seconds(30))).toBeNull()
      expect(await outbox.renew(mine, seconds(60))).toBeNull()
      expect(await outbox.finish(mine)).toBe(false)
      expect(await outbox.defer(mine, seconds(60))).toBe(false)
      expect(await outbox.waiting(minutes(600), 10)).toEqual([])
    })

    test('is refused after a commit, both as finished and as deferred', async () => {
      const asked = await ask(ledger)
      const mine = await take(asked.id)
      await approve(ledger, asked)
      expect(await outbox.finish(mine)).toBe(false)
      expect(await outbox.defer(mine, seconds(300))).toBe(false)
      const renewed = claimed(await outbox.renew(mine, seconds(60)))
      expect(await outbox.finish(renewed)).toBe(true)
    })

    test('is refused after a mark that cards are out of date', async () => {
      const { id } = await ask(ledger)
      const mine = await take(id)
      await other.touch(id)
      expect(await outbox.finish(mine)).toBe(false)
      expect(await outbox.waiting(seconds(30), 10)).toEqual([id])
    })

    test('does not stop a commit, or a found card, from beginning another', async () => {
      const asked = await ask(ledger)
      await outbox.finish(await take(asked.id))
      await approve(ledger, asked)
      expect(await outbox.waiting(noon, 10)).toEqual([asked.id])
      await outbox.finish(await take(asked.id, 'again'))
      await outbox.touch(asked.id)
      expect(await other.waiting(noon, 10)).toEqual([asked.id])
      expect(await outbox.finish(await take(asked.id, 'last'))).toBe(true)
    })

    test('is refused if another process finished it and began again', async () => {
      const asked = await ask(ledger)
      const mine = await take(asked.id)
      await outbox.finish(mine)
      await approve(ledger, asked)
      expect(await outbox.finish(mine)).toBe(false)
      expect(await outbox.renew(mine, seconds(60))).toBeNull()
      expect(await outbox.waiting(noon, 10)).toEqual([asked.id])
    })
  })

  describe('cards', () => {
    const channel = '19:abc/def#?\\@thread.tacv2'
    const row: CardRow = { channel, rev: 0, attempts: 3, notBefore: minutes(1), lost: true }
    const card = (activity: string): CardRow => ({
      channel,
      card: { conversation: `${channel};messageid=1`, activity },
      rev: 2,
      attempts: 0,
    })
    const sorted = (rows: readonly CardRow[]) => rows.map((row) => JSON.stringify(row)).sort()

    test('of a request without cards are an empty list', async () => {
      expect(await outbox.cards(idOf(noon, shard(3)))).toEqual([])
    })

    test('are kept, each in a row of its own, and replaced whole', async () => {
      const { id } = await ask(ledger)
      const rows = [row, card('1'), card('2'), { ...card('1'), channel: '19:other' }]
      for (const one of rows) await outbox.putCard(id, one)
      expect(sorted(await other.cards(id))).toEqual(sorted(rows))
      const { lost: _lost, notBefore: _notBefore, ...found } = row
      await outbox.putCard(id, { ...found, attempts: 0 })
      await other.putCard(id, { ...card('2'), rev: 5 })
      expect(sorted(await outbox.cards(id))).toEqual(
        sorted([{ ...found, attempts: 0 }, card('1'), { ...card('2'), rev: 5 }, { ...card('1'), channel: '19:other' }]),
      )
    })

    test('are removed one by one, and removing one twice succeeds', async () => {
      const { id } = await ask(ledger)
      for (const one of [row, card('1'), card('2')]) await outbox.putCard(id, one)
      await outbox.dropCard(id, card('1'))
      await outbox.dropCard(id, { ...card('1'), rev: 9 })
      expect(sorted(await other.cards(id))).toEqual(sorted([row, card('2')]))
      await outbox.dropCard(id, row)
      expect(await outbox.cards(id)).toEqual([card('2')])
    })

    test('belong to one request, and outlive its delivery', async () => {
      const [first, second] = [await ask(ledger), await ask(ledger, { agent: oid(30) })]
      await outbox.putCard(first.id, card('1'))
      await outbox.finish(await take(first.id))
      expect(await other.cards(first.id)).toEqual([card('1')])
      expect(await other.cards(second.id)).toEqual([])
    })
  })

  test("the bot's arrival in a conversation counts once, until it leaves", async () => {
    const [here, there] = ['19:a@thread.tacv2', 'a:1/ä?#\\']
    expect([await outbox.arrive(here), await other.arrive(here), await outbox.arrive(there)]).toEqual([
      true,
      false,
      true,
    ])
    await other.leave(here)
    await outbox.leave(here)
    expect([await outbox.arrive(here), await outbox.arrive(there)]).toEqual([true, false])
  })
})

describe('Table Storage', () => {
  let proxy: FaultProxy
  let ledger: TableLedger
  let outbox: TableOutbox

  beforeAll(async () => {
    proxy = await startFaultProxy(storage.url)
  })

  afterAll(() => proxy.close())

  beforeEach(async () => {
    proxy.plan(() => null)
    await storage.clear()
    ledger = new TableLedger(storage.connect())
    outbox = new TableOutbox(storage.connect(proxy.url))
  })

  const isPost = ({ path, method }: { path: string; method: string }) => path.includes('post-') && method !== 'GET'
  const lost: Fault = { kind: 'unanswered' }
  const claim = async (id: RequestId) => claimed(await outbox.claim(id, 'me', noon, seconds(30)))

  test('a claim, a renewal and an end succeed even if their answers are lost', async () => {
    const { id } = await ask(ledger)
    proxy.plan(inOrder([lost], isPost))
    const first = await claim(id)
    proxy.plan(inOrder([lost], isPost))
    const second = claimed(await outbox.renew(first, seconds(60)))
    proxy.plan(inOrder([lost], isPost))
    expect(await outbox.finish(second)).toBe(false)
    expect(proxy.count('unanswered')).toBe(1)
    expect(await outbox.renew(second, seconds(90))).toBeNull()
    expect(await outbox.waiting(minutes(60), 10)).toEqual([])
  })

  test('a deferral succeeds even if its answer is lost', async () => {
    const { id } = await ask(ledger)
    const mine = await claim(id)
    proxy.plan(inOrder([lost], isPost))
    expect(await outbox.defer(mine, minutes(5))).toBe(true)
    expect(await outbox.waiting(minutes(5), 10)).toEqual([id])
  })

  test('a commit between a renewal and its lost answer is not overlooked', async () => {
    const asked = await ask(ledger)
    const first = await claim(asked.id)
    proxy.plan(inOrder([{ kind: 'unanswered', meanwhile: () => approve(ledger, asked) }], isPost))
    expect(await outbox.renew(first, seconds(60))).toMatchObject({ moved: true, until: seconds(60) })
  })

  test('a commit between the end and its lost answer begins again', async () => {
    const asked = await ask(ledger)
    const mine = await claim(asked.id)
    proxy.plan(inOrder([{ kind: 'unanswered', meanwhile: () => approve(ledger, asked) }], isPost))
    expect(await outbox.finish(mine)).toBe(false)
    expect(await outbox.renew(mine, seconds(60))).toBeNull()
    expect(await outbox.waiting(noon, 10)).toEqual([asked.id])
  })

  test('everything is unavailable while the storage is', async () => {
    const { id } = await ask(ledger)
    const mine = await claim(id)
    proxy.plan(() => ({ kind: 'status', status: 403 }))
    const row = { channel: '19:c', rev: 0, attempts: 0 }
    const calls = [
      () => outbox.waiting(noon, 1),
      () => outbox.claim(id, 'they', noon, noon),
      () => outbox.renew(mine, noon),
      () => outbox.finish(mine),
      () => outbox.defer(mine, noon),
      () => outbox.touch(id),
      () => outbox.cards(id),
      () => outbox.putCard(id, row),
      () => outbox.dropCard(id, row),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('repeated looks see everything, even if a shard has more than one look reads', async () => {
    const small = new TableOutbox(storage.connect(), 2)
    const asked: RequestId[] = []
    for (let i = 0; i < 5; i++) asked.push((await ask(ledger, { at: minutes(i), agent: oid(20 + i) })).id)
    const looks = [1, 2, 3, 4].map(() => () => small.waiting(noon, 10))
    const seen: (readonly RequestId[])[] = []
    for (const look of looks) seen.push(await look())
    expect(seen).toEqual([asked.slice(0, 2), asked.slice(2, 4), asked.slice(4), asked.slice(0, 2)])
  })

  test('rows have their documented keys, and keep what commits wrote', async () => {
    const asked = await ask(ledger)
    await claim(asked.id)
    await outbox.putCard(asked.id, {
      channel: '19:c',
      card: { conversation: '19:c', activity: '1' },
      rev: 1,
      attempts: 0,
    })
    await approve(ledger, asked)
    const { ledger: table } = storage.connect()
    const post = await table.getEntity('03', `post-${asked.id}`)
    expect(post).toMatchObject({ v: 1, rev: 3, by: 'me', until: seconds(30), tries: 1 })
    const keys: string[] = []
    for await (const { rowKey = '' } of table.listEntities()) if (rowKey.startsWith('card-')) keys.push(rowKey)
    expect(keys).toEqual([expect.stringMatching(new RegExp(`^card-${asked.id}-[0-9a-f]{64}$`))])
  })
})
