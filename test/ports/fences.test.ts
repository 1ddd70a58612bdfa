import { odata } from '@azure/data-tables'
import { TableLedger } from '../../src/azure/ledger.ts'
import { timeOf } from '../../src/approvals/commit.ts'
import { emptyChain } from '../../src/core/request/event.ts'
import { digestOf } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { type Change, Conflict, type KeptEvent, type Ledger, type Loaded } from '../../src/ports/ledger.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { type Call, type Fault, type FaultProxy, inOrder, startFaultProxy } from '../support/faultProxy.ts'
import { someOf } from '../support/whole.ts'
import { apply, ask, bot, changeOf, dba, logChange, minutes, noon, policyVersion, shard, vote } from './story.ts'
import { startStorage, type TestStorage } from './tables.ts'

/** An empty ledger with small pages, other instances that work on the same rows, and a hand that destroys. */
interface Pair {
  readonly ledger: Ledger
  readonly other: Ledger
  /** One that remembers nothing. */
  readonly anew: () => Ledger
  readonly lose: (seq: number) => Promise<void>
}

const pageSize = 4
const place = shard(3)
const midnight = minutes(720)

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

const eventKey = (seq: number) => `event-${String(seq).padStart(12, '0')}`

const kinds: readonly (readonly [string, () => Promise<Pair>])[] = [
  [
    'the fake',
    async () => {
      const ledger = new MemoryLedger(pageSize)
      return { ledger, other: ledger, anew: () => ledger, lose: async (seq) => ledger.tamper(place, seq, null) }
    },
  ],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      const tables = storage.connect()
      return {
        ledger: new TableLedger(tables, pageSize),
        other: new TableLedger(storage.connect(), pageSize),
        anew: () => new TableLedger(storage.connect()),
        lose: async (seq) => void (await tables.ledger.deleteEntity(place, eventKey(seq))),
      }
    },
  ],
]

const remark = { type: 'policy-changed', actor: { kind: 'system' }, data: { to: policyVersion } } as const

/** Commits one event at each of these times, in one attempt each. */
async function fill(ledger: Ledger, times: readonly Instant[]): Promise<void> {
  for (const at of times) {
    const loaded = await ledger.load(place, {})
    await ledger.commit(loaded, logChange(loaded, [remark], at))
  }
}

async function pages(ledger: Ledger, after: number, upTo: number): Promise<(readonly KeptEvent[])[]> {
  const read: (readonly KeptEvent[])[] = []
  for await (const page of ledger.stream(place, after, upTo)) read.push(page)
  return read
}

const seqs = (events: readonly KeptEvent[]) => events.map(({ seq }) => seq)
const timeIn = ({ text }: KeptEvent) => (JSON.parse(text) as { at: Instant }).at
const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const headOf = async (ledger: Ledger) => (await ledger.load(place, {})).head

