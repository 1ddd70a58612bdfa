import { TableLedger } from '../../src/azure/ledger.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { keyHash, sha256, shardOf, shardOfKey } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Plan, SealHead } from '../../src/ports/seals.ts'
import { meta, storageInMemory } from '../ports/tables.ts'
import { agent, asks, bodyHash, claims, codeOf, type Instance, outcomeOf } from '../support/world.ts'
import { after, bot, noon, oid, runner } from '../support/build.ts'
import { keyVersions } from '../support/fakes/ledgerKey.ts'
import { Insider } from './insider.ts'
import { livedUpTo, stored } from './life.ts'

const storage = storageInMemory()
const insider = new Insider(storage)
let process: () => Instance

beforeEach(async () => {
  await storage.clear()
  process = (await stored(storage)).process
})

test('E: the events of a request are not returned once one of them was edited', async () => {
  const request = await livedUpTo(process(), 'approved')
  const { approvals } = process()
  expect(await approvals.events(request)).toHaveLength(request.events.length)
  await insider.event(request.id, request.events[2]!.seq, (text) => text.replace('"approve"', '"approve" '))
  expect(await codeOf(process().approvals.events(request))).toBe('evidence-broken')
})

test('a head that was moved or forged is not continued', async () => {
  const one = process()
  const { id } = await livedUpTo(one, 'voted')
  const shard = shardOf(id)
  const head = await insider.row(shard, 'head')
  for (const columns of [
    { seq: 1 },
    { hash: sha256('x') },
    { recordedAt: after(60) },
    { policy: `sha256:${sha256('p')}` },
  ]) {
    await insider.put({ ...head, ...columns })
    expect(await codeOf(process().ledger.load(shard, {}))).toBe('evidence-broken')
  }
  const { mac: _mac, ...bare } = head
  await insider.put(bare)
  expect(await codeOf(process().ledger.fence(shard, after(60)))).toBe('evidence-broken')
})

test('a fenced head is accepted, with all its columns', async () => {
  const { ledger, approvals } = process()
  const { request } = await approvals.ask(asks())
  const shard = shardOf(request.id)
  await ledger.fence(shard, after(600))
  const { head } = await process().ledger.load(shard, {})
  expect(head).toMatchObject({ seq: 2, recordedAt: after(600) })
  expect(head.policy).not.toBeNull()
})

test('E: an edited event is not streamed into a bundle', async () => {
  const request = await livedUpTo(process(), 'approved')
  const shard = shardOf(request.id)
  const last = request.events.at(-1)?.seq ?? 0
  let streamed = 0
  const read = async () => {
    streamed = 0
    for await (const page of new TableLedger(storage.connect()).stream(shard, 0, last)) streamed += page.length
  }
  await read()
  expect(streamed).toBe(last)
  await insider.edit(shard, rowKey.event(last), () => ({ mac: '0'.repeat(64) }))
  expect(await codeOf(read())).toBe('evidence-broken')
  expect(streamed).toBe(last - 1)
  expect(await codeOf(process().ledger.cut(shard, noon))).toBe('evidence-broken')
})

describe('an idempotency key', () => {
  const key = 'run-1'
  const row = () => [shardOfKey(bot, key), rowKey.key(keyHash(bot, key))] as const

  test("that leads to another agent's request reveals nothing", async () => {
    const other = await process().approvals.ask(asks({ key: 'theirs', agent: agent(runner) }))
    const ask = asks({ key })
    await process().approvals.ask(ask)
    await insider.edit(...row(), () => ({ request: other.request.id }))
    expect(await codeOf(process().approvals.ask(ask))).toBe('evidence-broken')
  })

  test('whose genuine row is put under another key does not answer with its request', async () => {
    const first = asks({ key: 'approved', body: 'same' })
    const second = asks({ key, body: 'same' })
    await process().approvals.ask(first)
    const [, name] = row()
    const true1 = await insider.row(shardOfKey(bot, 'approved'), rowKey.key(keyHash(bot, 'approved')))
    await insider.put({ ...true1, partitionKey: shardOfKey(bot, key), rowKey: name })
    expect(await codeOf(process().approvals.ask(second))).toBe('evidence-broken')
  })

  test('whose row is deleted makes a second request, which is judged and approved anew', async () => {
    const ask = asks({ key })
    const { request } = await livedUpToApproved(ask)
    await insider.drop(...row())
    const again = await process().approvals.ask(ask)
    expect(again.request.id).not.toBe(request.id)
    expect(again.request.status).toBe('pending')
  })

  /** A process whose ledger says, as if it were authentic, that this key led there. */
  async function misled(used: Pick<ApprovalRequest, 'id'>, body: string): Promise<Instance> {
    const instance = process()
    const row = { request: used.id, body: bodyHash(body) }
    const load = instance.ledger.load.bind(instance.ledger)
    instance.ledger.findKey = async () => row
    instance.ledger.load = async (...args) => ({ ...(await load(...args)), key: row })
    return instance
  }

  /** A row is read by a commit, and for an ask that is refused before. */
  const read = [
    ['commit', {}],
    ['refusal', { onBehalfOf: oid(9_999) }],
  ] as const

  test.each(read)(
    'whose row is accepted by a %s still answers with the caller’s own request only',
    async (_by, more) => {
      const ask = asks({ key: 'theirs', agent: agent(runner) })
      const { request } = await process().approvals.ask(ask)
      const { approvals } = await misled(request, 'body')
      expect(await codeOf(approvals.ask({ ...ask, ...more, agent: agent(bot) }))).toBe('evidence-broken')
    },
  )

  test.each(read)('whose row is accepted by a %s still answers with the sent action only', async (_by, more) => {
    const { request } = await process().approvals.ask(asks())
    const { approvals } = await misled(request, 'body')
    expect(await codeOf(approvals.ask({ ...asks({ key }), ...more }))).toBe('evidence-broken')
  })

  async function livedUpToApproved(ask: ReturnType<typeof asks>) {
    const one = process()
    const { request } = await one.approvals.ask(ask)
    await one.approvals.cancel(request.id, bot)
    return { request }
  }
})

