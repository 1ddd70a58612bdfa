import { cardKey } from '../../src/azure/card.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { inverse, type RequestId, sha256 } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Scope } from '../../src/ports/ledger.ts'
import type { CardRow } from '../../src/ports/outbox.ts'
import { apply, ask, bot, dba, expire, idOf, minutes, noon, shard, vote } from './story.ts'
import { startStorage, type TestStorage } from './tables.ts'

const here = shard(3)

let storage: TestStorage
let ledger: TableLedger

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

beforeEach(async () => {
  await storage.clear()
  ledger = new TableLedger(storage.connect())
})

/** Adds columns to a row, as a later program would. */
const merge = (rowKey: string, columns: object, partitionKey: string = here) =>
  storage.connect().ledger.updateEntity({ partitionKey, rowKey, ...columns }, 'Merge')

const rowAt = (rowKey: string): Promise<object> => storage.connect().ledger.getEntity(here, rowKey)

const requestKey = (id: RequestId): string => `request-${inverse(id)}`

/** The problem of a row of a later format, with which row it is. */
const tooNew = (row: string, more: object = {}) => ({
  code: 'newer-format',
  status: 503,
  details: { newer: { shard: here, row, version: 2, ...more } },
})

test('a request of a newer format is refused and named, and other requests are read and changed', async () => {
  const [old, later] = [await ask(ledger), await ask(ledger)]
  await merge(requestKey(later.id), { v: 2 })
  const refused = tooNew(requestKey(later.id), { request: later.id })
  await expect(ledger.find(later.id)).rejects.toMatchObject(refused)
  await expect(ledger.load(here, { request: later.id })).rejects.toMatchObject(refused)
  const failure: unknown = await ledger.find(later.id).catch((cause: unknown) => cause)
  expect(failure instanceof Problem && failure.details).not.toHaveProperty('retryAfter')
  const { status } = await apply(ledger, old.id, vote(dba, 'approve', minutes(1)), minutes(1))
  expect(status).toBe('approved')
})

describe('a list', () => {
  const scopes: readonly Scope[] = [
    { by: 'time', from: noon, to: minutes(5) },
    { by: 'agent', id: bot },
    { by: 'pending' },
    { by: 'approver', id: dba },
  ]
  const listed = (scope: Scope, cursor?: string) =>
    ledger.list(scope, { keep: () => true, limit: 1, ...(cursor !== undefined && { cursor }) })

  /** All pages. */
  async function all(scope: Scope): Promise<{ read: RequestId[]; newer: unknown[] }> {
    const found: { read: RequestId[]; newer: unknown[] } = { read: [], newer: [] }
    let cursor: string | undefined
    do {
      const page = await listed(scope, cursor)
      found.read.push(...page.requests.map(({ id }) => id))
      found.newer.push(...(page.newer ?? []).map(({ request, version }) => [request, version]))
      cursor = page.cursor
    } while (cursor !== undefined)
    return found
  }

  /** Three requests that every list has: pending, and with a vote. */
  async function three(): Promise<readonly [ApprovalRequest, ApprovalRequest, ApprovalRequest]> {
    const one = async () => {
      const slots = [{ groups: ['dba'], quorum: 2 }]
      const times = { expires: 3600, lapse: 3600, grant: 300 }
      const { id } = await ask(ledger, {
        judgement: { outcome: 'approve', rules: ['two'], slots, tier: 'high', ...times },
      })
      return apply(ledger, id, vote(dba, 'approve', minutes(1)), minutes(1))
    }
    return [await one(), await one(), await one()]
  }

  test.each(scopes)('has all requests except one of a newer format, which it names: $by', async (scope) => {
    const [first, later, last] = await three()
    await merge(requestKey(later.id), { v: 2 })
    // A newer program leaves no copies of an older format.
    await merge(`due-${minutes(60)}-${later.id}`, { copy: '' })
    const { read, newer } = await all(scope)
    expect(read.sort()).toEqual([first.id, last.id].sort())
    expect(newer).toEqual([[later.id, 2]])
  })

  test.each([
    ['agent', (id: RequestId) => `agent-${bot}-${inverse(id)}`],
    ['approver', (id: RequestId) => `voter-${dba}-${inverse(id)}`],
    ['pending', (id: RequestId) => `due-${minutes(60)}-${id}`],
  ] as const)('leaves out the request of an index row of a newer format: %s', async (by, keyOf) => {
    const [first, later, last] = await three()
    await merge(keyOf(later.id), { v: 2 })
    const { read, newer } = await all(scopes.find((scope) => scope.by === by) ?? { by: 'pending' })
    expect(read.sort()).toEqual([first.id, last.id].sort())
    expect(newer).toEqual([[later.id, 2]])
  })

  test('names nothing if every row can be read', async () => {
    await three()
    expect(await listed({ by: 'agent', id: bot })).not.toHaveProperty('newer')
  })
})