describe.each(kinds)('%s', (_kind, empty) => {
  let ledger: Ledger
  let other: Ledger
  let anew: Pair['anew']
  let lose: Pair['lose']

  beforeEach(async () => {
    ;({ ledger, other, anew, lose } = await empty())
  })

  describe('a fence', () => {
    test('in an empty shard adds no event, and events go on from there', async () => {
      await ledger.fence(place, midnight)
      expect(await headOf(anew())).toEqual({ ...emptyChain, recordedAt: midnight, policy: null, logKey: null })
      expect(await other.news(place, null)).toEqual({ seq: 0, requests: [] })
      expect(await other.cut(place, midnight)).toEqual(emptyChain)
      const asked = await ask(other)
      expect(asked.events[0]?.seq).toBe(1)
      expect((await other.events(asked)).map(timeIn)).toEqual([midnight])
    })

    test('lets no earlier event appear, from any clock', async () => {
      await fill(ledger, [noon])
      const before = await other.load(place, {})
      await ledger.fence(place, midnight)
      await expect(other.commit(before, logChange(before, [remark], minutes(1)))).rejects.toThrow(Conflict)

      const after = await other.load(place, {})
      expect(timeOf({ now: () => minutes(719) }, after)).toBe(midnight)
      await expect(other.commit(after, logChange(after, [remark], minutes(719)))).rejects.toThrow('backwards')
      await other.commit(after, logChange(after, [remark], midnight))
      expect((await pages(ledger, 0, 9)).flat().map(timeIn)).toEqual([noon, midnight])
    })

    test('holds against a process that has just written and remembers the head', async () => {
      await fill(ledger, [noon])
      const [loaded] = await Promise.all([ledger.load(place, {}), other.fence(place, midnight)])
      await expect(ledger.commit(loaded, logChange(loaded, [remark], minutes(1)))).rejects.toThrow(Conflict)
      await fill(ledger, [midnight])
      expect(await headOf(anew())).toMatchObject({ seq: 2, recordedAt: midnight })
    })

    test('changes nothing if its moment has passed', async () => {
      await fill(ledger, [minutes(1)])
      await ledger.fence(place, midnight)
      const before = await anew().load(place, {})
      await ledger.fence(place, midnight)
      await other.fence(place, minutes(1))
      // As nothing changed, nobody lost.
      await other.commit(before, logChange(before, [remark], midnight))
      expect(await headOf(anew())).toMatchObject({ seq: 2, recordedAt: midnight })
    })

    test('leaves the rest of the head unchanged', async () => {
      const empty = await ledger.load(place, {})
      const change = { ...logChange(empty, [remark], noon, policyVersion), logKey: 'a-thumbprint' }
      await ledger.commit(empty, change)
      await other.fence(place, midnight)
      const kept = { policy: policyVersion, logKey: 'a-thumbprint' }
      const hash = change.leaves[0]?.hash
      expect(await headOf(anew())).toEqual({ seq: 1, hash, recordedAt: midnight, ...kept })
      await fill(other, [minutes(721)])
      expect(await headOf(anew())).toMatchObject({ seq: 2, recordedAt: minutes(721), ...kept })
    })

    test('divides simultaneous commits of another instance, for good', async () => {
      const asking = Promise.all(Array.from({ length: 12 }, () => ask(other, { at: minutes(1) })))
      await ledger.fence(place, midnight)
      const cut = await ledger.cut(place, midnight)
      const asked = await asking
      expect(await ledger.cut(place, midnight)).toEqual(cut)
      const events = (await Promise.all(asked.map((one) => other.events(one)))).flat()
      expect(events).toHaveLength(12)
      for (const event of events) expect(timeIn(event)).toBe(event.seq <= cut.seq ? minutes(1) : midnight)
    })

    test('takes its turn, so that no commit of the same process loses to it', async () => {
      const turn = () =>
        ledger.inTurn(place, async () => {
          const loaded = await ledger.load(place, {})
          await ledger.commit(loaded, logChange(loaded, [remark], loaded.head.recordedAt ?? noon))
        })
      await Promise.all([turn(), turn(), ledger.fence(place, midnight), turn(), turn()])
      expect((await pages(ledger, 0, 9)).flat().map(timeIn)).toEqual([noon, noon, midnight, midnight])
    })
  })

  describe('a cut', () => {
    test('is empty in an empty shard, and before the first event', async () => {
      expect(await ledger.cut(place, midnight)).toEqual(emptyChain)
      await fill(ledger, [noon, minutes(1)])
      expect(await other.cut(place, noon)).toEqual(emptyChain)
    })

    test('is at the newest event if that is earlier, even if a fence has moved the time', async () => {
      await fill(ledger, [noon, minutes(1)])
      const { seq, hash } = await headOf(anew())
      expect(await other.cut(place, midnight)).toEqual({ seq: 2, hash })
      await ledger.fence(place, midnight)
      expect(await other.cut(place, midnight)).toEqual({ seq, hash })
      expect(await other.cut(place, minutes(1))).toMatchObject({ seq: 1 })
    })

    test('is found among later events, with equal times or not', async () => {
      const at = [0, 1, 1, 1, 2, 3, 3, 5, 8, 8, 8, 8, 8]
      await fill(ledger, at.map(minutes))
      const events = (await pages(ledger, 0, 99)).flat()
      for (let minute = 0; minute <= 9; minute++) {
        const seq = at.filter((one) => one < minute).length
        const hash = events[seq - 1]?.hash ?? emptyChain.hash
        expect(await other.cut(place, minutes(minute))).toEqual({ seq, hash })
      }
    })
  })

  describe('a stream', () => {
    test('has all events in order, page after page', async () => {
      await fill(ledger, count(1, 10).map(minutes))
      expect((await pages(other, 0, 10)).map(seqs)).toEqual([count(1, 4), count(5, 8), count(9, 10)])
      expect((await pages(other, 3, 7)).map(seqs)).toEqual([count(4, 7)])
      expect((await pages(other, 2, 7)).map(seqs)).toEqual([count(3, 6), [7]])
      expect(await pages(other, 10, 10)).toEqual([])
      expect(await pages(other, 11, 10)).toEqual([])
      const events = (await pages(other, 0, 10)).flat()
      expect(events.map(({ text }) => leafHash(text))).toEqual(events.map(({ hash }) => hash))
      expect(events.at(-1)?.hash).toBe((await headOf(anew())).hash)
    })

    test('has the texts that people wrote', async () => {
      const asked = await ask(ledger)
      const approved = await apply(ledger, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
      expect((await pages(other, 0, 3)).flat()).toEqual(await ledger.events(approved))
    })

    test('ends with the last existing event', async () => {
      expect(await pages(ledger, 0, 5)).toEqual([])
      await fill(ledger, count(1, 4).map(minutes))
      expect((await pages(other, 0, 9)).map(seqs)).toEqual([count(1, 4)])
      expect(await pages(other, 4, 9)).toEqual([])
    })

    test.each([
      [1, []],
      [3, [[1, 2]]],
      [5, [count(1, 4)]],
      [6, [count(1, 4), [5]]],
    ])('stops before a gap at %d', async (gap, expected) => {
      await fill(ledger, count(1, 10).map(minutes))
      await lose(gap)
      expect((await pages(other, 0, 10)).map(seqs)).toEqual(expected)
    })

    test('may be abandoned before its end', async () => {
      await fill(ledger, count(1, 10).map(minutes))
      for await (const page of other.stream(place, 0, 10)) {
        expect(seqs(page)).toEqual(count(1, 4))
        break
      }
    })
  })

  describe('texts', () => {
    /** Clears the reason of a request, as it was loaded. */
    function erasing(loaded: Loaded, asked: ApprovalRequest, event: KeptEvent): Change {
      const { reason: _gone, ...said } = event.said
      const data = { event: event.hash, names: ['reason'], askedBy: dba, accounts: [bot] }
      const draft = { type: 'erased', actor: { kind: 'person', id: bot }, request: asked.id, data } as const
      const kept = asked.said.filter(({ name }) => name !== 'reason')
      const step = { request: { ...asked, said: kept }, events: [{ ...draft, said: { why: 'Asked to.' } }] }
      return changeOf(loaded, step, minutes(1), { cleared: [{ seq: event.seq, said }] })
    }

    async function askAtLength() {
      const asked = await ask(ledger, { reason: `secret ${'😀'.repeat(40_000)}` })
      const loaded = await ledger.load(place, { request: asked.id })
      const [event] = await ledger.events(asked)
      if (!event) throw new Error('There is no event.')
      return { asked, event, loaded, change: erasing(loaded, asked, event) }
    }

    test('are cleared together with the event that records it, and the leaf stays', async () => {
      const { asked, event, loaded, change } = await askAtLength()
      await ledger.commit(loaded, change)
      const [cleared, erased] = (await pages(other, 0, 9)).flat()
      expect(cleared).toEqual({ ...event, said: { links: event.said['links'] } })
      expect(erased?.said).toMatchObject({ why: { text: 'Asked to.' } })
      expect((await other.find(asked.id))?.said.map(({ name }) => name)).toEqual(['links'])
    })

    test('are not cleared if the request changed first', async () => {
      const { asked, event, loaded, change } = await askAtLength()
      await apply(other, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
      await expect(ledger.commit(loaded, change)).rejects.toThrow(Conflict)
      expect((await pages(other, 0, 1)).flat()).toEqual([event])
    })

    test('of another request than the loaded one are refused', async () => {
      const { event } = await askAtLength()
      const second = await ask(ledger)
      const loaded = await ledger.load(place, { request: second.id })
      await expect(ledger.commit(loaded, erasing(loaded, second, event))).rejects.toThrow('another request')
    })
  })
})

test('nothing is left of a cleared text in any row of Table Storage', async () => {
  await storage.clear()
  const tables = storage.connect()
  const ledger = new TableLedger(tables)
  const asked = await ask(ledger, { reason: `${'x'.repeat(29_995)}${'secret'.repeat(10_000)}`, links: [] })
  const [event] = await ledger.events(asked)
  const loaded = await ledger.load(place, { request: asked.id })
  const data = { event: event?.hash ?? emptyChain.hash, names: ['reason'], askedBy: dba, accounts: [bot] }
  const draft = { type: 'erased', actor: { kind: 'system' }, request: asked.id, data } as const
  const step = { request: { ...asked, said: [] }, events: [draft] }
  await ledger.commit(loaded, changeOf(loaded, step, minutes(1), { cleared: [{ seq: 1, said: {} }] }))
  const rows: string[] = []
  const filter = odata`PartitionKey eq ${place}`
  for await (const row of tables.ledger.listEntities({ queryOptions: { filter } })) rows.push(JSON.stringify(row))
  expect(rows.length).toBeGreaterThan(4)
  expect(rows.filter((row) => row.includes('secret') || row.includes('x'.repeat(12)))).toEqual([])
  expect((await ledger.events(asked)).map(({ said, hash }) => [said, hash])).toEqual([[{}, event?.hash]])
})

describe('under faults', () => {
  let ledger: TableLedger
  let other: TableLedger

  beforeEach(async () => {
    proxy.plan(() => null)
    await storage.clear()
    ledger = new TableLedger(storage.connect(proxy.url))
    other = new TableLedger(storage.connect(), pageSize)
  })

  const isHead = ({ method, path, body }: Call) =>
    method !== 'GET' && !path.includes('$batch') && (path.includes('head') || body.includes('"head"'))
  const status = (code: number): Fault => ({ kind: 'status', status: code })

  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ['the answer is lost', [{ kind: 'unanswered' }]],
    ['all answers are lost', Array.from({ length: 4 }, () => ({ kind: 'unanswered' }) as const)],
    ['it is carried out twice', [{ kind: 'doubled' }]],
    ['it does not arrive at first', [{ kind: 'lost' }, status(503), status(429)]],
    ['another process commits first', [{ kind: 'lost', meanwhile: () => ask(other, { at: minutes(2) }) }]],
    ['the answer is lost and another process commits', [{ kind: 'unanswered', meanwhile: () => ask(other) }]],
  ]

  test.each(someOf(faults, ([, [fault]]) => fault?.kind))('a fence holds although %s', async (_what, faults) => {
    for (const [at, setUp] of [
      [midnight, async () => undefined],
      [minutes(1440), () => ask(other, { at: minutes(1) })],
    ] as const) {
      await setUp()
      ledger = new TableLedger(storage.connect(proxy.url))
      proxy.plan(inOrder(faults, isHead))
      await ledger.fence(place, at)
      expect(proxy.count(faults[0]?.kind ?? 'lost')).toBeGreaterThan(0)
      expect((await headOf(new TableLedger(storage.connect()))).recordedAt).toBe(at)
      // What it remembers is the head as it is.
      const loaded = await ledger.load(place, {})
      await ledger.commit(loaded, logChange(loaded, [remark], at))
    }
  })

  test('a fence that never arrives is unavailable', async () => {
    proxy.plan((call) => (isHead(call) ? status(503) : null))
    await expect(ledger.fence(place, midnight)).rejects.toMatchObject({ name: 'Problem', code: 'unavailable' })
    expect((await headOf(new TableLedger(storage.connect()))).recordedAt).toBeNull()
    proxy.plan(() => null)
    await ledger.fence(place, midnight)
    expect((await headOf(new TableLedger(storage.connect()))).recordedAt).toBe(midnight)
  })

  const clocks = [
    ['slow', -40_000],
    ['fast', 40_000],
  ] as const

  test.each(someOf(clocks))(
    'a fence is refused while the storage’s clock is %s, and accepted afterwards',
    async (_how, offset) => {
      const dated = (ms: number) =>
        proxy.plan(() => ({ kind: 'headers', headers: { date: new Date(ms).toUTCString() } }))
      dated(Date.now() + offset)
      const refusal = { name: 'Problem', code: 'unavailable', details: { retryAfter: 30 } }
      await expect(ledger.fence(place, midnight)).rejects.toMatchObject(refusal)
      expect((await headOf(new TableLedger(storage.connect()))).recordedAt).toBeNull()
      dated(Date.now() + offset / 2)
      await ledger.ping()
      await ledger.fence(place, midnight)
      expect((await headOf(new TableLedger(storage.connect()))).recordedAt).toBe(midnight)
    },
  )

  test('a fence that loses every race fails as busy', async () => {
    let moment = 0
    const meanwhile = () => fill(other, [minutes(++moment)])
    proxy.plan(({ method }) => (method === 'GET' ? { kind: 'late', meanwhile } : null))
    await expect(ledger.fence(place, midnight)).rejects.toMatchObject({ name: 'Problem', code: 'busy' })
    expect((await headOf(new TableLedger(storage.connect()))).recordedAt).toBe(minutes(moment))
  })

  test('an erasure whose answer is lost is not a conflict', async () => {
    const asked = await ask(other)
    const loaded = await ledger.load(place, { request: asked.id })
    const event = asked.events[0]?.hash ?? emptyChain.hash
    const data = { event, names: ['links', 'reason'], askedBy: dba, accounts: [bot] }
    const draft = { type: 'erased', actor: { kind: 'system' }, request: asked.id, data } as const
    const step = { request: { ...asked, said: [] }, events: [draft] }
    const cleared = [{ seq: 1, said: {} }]
    proxy.plan(inOrder([{ kind: 'unanswered' }], ({ path }) => path.includes('$batch')))
    await ledger.commit(loaded, changeOf(loaded, step, minutes(1), { cleared }))
    expect(proxy.count('unanswered')).toBe(1)
    expect((await other.events(asked)).map(({ said }) => said)).toEqual([{}])
  })

  test('a stream and a cut survive passing faults, and other faults end them', async () => {
    await fill(other, count(1, 6).map(minutes))
    const paged = new TableLedger(storage.connect(proxy.url), pageSize)
    proxy.plan(inOrder([status(503), { kind: 'lost' }, { kind: 'unanswered' }]))
    expect((await pages(paged, 0, 6)).map(seqs)).toEqual([count(1, 4), [5, 6]])
    proxy.plan(inOrder([status(503), { kind: 'lost' }, { kind: 'unanswered' }]))
    expect(await paged.cut(place, minutes(4))).toMatchObject({ seq: 3 })
    proxy.plan(() => status(503))
    await expect(pages(paged, 0, 6)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(paged.cut(place, minutes(4))).rejects.toMatchObject({ code: 'unavailable' })
  })
})

test('a cut through a gap, or an event without its leaf, is broken evidence', async () => {
  await storage.clear()
  const tables = storage.connect()
  const ledger = new TableLedger(tables)
  await fill(ledger, count(1, 3).map(minutes))
  const bare = { partitionKey: place, rowKey: eventKey(2), v: 1, op: digestOf('op'), said: '{}' }
  await tables.ledger.updateEntity(bare, 'Replace')
  const broken = { shard: place, row: eventKey(2), check: 'form' }
  await expect(pages(ledger, 0, 3)).rejects.toMatchObject({ code: 'evidence-broken', details: { broken } })
  await tables.ledger.deleteEntity(place, eventKey(2))
  await expect(ledger.cut(place, minutes(2))).rejects.toMatchObject({ name: 'Broken', code: 'broken-chain' })
})
