import { indexRows } from '../../src/azure/indexRow.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { requestRow } from '../../src/azure/row.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { type ObjectId, shards } from '../../src/core/data/id.ts'
import { chain, emptyChain } from '../../src/core/request/event.ts'
import { type ApprovalRequest, recorded, type Step } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import type { Scope } from '../../src/ports/ledger.ts'
import { type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { rowSigner } from '../support/fakes/ledgerKey.ts'
import { Insider } from '../trust/insider.ts'
import { bot, dba, idOf, noon, shard, submission, vote } from './story.ts'
import { meta, startStorage, type TestStorage } from './tables.ts'

const limit = 50
/** Of each kind: pending, and denied by the approver. */
const count = 96
const scopes: readonly Scope[] = [{ by: 'agent', id: bot }, { by: 'approver', id: dba }, { by: 'pending' }]

let storage: TestStorage
let proxy: FaultProxy
let insider: Insider
/** The calls since a list began, by method and path: a slow one is tried again, and counts once. */
const calls = new Set<string>()

beforeAll(async () => {
  storage = await startStorage()
  insider = new Insider(storage)
  proxy = await startFaultProxy(storage.url)
})

afterAll(async () => {
  await proxy.close()
  await storage.close()
})

beforeEach(async () => {
  await storage.clear()
  await fill()
  proxy.plan(({ method, path }) => {
    calls.add(`${method} ${path}`)
    return null
  })
})

/** Writes the rows of requests, without events, evenly over the shards. The newest are pending. */
async function fill(): Promise<void> {
  const { ledger: table } = storage.connect()
  const signer = rowSigner(meta.origin)
  const requests = Array.from({ length: 2 * count }, (_, i) => requestOf(i))
  for (const place of shards) {
    const rows = requests
      .filter(({ id }) => id.endsWith(place))
      .flatMap((request) => {
        const { due, agent, voters } = indexRows(signer, request)
        return [requestRow(signer, request), ...(due ? [due] : []), agent, ...voters.map(({ row }) => row)]
      })
    for (let i = 0; i < rows.length; i += 100)
      await table.submitTransaction(rows.slice(i, i + 100).map((row) => ['create', row]))
  }
}

/** Closed requests are one agent's, and pending ones another's. */
function requestOf(number: number): ApprovalRequest {
  const at = plusSeconds(noon, number)
  const place = shard((number * 5) % 16)
  const isPending = number >= count
  const agent = isPending ? ('00000000-0000-4000-8000-000000000050' as ObjectId) : bot
  const asked = stored(open(submission({ id: idOf(at, place), at, agent, reason: `Reason ${number}` })))
  return isPending ? asked : stored(vote(dba, 'deny', at)(asked))
}

const stored = ({ request, events }: Step): ApprovalRequest =>
  recorded(
    request,
    chain(events, emptyChain, { shard: shard(0), at: noon }, () => 'ab'.repeat(16)),
  )

const list = (scope: Scope) => {
  calls.clear()
  return new TableLedger(storage.connect(proxy.url)).list(scope, { keep: () => true, limit })
}

/** Takes the copies out of these rows, as if an earlier program had written them. */
async function strip(rows: readonly Record<string, unknown>[]): Promise<void> {
  for (const { copy: _c, mac: _m, macKey: _k, 'odata.metadata': _o, ...bare } of rows) await insider.put(bare)
}

async function indexIn(prefix: string): Promise<readonly Record<string, unknown>[]> {
  const rows = await Promise.all(shards.map((place) => insider.rows(place)))
  return rows.flat().filter(({ rowKey: key }) => String(key).startsWith(`${prefix}-`))
}

describe.each(scopes)('a list by $by', (scope) => {
  const prefix = { agent: 'agent', approver: 'voter', pending: 'due', review: 'review', standing: 'due', time: '' }[
    scope.by
  ]

  test('has its first page after 16 calls at once', async () => {
    let arrived = () => {}
    const all = new Promise<void>((done) => (arrived = done))
    proxy.plan(({ method, path }) => {
      calls.add(`${method} ${path}`)
      if (calls.size === 16) arrived()
      return { kind: 'late', meanwhile: () => all }
    })
    const { requests, cursor } = await list(scope)
    expect(requests).toHaveLength(limit)
    expect(cursor).toBeDefined()
    expect(calls.size).toBe(16)
  })

  test('is the same where an earlier program wrote the rows, but takes a call for each request', async () => {
    const copied = await list(scope)
    await strip(await indexIn(prefix))
    const own = await list(scope)
    expect(JSON.stringify(own)).toBe(JSON.stringify(copied))
    expect(calls.size).toBe(16 + 64)
  })

  test('reads alone only those without a copy, and those whose copy is not the service’s', async () => {
    const before = await list(scope)
    const [first, second, third] = before.requests
    const rows = await indexIn(prefix)
    const rowsOf = (request?: ApprovalRequest) => {
      if (request === undefined) throw new Error('The page is full.')
      const { due, agent, voters } = indexRows(rowSigner(meta.origin), request)
      const keys = [due, agent, ...voters.map(({ row }) => row)].map((row) => row?.rowKey)
      return rows.filter(({ rowKey: key }) => keys.includes(String(key)))
    }
    await strip(rowsOf(first))
    for (const row of rowsOf(second)) await insider.put({ ...row, mac: '0'.repeat(64) })
    for (const row of rowsOf(third)) await insider.put({ ...row, copy: new Uint8Array(3) })
    expect(JSON.stringify(await list(scope))).toBe(JSON.stringify(before))
    expect(calls.size).toBe(16 + 3)
  })
})