test('deadlines, news and waiting deliveries go on beside rows of a newer format', async () => {
  const [old, later] = [await ask(ledger), await ask(ledger)]
  await merge(`due-${minutes(60)}-${later.id}`, { v: 2 })
  await merge(`post-${later.id}`, { v: 2 })
  await merge('event-000000000002', { v: 2 })
  expect(await ledger.due(minutes(60), 5)).toEqual([old.id])
  expect(await new TableOutbox(storage.connect()).waiting(minutes(1), 5)).toEqual([old.id])
  expect(await ledger.news(here, 0)).toEqual({ seq: 2, requests: [old.id] })
  expect((await expire(ledger, old)).status).toBe('expired')
})

test('events, heads, keys, limits and seals of a newer format are refused', async () => {
  const request = await ask(ledger, {}, { hash: sha256('key'), body: sha256('body') })
  const { ledger: table, limits } = storage.connect()
  await merge('event-000000000001', { v: 2 })
  await expect(ledger.events(request)).rejects.toMatchObject(tooNew('event-000000000001'))
  await expect(ledger.stream(here, 0, 1)[Symbol.asyncIterator]().next()).rejects.toMatchObject(
    tooNew('event-000000000001'),
  )
  await merge(`key-${sha256('key')}`, { v: 2 })
  await expect(ledger.findKey(here, sha256('key'))).rejects.toMatchObject({ code: 'newer-format' })
  await merge('head', { v: 2 })
  await expect(new TableLedger(storage.connect()).load(here, {})).rejects.toMatchObject(tooNew('head'))
  await limits.createEntity({ partitionKey: `agent-${bot}`, rowKey: 'slots', v: 2, row: '[]' })
  await expect(new TableLimits({ limits }).read({ agent: bot })).rejects.toMatchObject({ code: 'newer-format' })
  await table.createEntity({ partitionKey: 'seal', rowKey: 'head', v: 2, value: '{}' })
  await expect(new TableSeals({ ...storage.connect(), ledger: table }).head()).rejects.toMatchObject({
    code: 'newer-format',
  })
})

test('a version that is not a number is a fault, not a newer format', async () => {
  const { id } = await ask(ledger)
  await merge(requestKey(id), { v: 'two' })
  const broken = { shard: here, row: requestKey(id), request: id, check: 'form' }
  await expect(ledger.find(id)).rejects.toMatchObject({ code: 'evidence-broken', details: { broken } })
})

describe('a member that a newer program added to a row of this format', () => {
  test('stays in the request and its shard’s head through all changes', async () => {
    const { id } = await ask(ledger)
    const { state } = (await rowAt(requestKey(id))) as { state: string }
    await merge(requestKey(id), {
      state: JSON.stringify({ ...JSON.parse(state), question: { open: true } }),
      further: 'text',
      uses: 3,
    })
    await merge('head', { sealed: 'mac' })
    const other = new TableLedger(storage.connect())
    await apply(other, id, vote(dba, 'deny', minutes(1)), minutes(1))
    const row = (await rowAt(requestKey(id))) as { state: string }
    expect(row).toMatchObject({ v: 1, further: 'text', uses: 3 })
    expect(JSON.parse(row.state)).toMatchObject({ status: 'denied', question: { open: true } })
    expect(await rowAt('head')).toMatchObject({ v: 1, seq: 3, sealed: 'mac' })
  })

  test('stays in limits', async () => {
    const { limits } = storage.connect()
    const rows = new TableLimits({ limits })
    const place = { partitionKey: `agent-${bot}`, rowKey: 'slots' }
    const row = JSON.stringify({ slots: [], denied: [], asked: [], uses: 2 })
    await limits.createEntity({ ...place, v: 1, row, further: 'text' })
    const read = await rows.read({ agent: bot })
    await rows.replace({ agent: bot }, read.version, { ...read.row, asked: [idOf(noon, here)] })
    const stored = await limits.getEntity<{ row: string }>(place.partitionKey, place.rowKey)
    expect(stored).toMatchObject({ further: 'text' })
    expect(JSON.parse(stored.row)).toMatchObject({ uses: 2 })
  })

  test('stays with a card', async () => {
    const { id } = await ask(ledger)
    const outbox = new TableOutbox(storage.connect())
    const card: CardRow = { channel: '19:a@thread.tacv2', rev: 1, attempts: 0 }
    await outbox.putCard(id, card)
    await merge(cardKey(id, card), { further: 'text' })
    const [found = card] = await outbox.cards(id)
    await outbox.putCard(id, { ...found, rev: 2 })
    expect(await outbox.cards(id)).toEqual([{ ...card, rev: 2, further: 'text' }])
  })
})
