import { randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { copyIn, indexRows } from '../../src/azure/indexRow.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { requestTexts } from '../../src/azure/row.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { transaction } from '../../src/azure/transaction.ts'
import { inverse, type ObjectId, sha256, shardOf } from '../../src/core/data/id.ts'
import { macOf, rowText } from '../../src/core/log/mac.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { eraseAll } from '../../src/evidence/erasures.ts'
import type { Scope } from '../../src/ports/ledger.ts'
import { Macs } from '../../src/runtime/macs.ts'
import { keyVersions, ledgerKey, rowSigner } from '../support/fakes/ledgerKey.ts'
import { storageInMemory, meta } from '../ports/tables.ts'
import { after, bot, dba, dba2, noHolds, oid, owner, policyVersion, runner } from '../support/build.ts'
import { asks, type Instance, outcomeOf, votes } from '../support/world.ts'
import { type Columns, Insider } from './insider.ts'
import { type LifeStep, livedUpTo, steps, stored } from './life.ts'

const storage = storageInMemory()
const insider = new Insider(storage)
const macs = new Macs({ origin: meta.origin, key: ledgerKey })
let made: Awaited<ReturnType<typeof stored>>
let process: () => Instance

beforeEach(async () => {
  await storage.clear()
  made = await stored(storage)
  process = made.process
})

const scopes: readonly Scope[] = [{ by: 'agent', id: bot }, { by: 'approver', id: dba }, { by: 'pending' }]
const page = { keep: () => true, limit: 50 }
const evidence = { kind: 'person', id: dba, evidence: true } as const

/** What a process that remembers nothing lists. */
const listed = async (scope: Scope): Promise<readonly ApprovalRequest[]> =>
  (await new TableLedger(storage.connect()).list(scope, page)).requests

/** The list as the request's own row has it. */
async function expected(scope: Scope, { id }: ApprovalRequest): Promise<readonly ApprovalRequest[]> {
  const now = await process().ledger.find(id)
  if (now === null) return []
  if (scope.by === 'pending') return now.status === 'pending' ? [now] : []
  return scope.by === 'agent' || now.decisions.some(({ approver }) => approver === dba) ? [now] : []
}

async function expectTrue(request: ApprovalRequest): Promise<void> {
  for (const scope of scopes) expect(await listed(scope)).toEqual(await expected(scope, request))
}

/** The rows of indexes that the request has. */
async function indexOf({ id }: ApprovalRequest): Promise<readonly Columns[]> {
  const rows = await insider.rows(shardOf(id))
  const isOwn = (key: string) => key.includes(inverse(id)) || key.endsWith(id)
  return rows.filter(({ rowKey: key }) => /^(due|agent|voter)-/.test(String(key)) && isOwn(String(key)))
}

/** Ways to end a request: each copies it into the rows of its agent and voters. */
const endings: Readonly<Record<string, (instance: Instance, request: ApprovalRequest) => Promise<unknown>>> = {
  denied: ({ approvals }, request) =>
    approvals.decide(request.id, votes(request, dba, { verdict: 'deny', reason: 'No.' })),
  cancelled: ({ approvals }, { id }) => approvals.cancel(id, bot),
  expired: ({ approvals }) => {
    made.here.clock.set(after(3_600))
    return approvals.sweep()
  },
}

async function ended(how = 'denied'): Promise<ApprovalRequest> {
  const request = await livedUpTo(process(), 'asked')
  await endings[how]?.(process(), request)
  return request
}

describe('a list has what the request’s own row has', () => {
  test.each(steps)('after it was %s', async (step) => {
    await expectTrue(await livedUpTo(process(), step))
  })

  test.each(Object.keys(endings))('after it was %s', async (how) => {
    const request = await ended(how)
    await expectTrue(request)
    const copies = (await indexOf(request)).filter(({ copy }) => copy !== undefined)
    expect(copies).toHaveLength(how === 'denied' ? 2 : 1)
  })

  test('after a refusal was recorded of a closed one', async () => {
    const request = await ended()
    expect(await outcomeOf(process().approvals.decide(request.id, votes(request, dba2)))).not.toBe('ok')
    await expectTrue(request)
  })

  test('after its texts were erased, and no row of an index keeps them', async () => {
    const request = await ended()
    const before = await indexOf(request)
    const erase = (by: ObjectId) =>
      eraseAll(
        {
          ...{ ledger: process().ledger, clock: made.here.clock, random: randomBytes, committed: () => undefined },
          ...{ policy: { version: policyVersion, accounts: (one) => [one] }, holds: noHolds },
        },
        request.id,
        { names: ['reason', 'action', 'links'], why: 'A secret.', by },
      )
    await erase(owner)
    expect((await erase(oid(77))).erased).not.toEqual([])
    await expectTrue(request)
    const texts = async (rows: readonly Columns[]) =>
      JSON.stringify(await Promise.all(rows.map((row) => copyIn(macs, row))))
    expect(await texts(before)).toContain(request.action?.target)
    expect(await texts(await indexOf(request))).not.toContain(request.action?.target)
  })

  test('where an earlier program wrote the rows of indexes, and where it changed the request since', async () => {
    const request = await ended()
    const open = await livedUpTo(process(), 'voted')
    for (const { copy: _c, mac: _m, macKey: _k, ...bare } of [...(await indexOf(request)), ...(await indexOf(open))])
      await insider.put(bare)
    for (const scope of scopes)
      expect(new Set(await listed(scope))).toEqual(
        new Set([...(await expected(scope, request)), ...(await expected(scope, open))]),
      )
    await process().approvals.cancel(open.id, bot)
    expect(await listed({ by: 'pending' })).toEqual([])
  })
})

describe('a row of an index', () => {
  const own = { id: 'v1', secret: Buffer.alloc(32, 'insider') }
  /** A copy that says the same of another target. */
  const forged = (row: Columns): Columns => {
    const text = inflateRawSync(row['copy'] as Uint8Array).toString()
    expect(text).toContain('prod/db/')
    return { ...row, copy: deflateRawSync(text.replaceAll('prod/db/', 'test/db/')) }
  }
  const signed = (row: Columns): Columns => {
    const {
      copy,
      partitionKey: partition,
      rowKey: name,
    } = row as { copy: Uint8Array; partitionKey: string; rowKey: string }
    const columns = { copy: sha256(copy) }
    return { ...row, ...macOf(own, rowText({ origin: meta.origin, partition, row: name, columns })) }
  }

  /** What an insider writes in place of a row with a copy. `twin` is the same row of another request. */
  const edits: readonly (readonly [string, (row: Columns, twin: Columns) => Columns])[] = [
    ['says something else', forged],
    ['has one other bit', (row) => ({ ...row, copy: flipped(row['copy'] as Uint8Array) })],
    ['has the copy of another request', (row, { copy }) => ({ ...row, copy })],
    ['has the copy and the mac of another request', (row, { copy, mac, macKey }) => ({ ...row, copy, mac, macKey })],
    ['has no mac', ({ mac: _mac, ...row }) => row],
    ['has a mac that is none', (row) => ({ ...row, mac: 7, macKey: {} })],
    ['has a mac of the insider’s key', (row) => signed(forged(row))],
    ['names a version of the key that there is not', (row) => ({ ...row, macKey: 'v9' })],
    ['has a text for a copy', (row) => ({ ...row, copy: '{"state":"{}"}' })],
    ['has an empty copy', (row) => ({ ...row, copy: new Uint8Array(0) })],
    ['has a copy that would become large', (row) => ({ ...row, copy: deflateRawSync(Buffer.alloc(5_000_000)) })],
  ]
  const flipped = (copy: Uint8Array) => Uint8Array.from(copy, (byte, i) => (i === copy.length - 1 ? byte ^ 1 : byte))

  test.each(edits)('that %s shows what is true', async (_what, edit) => {
    const [closed, open] = [await ended(), await livedUpTo(process(), 'shown')]
    const [otherClosed, otherOpen] = [await ended(), await livedUpTo(process(), 'shown')]
    const before = await Promise.all(scopes.map(listed))
    for (const [request, other] of [
      [closed, otherClosed],
      [open, otherOpen],
    ] as const)
      for (const row of await indexOf(request)) {
        const kind = String(row['rowKey']).split('-')[0]
        const twin = (await indexOf(other)).find(({ rowKey: key }) => String(key).startsWith(`${kind}-`))
        if (row['copy'] !== undefined && twin) await insider.put(edit(row, twin))
      }
    expect(await Promise.all(scopes.map(listed))).toEqual(before)
  })

  test('does not pass under another key, in another shard or another ledger', async () => {
    const request = await ended()
    const [row = {}] = (await indexOf(request)).filter(({ rowKey: key }) => String(key).startsWith('agent-'))
    expect(await copyIn(macs, row)).not.toBeNull()
    for (const moved of [
      { ...row, rowKey: rowKey.voter(bot, request.id) },
      { ...row, rowKey: rowKey.agent(runner, request.id) },
      { ...row, partitionKey: shardOf(request.id) === '00' ? '01' : '00' },
    ])
      expect(await copyIn(macs, moved)).toBeNull()
    expect(await copyIn(new Macs({ origin: 'other.example/evidence', key: ledgerKey }), row)).toBeNull()
  })

  test('that an older version of the key authenticated counts as long as the version is listed', async () => {
    const request = await ended()
    for (const row of await indexOf(request)) {
      const read = (...names: readonly string[]) => copyIn(storage.connect(undefined, keyVersions(...names)).macs, row)
      expect(await read('v2', 'v1')).not.toBeNull()
      expect(await read('v2')).toBeNull()
    }
  })

  test('that was put back is not believed by a process that knows later events', async () => {
    const one = process()
    const request = await livedUpTo(one, 'asked')
    const rows = await indexOf(request)
    await one.approvals.cancel(request.id, bot)
    for (const row of rows) await insider.put(row)
    const { requests } = await one.approvals.list({ by: 'pending' }, { ...page, keep: isPending }, evidence)
    expect(requests).toEqual([])
  })

  test('that was put back lets nobody decide, in any process', async () => {
    const request = await livedUpTo(process(), 'asked')
    const rows = await indexOf(request)
    await process().approvals.cancel(request.id, bot)
    for (const row of rows) await insider.put(row)
    expect(await listed({ by: 'pending' })).toHaveLength(1)
    const { approvals } = process()
    expect(await approvals.read(request.id, evidence)).toMatchObject({ status: 'cancelled' })
    expect(await outcomeOf(approvals.decide(request.id, votes(request)))).toBe('not-pending')
  })
})

const isPending = ({ status }: ApprovalRequest): boolean => status === 'pending'

describe('a request is not copied', () => {
  const signer = rowSigner(meta.origin)
  const copies = (request: ApprovalRequest) => {
    const { due, agent, voters } = indexRows(signer, request)
    return [due, agent, ...voters.map(({ row }) => row)].filter((row) => row && 'copy' in row).length
  }

  test('where it may still change, but for what is pending', async () => {
    const found = async (step: LifeStep) => copies(await livedUpTo(process(), step))
    expect([await found('asked'), await found('voted'), await found('approved'), await found('redeemed')]).toEqual([
      1, 1, 0, 0,
    ])
    expect(await found('succeeded')).toBe(3)
  })

  test('if its texts are long: packing them would delay each commit', async () => {
    const { request } = await process().approvals.ask(asks({ reason: 'x' }))
    expect(copies(request)).toBe(1)
    const long = { ...request, shown: Array.from({ length: 300 }, () => ({ approver: dba, view: request.digest })) }
    expect(JSON.stringify(requestTexts(long as never)).length).toBeGreaterThan(30_000)
    expect(copies(long as never)).toBe(0)
  })

  /** A reported request with so many voters. */
  async function votedBy(count: number): Promise<ApprovalRequest> {
    const request = await livedUpTo(process(), 'succeeded')
    const [vote] = request.decisions
    if (vote === undefined) throw new Error('Two people approved it.')
    return { ...request, decisions: Array.from({ length: count }, (_, i) => ({ ...vote, approver: oid(100 + i) })) }
  }

  test('into the rows of more than ten voters: a transaction takes 100 rows', async () => {
    expect(copies(await votedBy(10))).toBe(11)
    expect(copies(await votedBy(11))).toBe(1)
  })

  test.each([2, 10, 11, 60])('so that an erasure of 40 texts fits into one transaction: %s voters', async (count) => {
    const request = await votedBy(count)
    const [first] = request.events
    const events = Array.from({ length: 80 }, (_, i) => ({ ...first!, seq: i + 1 }))
    const loaded = { ...(await process().ledger.load(shardOf(request.id), {})), request: { ...request, events } }
    const { head } = loaded
    const leaf = { type: 'erased', hash: head.hash, text: '{}', said: {} } as const
    const leaves = Array.from({ length: 41 }, (_, i) => ({ ...leaf, seq: head.seq + 1 + i }))
    const cleared = events.slice(0, 40).map(({ seq }) => ({ seq, said: {} }))
    const kept = new Map(cleared.map(({ seq }) => [seq, { etag: 'x', partitionKey: '00', rowKey: rowKey.event(seq) }]))
    const at = head.recordedAt ?? after(0)
    const change = { op: 'op', at, leaves, request: loaded.request, cleared }
    const rows = transaction(signer, loaded, change, { head: 'x', request: { etag: 'x', foreign: {} } }, kept)
    expect(rows.length).toBeGreaterThan(83)
    expect(rows.length).toBeLessThanOrEqual(100)
  })
})
