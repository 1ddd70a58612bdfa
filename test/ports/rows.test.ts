import { odata } from '@azure/data-tables'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { type Meta, prepareLedger } from '../../src/azure/meta.ts'
import { inverse, type RequestId, sha256 } from '../../src/core/data/id.ts'
import { emptyRow } from '../../src/core/request/limit.ts'
import type { ApprovalRequest, Step } from '../../src/core/request/request.ts'
import { apply, ask, bot, dba, expire, minutes, noon, shard, submission, vote } from './story.ts'
import { meta, startStorage, type TestStorage } from './tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())
beforeEach(() => storage.clear())

/** All rows of a partition, by key, without what the storage adds. */
async function rows(partition: string): Promise<Record<string, Record<string, unknown>>> {
  const filter = odata`PartitionKey eq ${partition}`
  const found: Record<string, Record<string, unknown>> = {}
  for await (const { rowKey = '', partitionKey: _p, etag: _e, timestamp: _t, ...columns } of storage
    .connect()
    .ledger.listEntities({ queryOptions: { filter } }))
    found[rowKey] = columns
  return found
}

const keysOf = (id: RequestId) => ({
  request: `request-${inverse(id)}`,
  agent: `agent-${bot}-${inverse(id)}`,
  voter: `voter-${dba}-${inverse(id)}`,
  post: `post-${id}`,
  due: (at: string) => `due-${at}-${id}`,
})

const look = (request: ApprovalRequest): Step => ({
  request: { ...request, shown: [] },
  events: [
    {
      type: 'shown',
      actor: { kind: 'person', id: dba },
      request: request.id,
      data: { view: request.digest, content: sha256('content'), template: sha256('template'), page: 1, pages: 1 },
    },
  ],
})

