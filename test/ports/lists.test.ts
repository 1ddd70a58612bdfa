import { positionById } from '../../src/azure/cursor.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { requestRow } from '../../src/azure/row.ts'
import { type Shard, shards } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import type { Scope } from '../../src/ports/ledger.ts'
import { type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { minutes, noon, submission } from './story.ts'
import { meta, startStorage, type TestStorage } from './tables.ts'
import { rowSigner } from '../support/fakes/ledgerKey.ts'

const perShard = 325
const total = perShard * shards.length
const scope: Scope = { by: 'time', from: noon, to: minutes(1) }

let storage: TestStorage
let proxy: FaultProxy
let ledger: TableLedger
/** How many rows each query asked for, by its path: a slow one is tried again, and counts once. */
const sizes = new Map<string, number>()

beforeAll(async () => {
  storage = await startStorage()
  proxy = await startFaultProxy(storage.url)
  proxy.plan(({ path }) => {
    const top = new URL(path, 'http://x').searchParams.get('$top')
    if (top !== null) sizes.set(path, Number(top))
    return null
  })
  await storage.clear()
  for (const shard of shards) await fill(shard)
  ledger = new TableLedger(storage.connect(proxy.url))
})

afterAll(async () => {
  await proxy.close()
  await storage.close()
})

beforeEach(() => sizes.clear())

/** Writes rows of requests, without events, a hundred at a time. */
async function fill(shard: Shard): Promise<void> {
  const { ledger: table } = storage.connect()
  const rows = Array.from({ length: perShard }, () =>
    requestRow(rowSigner(meta.origin), open(submission({ shard })).request),
  )
  for (let i = 0; i < rows.length; i += 100)
    await table.submitTransaction(rows.slice(i, i + 100).map((row) => ['create', row]))
}

const rows = () => [...sizes.values()].reduce((a, b) => a + b, 0)

test('a page reads few more rows than it shows', async () => {
  const { requests, cursor } = await ledger.list(scope, { keep: () => true, limit: 20 })
  expect(requests).toHaveLength(20)
  expect(cursor).toBeDefined()
  expect(sizes.size).toBe(16)
  expect(rows()).toBeLessThan(200)
})

test('a page reads at most 5,000 rows, and the next goes on where it stopped', async () => {
  const seen: string[] = []
  const keep = ({ id }: ApprovalRequest) => {
    seen.push(positionById(id))
    return false
  }
  let cursor: string | undefined
  do {
    sizes.clear()
    const page = await ledger.list(scope, { keep, limit: 20, ...(cursor !== undefined && { cursor }) })
    expect(page.requests).toEqual([])
    expect(rows()).toBeLessThanOrEqual(5_000)
    expect(page.cursor !== undefined || seen.length === total).toBe(true)
    cursor = page.cursor
  } while (cursor !== undefined)
  expect(seen).toHaveLength(total)
  expect(seen).toEqual([...new Set(seen)].sort())
})
