import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { digestOf, sha256 } from '../../src/core/data/id.ts'
import type { LimitRow } from '../../src/core/request/limit.ts'
import { open } from '../../src/core/request/submission.ts'
import { Conflict } from '../../src/ports/ledger.ts'
import { type Call, type Fault, type FaultProxy, inOrder, startFaultProxy } from '../support/faultProxy.ts'
import { inWhole, someOf } from '../support/whole.ts'
import { apply, ask, bot, changeOf, dba, minutes, noon, shard, submission, vote } from './story.ts'
import { meta, startStorage, type TestStorage } from './tables.ts'

let storage: TestStorage
let proxy: FaultProxy
/** Through the proxy. */
let ledger: TableLedger
let limits: TableLimits
/** Around it: somebody else. */
let other: TableLedger
let otherLimits: TableLimits

beforeAll(async () => {
  storage = await startStorage()
  proxy = await startFaultProxy(storage.url)
})

afterAll(async () => {
  await proxy.close()
  await storage.close()
})

beforeEach(async () => {
  proxy.plan(() => null)
  await proxy.idle()
  await storage.clear()
  const [ours, theirs] = [storage.connect(proxy.url), storage.connect()]
  ledger = new TableLedger(ours)
  limits = new TableLimits(ours)
  other = new TableLedger(theirs)
  otherLimits = new TableLimits(theirs)
})

const isCommit = ({ path }: Call) => path.includes('$batch')
const status = (code: number, headers: Record<string, string> = {}): Fault => ({
  kind: 'status',
  status: code,
  headers,
})

/** Commits a new request in one attempt, with these faults on the way; the head was read before. */
async function commitWith(...faults: readonly Fault[]) {
  const step = submission()
  const loaded = await ledger.load(shard(3), { request: step.id })
  const change = changeOf(loaded, open(step), noon)
  proxy.plan(inOrder(faults, isCommit))
  await ledger.commit(loaded, change)
  return change
}

const headSeq = async () => (await other.load(shard(3), {})).head.seq
const unavailable = { name: 'Problem', code: 'unavailable' }

describe('a commit', () => {
  const passing: readonly (readonly [string, readonly Fault[]])[] = [
    ['whose answer is lost', [{ kind: 'unanswered' }]],
    ['whose answers are all lost', Array.from({ length: 4 }, () => ({ kind: 'unanswered' }) as const)],
    ['that is carried out twice', [{ kind: 'doubled' }]],
    ['that does not arrive at first', [{ kind: 'lost' }, { kind: 'lost' }]],
    ['that meets 503, 500 and 504', [status(503), status(500), status(504)]],
    ['that meets 429 without Retry-After', [status(429), status(429)]],
    ['that meets 429 with Retry-After', [status(429, { 'retry-after': '1' })]],
    ['that takes too long, so that it is sent again', [{ kind: 'delayed', ms: 2_800 }]],
  ]

  test.each(someOf(passing, ([, [fault]]) => fault?.kind))(
    '%s is written once, without a conflict',
    async (_what, faults) => {
      const { request } = await commitWith(...faults)
      await proxy.idle()
      expect(proxy.count(faults[0]?.kind ?? 'lost')).toBe(faults.length)
      expect(request && (await other.find(request.id))).toEqual(request)
      expect(await headSeq()).toBe(1)
      expect((await ask(ledger)).events[0]?.seq).toBe(2)
    },
  )

  test('whose answer is lost is not a conflict, even if another commit came after it', async () => {
    const { request } = await commitWith({ kind: 'unanswered', meanwhile: () => ask(other) })
    expect(await headSeq()).toBe(2)
    expect(request && (await other.find(request.id))).toEqual(request)
  })

  test('whose answer is lost is not a conflict, even if another commit then changed the same request', async () => {
    const asked = await ask(ledger)
    const loaded = await ledger.load(shard(3), { request: asked.id })
    const change = changeOf(loaded, vote(dba, 'approve', minutes(1))(asked), minutes(1))
    const revoke = () =>
      apply(
        other,
        asked.id,
        (one) => ({ request: one, events: [{ type: 'undeliverable', actor: { kind: 'system' }, request: one.id }] }),
        minutes(2),
      )
    proxy.plan(inOrder([{ kind: 'unanswered', meanwhile: revoke }], isCommit))
    await ledger.commit(loaded, change)
    expect(await headSeq()).toBe(4)
    expect((await other.find(asked.id))?.events.map(({ type }) => type)).toEqual([
      'requested',
      'decided',
      'approved',
      'undeliverable',
    ])
  })

  test('that came second is a conflict, under any fault', async () => {
    const someone = { kind: 'lost' } as const
    const step = submission()
    const loaded = await ledger.load(shard(3), {})
    await ask(other)
    for (const fault of [null, someone, { kind: 'unanswered' } as const, status(503)]) {
      proxy.plan(inOrder(fault ? [fault] : [], isCommit))
      await expect(ledger.commit(loaded, changeOf(loaded, open(step), noon))).rejects.toThrow(Conflict)
    }
    expect(await headSeq()).toBe(1)
    expect(await other.find(step.id)).toBeNull()
  })

  const lasting: readonly (readonly [string, Fault, number])[] = [
    ['503', status(503), 4],
    ['429', status(429), 4],
    ['a lost connection', { kind: 'lost' }, 4],
    ['429 that asks for more patience than we have', status(429, { 'retry-after': '30' }), 1],
    ['403', status(403), 1],
    ['200 that is no answer to a transaction', status(200), 1],
  ]

  test.each(someOf(lasting, ([, , tries]) => tries))(
    'that meets only %s is unavailable, and nothing is written',
    async (_what, fault, tries) => {
      await expect(commitWith(...Array.from({ length: 9 }, () => fault))).rejects.toMatchObject(unavailable)
      expect(proxy.count(fault.kind)).toBe(tries)
      expect(await headSeq()).toBe(0)
    },
  )

  test('passes on how long to wait, and nothing of the SDK', async () => {
    const failed = commitWith(status(429, { 'retry-after': '30' }))
    await expect(failed).rejects.toMatchObject({ ...unavailable, details: { retryAfter: 30 } })
    await expect(failed).rejects.toThrow('The ledger’s storage cannot be reached.')
  })

  const clocks = [
    ['slow', -40_000],
    ['fast', 40_000],
  ] as const

  test.each(someOf(clocks))(
    'is refused while the storage’s clock is %s, and accepted afterwards',
    async (_how, offset) => {
      const step = submission()
      const date = new Date(Date.now() + offset).toUTCString()
      proxy.plan(() => ({ kind: 'headers', headers: { date } }))
      const loaded = await ledger.load(shard(3), {})
      const change = changeOf(loaded, open(step), noon)
      await expect(ledger.commit(loaded, change)).rejects.toMatchObject({ ...unavailable, details: { retryAfter: 30 } })
      expect(await headSeq()).toBe(0)

      proxy.plan(() => ({ kind: 'headers', headers: { date: new Date(Date.now() + offset / 2).toUTCString() } }))
      await ledger.ping()
      await ledger.commit(loaded, change)
      expect(await headSeq()).toBe(1)
    },
  )
})