test('a request has its documented rows, and they follow its changes', async () => {
  const ledger = new TableLedger(storage.connect())
  const asked = await ask(ledger, { expiresIn: 600 }, { hash: sha256('key'), body: sha256('body') })
  const keys = keysOf(asked.id)
  const first = await rows('03')
  expect(Object.keys(first).sort()).toEqual(
    [
      'event-000000000001',
      'head',
      `key-${sha256('key')}`,
      keys.agent,
      keys.post,
      keys.request,
      keys.due(minutes(10)),
    ].sort(),
  )
  expect(Object.values(first).every(({ v }) => v === 1)).toBe(true)
  expect(first[keys.post]).toEqual({ v: 1, rev: 1 })
  const copied = { copy: expect.any(Uint8Array), mac: expect.stringMatching(/^[0-9a-f]{64}$/), macKey: 'v1' }
  expect(first[keys.due(minutes(10))]).toEqual({ v: 1, status: 'pending', ...copied })
  expect(first[keys.agent]).toEqual({ v: 1 })
  expect(first['event-000000000001']).toMatchObject({ type: 'requested', request: asked.id })
  const authentic = { mac: expect.stringMatching(/^[0-9a-f]{64}$/), macKey: 'v1' }
  expect(first['head']).toEqual({ v: 1, seq: 1, hash: asked.events[0]?.hash, recordedAt: noon, ...authentic })
  for (const name of ['event-000000000001', keys.request, `key-${sha256('key')}`])
    expect(first[name]).toMatchObject(authentic)
  expect(Object.keys(first[keys.request] ?? {}).sort()).toEqual(['action', 'mac', 'macKey', 'said', 'state', 'v'])

  const approved = await apply(ledger, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
  const second = await rows('03')
  expect(second[keys.due(minutes(10))]).toBeUndefined()
  expect(second[keys.due(minutes(61))]).toEqual({ v: 1, status: 'approved' })
  expect(second[keys.voter]).toEqual({ v: 1 })
  expect(second[keys.post]).toEqual({ v: 1, rev: 3 })

  await expire(ledger, approved)
  const third = await rows('03')
  expect(Object.keys(third).filter((key) => key.startsWith('due-'))).toEqual([])
  expect(third[keys.post]).toEqual({ v: 1, rev: 4 })
  for (const key of [keys.agent, keys.voter]) expect(third[key]).toEqual({ v: 1, ...copied })
})

test('a deadline that stays has the new status in its row', async () => {
  const ledger = new TableLedger(storage.connect())
  const asked = await ask(ledger, { at: noon, expiresIn: 3600 })
  await apply(ledger, asked.id, vote(dba, 'approve', noon), noon)
  expect((await rows('03'))[keysOf(asked.id).due(minutes(60))]).toEqual({ v: 1, status: 'approved' })
})

test('showing a request does not make its cards out of date', async () => {
  const ledger = new TableLedger(storage.connect())
  const asked = await ask(ledger)
  await apply(ledger, asked.id, look, minutes(1))
  expect((await rows('03'))[keysOf(asked.id).post]).toEqual({ v: 1, rev: 1 })
})

test('a claim on a request’s cards survives a commit', async () => {
  const tables = storage.connect()
  const ledger = new TableLedger(tables)
  const asked = await ask(ledger)
  const { post } = keysOf(asked.id)
  await tables.ledger.updateEntity({ partitionKey: '03', rowKey: post, by: 'somebody' }, 'Merge')
  await apply(ledger, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
  expect((await rows('03'))[post]).toEqual({ v: 1, rev: 3, by: 'somebody' })
})

test('a request that policy decides is not delivered', async () => {
  const ledger = new TableLedger(storage.connect())
  const denied = await ask(ledger, { outcome: 'forbid' })
  const allowed = await ask(ledger, { outcome: 'allow' })
  const found = Object.keys(await rows('03'))
  expect(found).not.toContain(keysOf(denied.id).post)
  expect(found).not.toContain(keysOf(allowed.id).post)
  expect(found.filter((key) => key.startsWith('due-'))).toEqual([keysOf(allowed.id).due(minutes(60))])
})

test('a row of a newer format is refused', async () => {
  const tables = storage.connect()
  const ledger = new TableLedger(tables)
  const asked = await ask(ledger)
  await tables.ledger.updateEntity({ partitionKey: '03', rowKey: keysOf(asked.id).request, v: 2 }, 'Merge')
  await expect(ledger.find(asked.id)).rejects.toMatchObject({ code: 'newer-format' })
})

test('a ledger is created once, and opened again by the same service', async () => {
  const again = await prepareLedger(storage.connect(), { ...meta, at: minutes(60 * 24 * 40) })
  expect(again).toEqual({ ...meta, first: '2026-03-04' } satisfies Meta)
})

test.each([
  ['origin', { origin: 'other.example' }, {}],
  ['tenant', { tenant: 'another' }, {}],
  ['shard count', {}, { shards: 32 }],
  ['format version', {}, { v: 2 }],
])('a ledger with another %s is not opened', async (field, ours, theirs) => {
  const tables = storage.connect()
  await tables.ledger.updateEntity({ partitionKey: 'seal', rowKey: 'meta', ...theirs }, 'Merge')
  await expect(prepareLedger(tables, { ...meta, ...ours, at: noon })).rejects.toThrow(field)
})

test('two instances may prepare it at once', async () => {
  await storage.connect().ledger.deleteEntity('seal', 'meta')
  const both = await Promise.all([1, 2].map(() => prepareLedger(storage.connect(), { ...meta, at: noon })))
  expect(both).toEqual([1, 2].map(() => ({ ...meta, first: '2026-03-04' })))
})

test('without its tables everything is unavailable, and nothing counts as absent', async () => {
  const tables = storage.connect()
  await Promise.all([tables.ledger.deleteTable(), tables.limits.deleteTable()])
  const ledger = new TableLedger(tables)
  const { id } = submission()
  const calls = [
    ledger.find(id),
    ledger.load(shard(3), { request: id }),
    ledger.findKey(shard(3), sha256('key')),
    ledger.due(noon, 5),
    ledger.list({ by: 'pending' }, { keep: () => true, limit: 5 }),
    ledger.news(shard(3), 0),
    ledger.ping(),
    new TableLimits(tables).read({ agent: bot }),
    new TableLimits(tables).replace({ agent: bot }, null, emptyRow),
  ]
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'unavailable' })
})

test('a commit into a missing table is unavailable', async () => {
  const tables = storage.connect()
  const ledger = new TableLedger(tables)
  const loaded = await ledger.load(shard(3), {})
  await tables.ledger.deleteTable()
  const leaf = { seq: 1, type: 'requested', hash: sha256('leaf'), text: '{}', said: {} } as const
  const change = { op: 'op', at: noon, leaves: [leaf] }
  await expect(ledger.commit(loaded, change)).rejects.toMatchObject({ code: 'unavailable' })
})
