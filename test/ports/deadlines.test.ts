import { TableLedger } from '../../src/azure/ledger.ts'
import { rowOf } from '../../src/azure/row.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { DuePlace } from '../../src/ports/ledger.ts'
import { type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { ask, idOf, minutes, noon, shard } from './story.ts'
import { startStorage, type TestStorage } from './tables.ts'

const place = shard(5)

let storage: TestStorage
let proxy: FaultProxy
let ledger: TableLedger
/** The queries that passed, by their path: a slow one is tried again, and counts once. */
const queries = new Set<string>()

beforeAll(async () => {
  storage = await startStorage()
  proxy = await startFaultProxy(storage.url)
})

afterAll(async () => {
  await proxy.close()
  await storage.close()
})

beforeEach(async () => {
  await storage.clear()
  ledger = new TableLedger(storage.connect(proxy.url))
  proxy.plan(({ method, path }) => {
    if (method === 'GET') queries.add(path)
    return null
  })
  queries.clear()
})

async function put(rows: readonly ReturnType<typeof rowOf>[]): Promise<void> {
  const { ledger: table } = storage.connect()
  for (let i = 0; i < rows.length; i += 100)
    await table.submitTransaction(rows.slice(i, i + 100).map((row) => ['create', row]))
}

/** Reads all pages. */
async function all(limit: number): Promise<readonly RequestId[]> {
  const read: RequestId[] = []
  let after: DuePlace | undefined
  do {
    const page = await ledger.dueIn(place, minutes(60), { limit, ...(after !== undefined && { after }) })
    read.push(...page.deadlines.map(({ request }) => request))
    after = page.next
  } while (after !== undefined)
  return read
}

test('1,200 deadlines of a shard are read by three queries of 500', async () => {
  const ids = Array.from({ length: 1_200 }, () => idOf(noon, place))
  await put(ids.map((id, i) => rowOf(place, rowKey.due(minutes(i / 60), id), { status: 'pending' })))
  expect(await all(500)).toEqual(ids)
  expect(queries.size).toBe(3)
})

test('deadlines of a newer format, and keys that the service did not write, are passed over', async () => {
  const asked = await ask(ledger, { shard: place, expiresIn: 1800 })
  const newer = Array.from({ length: 6 }, (_, i) => ({
    ...rowOf(place, rowKey.due(minutes(i), idOf(noon, place))),
    v: 2,
  }))
  const foreign = ['due-', 'due-2026', `due-${minutes(1)}-x`, `due-${minutes(2)}-${asked.id}x`]
  await put([...newer, ...foreign.map((key) => rowOf(place, key))])
  expect(await all(3)).toEqual([asked.id])
  expect(await ledger.due(minutes(60), 20)).toEqual([asked.id])
  expect(await ledger.pending(20)).toEqual([asked.id])
})