describe('a read', () => {
  test('survives faults that pass', async () => {
    const asked = await ask(other)
    for (const fault of [status(503), status(429), { kind: 'lost' }, { kind: 'unanswered' }] as const) {
      proxy.plan(inOrder([fault, fault]))
      expect(await ledger.find(asked.id)).toEqual(asked)
      proxy.plan(inOrder([fault, fault]))
      expect((await ledger.list({ by: 'pending' }, { keep: () => true, limit: 5 })).requests).toEqual([asked])
    }
  })

  inWhole(() => {
    test('of storage that hangs or is missing is unavailable', async () => {
      proxy.plan(() => ({ kind: 'hanging' }))
      await expect(ledger.find(submission().id)).rejects.toMatchObject(unavailable)

      const nowhere = await startFaultProxy(storage.url)
      await nowhere.close()
      const lost = new TableLedger(storage.connect(nowhere.url))
      await expect(lost.find(submission().id)).rejects.toMatchObject(unavailable)
      await expect(lost.ping()).rejects.toMatchObject(unavailable)
    })
  })
})

describe('a slot', () => {
  const key = { agent: bot }
  const row = (number: number): LimitRow => ({
    slots: [{ id: submission().id, digest: digestOf(String(number)), subject: sha256('x'), takenAt: noon }],
    denied: [],
    asked: [],
  })

  test.each<[string, readonly Fault[]]>([
    ['the answer is lost', [{ kind: 'unanswered' }]],
    ['the write is carried out twice', [{ kind: 'doubled' }]],
    ['the storage is busy at first', [status(503), status(429), { kind: 'lost' }]],
  ])('is taken although %s', async (_what, faults) => {
    for (const wanted of [row(1), row(2)]) {
      const { version } = await limits.read(key)
      proxy.plan(inOrder(faults))
      await limits.replace(key, version, wanted)
      expect(proxy.count(faults[0]?.kind ?? 'lost')).toBeGreaterThan(0)
      proxy.plan(() => null)
      expect((await otherLimits.read(key)).row).toEqual(wanted)
    }
  })

  test('is not taken if another call was first, under any fault', async () => {
    const { version: none } = await limits.read(key)
    await otherLimits.replace(key, none, row(1))
    proxy.plan(inOrder([{ kind: 'unanswered' }]))
    await expect(limits.replace(key, none, row(2))).rejects.toThrow(Conflict)

    const { version } = await limits.read(key)
    const theirs = row(3)
    await otherLimits.replace(key, version, theirs)
    proxy.plan(inOrder([status(503), { kind: 'unanswered' }]))
    await expect(limits.replace(key, version, row(4))).rejects.toThrow(Conflict)
    expect((await otherLimits.read(key)).row).toEqual(theirs)
  })

  test('is unavailable while the storage is', async () => {
    proxy.plan(() => status(503))
    await expect(limits.read(key)).rejects.toMatchObject(unavailable)
    await expect(limits.replace(key, null, row(1))).rejects.toMatchObject(unavailable)
  })
})

test('a ledger is prepared even if answers are lost', async () => {
  const tables = storage.connect(proxy.url)
  await Promise.all([tables.ledger.deleteTable(), tables.limits.deleteTable()])
  proxy.plan(
    inOrder(
      Array.from({ length: 3 }, () => ({ kind: 'unanswered' }) as const),
      ({ method }) => method === 'POST',
    ),
  )
  expect(await prepareLedger(tables, { ...meta, at: noon })).toEqual({ ...meta, first: '2026-03-04' })
  expect(proxy.count('unanswered')).toBe(3)
})
