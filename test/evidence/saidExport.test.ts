import type { TableEntity } from '@azure/data-tables'
import { TableLedger } from '../../src/azure/ledger.ts'
import { eventRow, requestRow, rowOf } from '../../src/azure/row.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { canonicalAction } from '../../src/core/action/action.ts'
import { type Day, endOf } from '../../src/core/data/day.ts'
import { type Hex, inverse, type Shard, shards } from '../../src/core/data/id.ts'
import { canonical } from '../../src/core/data/json.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { type ChainHead, chain, emptyChain, type Leaf } from '../../src/core/request/event.ts'
import { type ApprovalRequest, recorded } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import type { Cuts } from '../../src/ports/seals.ts'
import { idOf, noon, submission } from '../ports/story.ts'
import { meta, startStorage, type TestStorage } from '../ports/tables.ts'
import { Insider } from '../trust/insider.ts'
import { type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { rowSigner } from '../support/fakes/ledgerKey.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { FakeClock } from '../support/fakes.ts'
import { isWhole } from '../support/whole.ts'
import { outcomeOf } from '../support/world.ts'

const date = '2026-03-04' as Day
/** The size of the log before the day. */
const size = 700

let storage: TestStorage
let proxy: FaultProxy
let insider: Insider
/** The reads that passed, by method and path: a slow one is tried again, and counts once. */
const reads = new Set<string>()

beforeAll(async () => {
  storage = await startStorage()
  insider = new Insider(storage)
  proxy = await startFaultProxy(storage.url)
  proxy.plan(({ method, path }) => {
    reads.add(`${method} ${path}`)
    return null
  })
})

afterAll(async () => {
  await proxy.close()
  await storage.close()
})

/** A sealed day in which so many requests were asked for in each shard, and what its said file has to be. */
async function day(perShard: number) {
  await storage.clear()
  const { ledger: table } = storage.connect()
  const signer = rowSigner(meta.origin)
  const cuts: Record<Shard, ChainHead> = {}
  const requests: ApprovalRequest[] = []
  const lines: string[] = []
  for (const shard of shards) {
    const rows: TableEntity[] = []
    cuts[shard] = emptyChain
    for (let i = 0; i < perShard; i++) {
      const at = plusSeconds(noon, i)
      const asked = submission({ shard, id: idOf(at, shard), at, reason: `Reason ${i}`, action: actionOf(i) })
      const step = open(asked)
      const leaves = chain(step.events, cuts[shard] ?? emptyChain, { shard, at }, () => 'ab'.repeat(16))
      const request = recorded(step.request, leaves)
      const newest = leaves.at(-1)
      if (newest) cuts[shard] = { seq: newest.seq, hash: newest.hash }
      rows.push(...leaves.map((leaf) => eventRow(signer, shard, { op: 'op' }, leaf)), requestRow(signer, request))
      for (const leaf of leaves) lines.push(...linesOf(leaf, size + requests.length))
      requests.push(request)
    }
    for (let i = 0; i < rows.length; i += 100)
      await table.submitTransaction(rows.slice(i, i + 100).map((row) => ['create', row]))
  }
  reads.clear()
  return { requests, lines, ...sealed(cuts, requests.length) }
}

const actionOf = (i: number) => ({ action: 'db.export', target: `t${i}`, environment: 'production', params: { i } })

/** The lines of an ask, as docs/evidence/bundle.md has them. */
function linesOf({ said, text }: Leaf, index: number): readonly string[] {
  const texts = Object.entries(said).sort(([a], [b]) => (a < b ? -1 : 1))
  const { request } = JSON.parse(text) as { readonly request: string }
  if (request === undefined) throw new Error('An ask is of a request.')
  const number = /Reason (\d+)/.exec(said['reason']?.text ?? '')?.[1] ?? ''
  return [
    ...texts.map(([name, salted]) => canonical({ index, name, salt: salted.salt, text: salted.text })),
    canonical({ index, name: 'action', text: canonicalAction(actionOf(Number(number))) }),
  ]
}

/** Exports the day through the proxy. */
function sealed(to: Cuts, count: number) {
  const seals = new MemorySeals(date)
  const from = Object.fromEntries(shards.map((shard) => [shard, emptyChain])) as Cuts
  const common = { date, number: 1, size, key: 'key' }
  const ready = (async () => {
    await seals.propose({ ...common, sealedAt: endOf(date), tool: 'test', from, to })
    const manifest = '0'.repeat(64) as Hex
    await seals.advance(null, { ...common, size: size + count, root: '', frontier: [], cuts: to, manifest })
  })()
  const parts = { ledger: new TableLedger(storage.connect(proxy.url)), seals, clock: new FakeClock(endOf(date)) }
  const said = async function* (from?: number): AsyncGenerator<string> {
    await ready
    for await (const text of await saidOf(parts, date, from)) yield text
  }
  return { said: (from?: number) => said(from) }
}

async function all(texts: AsyncIterable<string>): Promise<readonly string[]> {
  const read: string[] = []
  for await (const text of texts) read.push(...text.split('\n').slice(0, -1))
  return read
}

/** 10,000 in the whole run. */
const perShard = isWhole ? 625 : 60

test(`${16 * perShard} requests take at most 50 reads, none of them of one row`, async () => {
  const { lines, said } = await day(perShard)
  expect(await all(said())).toEqual(lines)
  expect(reads.size).toBeLessThanOrEqual(50)
  expect([...reads].filter((read) => /RowKey=/.test(read))).toEqual([])
})

test('an export that was broken off goes on at any index, and reads nothing before it', async () => {
  const { lines, said, requests } = await day(3)
  const last = size + requests.length
  for (const from of [size, size + 1, size + 4, size + 20, last - 1, last]) {
    reads.clear()
    expect(await all(said(from))).toEqual(lines.filter((line) => Number(JSON.parse(line).index) >= from))
    const rest = Math.ceil((last - from) / 3)
    expect(reads.size).toBe(2 * rest)
  }
  for (const from of [0, size - 1, last + 1]) expect(await outcomeOf(all(said(from)))).toBe('invalid-input')
})

describe('what an insider does to rows of requests', () => {
  const edits: readonly (readonly [string, string, (request: ApprovalRequest) => Promise<unknown>])[] = [
    ['edits the action', 'evidence-broken', ({ id }) => insider.edit(shardOf(id), key(id), () => ({ action: other }))],
    ['takes the mac away', 'evidence-broken', ({ id }) => insider.edit(shardOf(id), key(id), () => ({ mac: '' }))],
    ['breaks the JSON', 'evidence-broken', ({ id }) => insider.edit(shardOf(id), key(id), () => ({ state: '{' }))],
    ['names a later format', 'newer-format', ({ id }) => insider.edit(shardOf(id), key(id), () => ({ v: 2 }))],
  ]
  const other = canonicalAction({ ...actionOf(1), target: 'prod/postgres/salaries' })
  const key = (id: ApprovalRequest['id']) => rowKey.request(id)
  const shardOf = (id: ApprovalRequest['id']) => id.slice(-2)

  test.each(edits)('%s: the export breaks off before that line', async (_what, code, edit) => {
    const { lines, said, requests } = await day(2)
    const [, , , fourth] = requests
    if (fourth) await edit(fourth)
    const sent: string[] = []
    const read = async () => {
      for await (const text of said()) sent.push(text)
    }
    expect(await outcomeOf(read())).toBe(code)
    expect(sent.join('')).toBe(
      lines
        .filter((line) => Number(JSON.parse(line).index) < size + 3)
        .map(ended)
        .join(''),
    )
  })

  test('deletes one: its action has no line, as if it had been erased', async () => {
    const { lines, said, requests } = await day(2)
    const [, , , fourth] = requests
    if (fourth) await insider.drop(shardOf(fourth.id), key(fourth.id))
    const isGone = (line: string) => Number(JSON.parse(line).index) === size + 3 && JSON.parse(line).name === 'action'
    expect(await all(said())).toEqual(lines.filter((line) => !isGone(line)))
  })

  test('puts thousands between: nothing is lost, and no read is endless', async () => {
    const { lines, said, requests } = await day(2)
    const shard = shards[0] as Shard
    const { ledger: table } = storage.connect()
    const foreign = Array.from({ length: 2_300 }, () => idOf(noon, shard)).map((id) =>
      rowOf(shard, `request-${inverse(id)}`, { state: '{' }),
    )
    for (let i = 0; i < foreign.length; i += 100)
      await table.submitTransaction(foreign.slice(i, i + 100).map((row) => ['create', row]))
    expect(requests).toHaveLength(32)
    reads.clear()
    expect(await all(said())).toEqual(lines)
    // One read more for each request that lies behind the foreign rows.
    expect(reads.size).toBeLessThanOrEqual(32 + 2)
  })
})

const ended = (line: string): string => `${line}\n`
