import { TableLedger } from '../../src/azure/ledger.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { open } from '../../src/core/request/submission.ts'
import { Conflict } from '../../src/ports/ledger.ts'
import { type Wire, watchWire } from '../../trials/bench/wire.ts'
import { apply, ask, changeOf, dba, minutes, noon, oid, shard, submission, vote } from './story.ts'
import { startStorage, type TestStorage } from './tables.ts'
import { Insider } from '../trust/insider.ts'
import { rowKey } from '../../src/azure/rowKey.ts'

const here = shard(3)

let storage: TestStorage
let wire: Wire
let ledger: TableLedger
let now: number

beforeAll(async () => {
  storage = await startStorage()
  wire = await watchWire(storage.url)
})

beforeEach(async () => {
  await storage.clear()
  // A machine that is slow must not be taken for time that passed.
  now = performance.now()
  jest.spyOn(performance, 'now').mockImplementation(() => now)
  ledger = new TableLedger(storage.connect(wire.url))
  await ask(ledger)
  wire.take()
})

afterEach(() => {
  jest.restoreAllMocks()
})

afterAll(async () => {
  await wire.close()
  await storage.close()
})

test('a commit that finds an event nobody can read at its place says that the evidence does not hold', async () => {
  const other = new TableLedger(storage.connect())
  const loaded = await ledger.load(here, {})
  await ask(other)
  const insider = new Insider(storage)
  const [event] = (await insider.rows(here)).filter(({ rowKey: key }) => key === rowKey.event(loaded.head.seq + 1))
  await insider.put({ ...event, v: '{}' })
  const refused = ledger.commit(loaded, changeOf(loaded, open(submission()), noon))
  await expect(refused).rejects.toMatchObject({ code: 'evidence-broken' })
})

test('a process without competitors does not read a head for some seconds after a commit', async () => {
  expect(await readsAfter(4_900)).toBe(0)
  expect(await readsAfter(200)).toBe(1)
})

test('a process that lost a race, or read a head of another, trusts heads for a moment only, until it is without competitors again', async () => {
  const other = new TableLedger(storage.connect())
  await ask(other)
  const loaded = await ledger.load(here, {})
  expect(loaded.head.seq).toBe(1)
  await expect(ledger.commit(loaded, changeOf(loaded, open(submission()), noon))).rejects.toThrow(Conflict)
  await ask(ledger)
  wire.take()
  expect(await readsAfter(14)).toBe(0)
  expect(await readsAfter(2)).toBe(1)

  now += 10_000
  await ask(ledger)
  wire.take()
  expect(await readsAfter(4_900)).toBe(0)

  now += 200
  await ask(other)
  await ask(ledger)
  wire.take()
  expect(await readsAfter(16)).toBe(1)
})

test('a process without competitors reads a head in the same round as a key', async () => {
  now += 6_000
  expect(await ledger.findKey(here, sha256('key'))).toBeNull()
  expect(wire.take()).toHaveLength(2)
  expect(await readsAfter(0)).toBe(0)
  expect((await ledger.load(here, {})).head.seq).toBe(1)
})

test('a request that was just read is not read again, and a commit is a lost race if it has changed', async () => {
  const asked = await ask(ledger)
  const found = (await ledger.find(asked.id)) ?? undefined
  if (!found) throw new Error('It is not there.')
  wire.take()
  const loaded = await ledger.load(here, { request: asked.id, found })
  expect(wire.take()).toEqual([])
  expect(loaded.request).toEqual(found)

  await apply(ledger, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
  const late = await ledger.load(here, { request: asked.id, found })
  const denied = changeOf(late, vote(oid(4), 'deny', minutes(2))(found), minutes(2))
  await expect(ledger.commit(late, denied)).rejects.toThrow(Conflict)
  expect((await ledger.find(asked.id))?.status).toBe('approved')

  // What was found elsewhere, or is of another request, is read.
  wire.take()
  for (const other of [{ ...found }, (await ledger.find((await ask(ledger)).id)) ?? found]) {
    wire.take()
    expect((await ledger.load(here, { request: asked.id, found: other })).request?.status).toBe('approved')
    expect(wire.take()).toHaveLength(1)
  }
})

/** How many reads it takes to load the shard, so many milliseconds later. */
async function readsAfter(ms: number): Promise<number> {
  now += ms
  await ledger.load(here, {})
  return wire.take().filter(({ kind }) => kind === 'read').length
}