test('rows of limits that are forged or deleted approve nothing', async () => {
  const request = await livedUpTo(process(), 'voted')
  const { limits } = storage.connect()
  for await (const row of limits.listEntities()) await limits.deleteEntity(String(row.partitionKey), String(row.rowKey))
  expect((await process().approvals.read(request.id, { kind: 'agent', id: bot })).status).toBe('pending')
  expect((await process().approvals.grant(request, runner)).grant).toBeNull()
})

describe('rows of sealed days', () => {
  const plan = { date: '2026-03-04', number: 1, sealedAt: noon, tool: 't', key: 'k', size: 0, from: {}, to: {} } as Plan
  const head = {
    ...{ number: 1, date: '2026-03-04', size: 3, root: '', frontier: [], cuts: {}, key: 'k', manifest: sha256('m') },
  } as unknown as SealHead

  test.each<[string, (row: string) => Promise<void>]>([
    [
      'edited',
      (row) =>
        insider.edit('seal', row, ({ value, first }) => ({ value: `${String(value)} `, first: `${String(first)}x` })),
    ],
    [
      'without a mac',
      async (row) => {
        const { mac: _mac, ...bare } = await insider.row('seal', row)
        await insider.put(bare)
      },
    ],
    [
      'that were written for another place',
      async (row) => {
        const from = await insider.row('seal', 'plan-2026-03-03')
        await insider.put({ ...from, rowKey: row })
      },
    ],
  ])('%s are refused', async (_how, attack) => {
    const seals = new TableSeals(storage.connect())
    await seals.propose({ ...plan, date: '2026-03-03' as Plan['date'] })
    await seals.propose(plan)
    await seals.advance(null, head)
    expect(await seals.first()).toBe('2026-03-04')
    for (const row of ['head', 'plan-2026-03-04', 'meta']) await attack(row)
    expect(await codeOf(seals.head())).toBe('evidence-broken')
    expect(await codeOf(seals.plan(plan.date))).toBe('evidence-broken')
    expect(await codeOf(seals.plans())).toBe('evidence-broken')
    expect(await codeOf(seals.first())).toBe('evidence-broken')
    await storage.clear()
  })

  test('do not let a process start with a forged meta row', async () => {
    await insider.edit('seal', 'meta', () => ({ first: '2026-01-01' }))
    expect(await codeOf(prepareLedger(storage.connect(), { ...meta, at: noon }))).toBe('evidence-broken')
  })
})

describe('a new version of the ledger key', () => {
  const withKeys = async (...names: readonly string[]) => {
    const made = await stored(storage)
    return made.here.another({ ledger: new TableLedger(storage.connect(undefined, keyVersions(...names))) })
  }

  test('authenticates from then on, and rows of older versions stay valid', async () => {
    const before = await withKeys('v1')
    const request = await livedUpTo(before, 'approved')
    const now = await withKeys('v2', 'v1')
    const claim = await claims(now, request, 'first')
    await now.approvals.redeem(request.id, claim)
    const { macKey } = await insider.row(shardOf(request.id), 'head')
    expect(macKey).toBe('v2')
    const [first] = request.events
    expect((await insider.row(shardOf(request.id), rowKey.event(first?.seq ?? 0)))['macKey']).toBe('v1')
    expect(await outcomeOf((await withKeys('v2', 'v1')).approvals.read(request.id, { kind: 'agent', id: bot }))).toBe(
      'ok',
    )
  })

  test('that is removed makes its rows invalid', async () => {
    const request = await livedUpTo(await withKeys('v1'), 'approved')
    const instance = await withKeys('v2')
    expect(await codeOf(instance.approvals.read(request.id, { kind: 'agent', id: bot }))).toBe('evidence-broken')
  })
})

test('a process that knows newer events refuses an older row', async () => {
  const one = process()
  const request = await livedUpTo(one, 'approved')
  const shard = shardOf(request.id)
  const older = await insider.row(shard, rowKey.request(request.id))
  await one.approvals.redeem(request.id, await claims(one, request, 'first'))
  await insider.put(older)
  expect(await codeOf(one.approvals.read(request.id, { kind: 'agent', id: bot }))).toBe('evidence-broken')
})
