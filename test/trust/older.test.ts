import { randomBytes } from 'node:crypto'
import type { TableClient } from '@azure/data-tables'
import { TableLedger } from '../../src/azure/ledger.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import type { Day } from '../../src/core/data/day.ts'
import { shardOf } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { Witness } from '../../src/evidence/witness.ts'
import { startBlobs, type TestBlobs } from '../ports/blobs.ts'
import { storageInMemory } from '../ports/tables.ts'
import { bot, dba, dba2, runner } from '../support/build.ts'
import { type Call, type Fault, type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { claims, type Instance, outcomeOf, uuidOf, votes, type World } from '../support/world.ts'
import { type LifeStep, livedUpTo, stored } from './life.ts'

/** Rows of the tables are put back to what they were, by who can write them. The archive cannot be changed. */
const storage = storageInMemory()
let blobs: TestBlobs
let proxy: FaultProxy
let here: World
let number = 0

beforeAll(async () => {
  blobs = await startBlobs()
  proxy = await startFaultProxy(blobs.url)
})

afterAll(async () => {
  await proxy.close()
  await blobs.close()
})

beforeEach(async () => {
  await storage.clear()
  proxy.plan(() => null)
  number += 1
  await blobs.archive({ container: `trust-${number}` }).prepare()
  ;({ here } = await stored(storage))
})

const archive = (url = blobs.url) => blobs.archive({ url, container: `trust-${number}`, timeout: 4_000 })

/** A process that remembers nothing. */
const process = (url?: string): Instance =>
  here.another({ ledger: new TableLedger(storage.connect()), archive: archive(url), clock: here.clock })

type Rows = Awaited<ReturnType<typeof rowsOf>>

async function rowsOf(table: TableClient, shard: string) {
  const rows: Record<string, unknown>[] = []
  for await (const { etag: _, timestamp: _at, ...row } of table.listEntities({
    queryOptions: { filter: `PartitionKey eq '${shard}'` },
  }))
    rows.push(row)
  return rows
}

/** Puts the rows of a shard back: all that its snapshot has, or all but events and head. */
async function restore(shard: string, rows: Rows, which: (key: string) => boolean = () => true): Promise<void> {
  const table = storage.connect().ledger
  const isPutBack = (row: Record<string, unknown>) => which(String(row['rowKey']))
  for (const row of (await rowsOf(table, shard)).filter(isPutBack))
    await table.deleteEntity(shard, String(row['rowKey']))
  for (const row of rows.filter(isPutBack)) await table.createEntity(row as never)
}

/** The chain goes on, while the request and its deadline are what they were: the commits of the service still work. */
const isNoneOfTheChain = (key: string): boolean => key !== rowKey.head && !key.startsWith('event-')

const ways = [
  ['the request alone', isNoneOfTheChain],
  ['a whole shard, events and head', () => true],
] as const

/** What took the approval away, or used it up. */
const ends: readonly (readonly [
  string,
  LifeStep,
  (instance: Instance, request: ApprovalRequest) => Promise<unknown>,
])[] = [
  ['redeemed', 'approved', async (one, request) => redeemed(one, request, 'first')],
  [
    'redeemed and reported',
    'approved',
    async (one, request) => {
      await redeemed(one, request, 'first')
      await one.approvals.report(request.id, { executor: runner, result: 'succeeded' })
    },
  ],
  ['revoked', 'approved', (one, { id }) => one.approvals.revoke(id, dba)],
  ['cancelled', 'approved', (one, { id }) => one.approvals.cancel(id, bot)],
  ['cancelled while it was pending', 'voted', (one, { id }) => one.approvals.cancel(id, bot)],
  ['denied', 'voted', (one, request) => one.approvals.decide(request.id, votes(request, dba2, { verdict: 'deny' }))],
]

async function redeemed(one: Instance, request: ApprovalRequest, redemption: string) {
  return one.approvals.redeem(request.id, await claims(one, request, redemption))
}

/** What an agent can still do with a request that looks open: have it approved, if need be, and redeem it. */
async function tried(request: ApprovalRequest): Promise<readonly string[]> {
  const outcomes: string[] = []
  const now = await process().ledger.find(request.id)
  if (now?.status === 'pending')
    outcomes.push(await outcomeOf(process().approvals.decide(request.id, votes(request, dba2))))
  const approved = await process().ledger.find(request.id)
  const claim = approved && (await claims(process(), approved, 'second').catch(() => null))
  for (const redemption of ['second', 'third', 'second'])
    outcomes.push(
      claim === null
        ? 'nothing'
        : await outcomeOf(process().approvals.redeem(request.id, { ...claim, redemption: uuidOf(redemption) })),
    )
  return outcomes
}

describe.each(ways)('F, G and older rows: %s is put back', (_what, which) => {
  test.each(ends)('a request that was %s is not redeemed', async (_end, step, end) => {
    const before = await livedUpTo(process(), step)
    const rows = await rowsOf(storage.connect().ledger, shardOf(before.id))
    await end(process(), before)
    await restore(shardOf(before.id), rows, which)
    const outcomes = (await tried(before)).slice(-3)
    expect(outcomes).not.toContain('ok')
    expect(outcomes).toContain('evidence-broken')
    expect(await archive().list('ends/')).toHaveLength(1)
  })
})

test('G: a chain that was cut off takes no commit, in any process that reads the newest file', async () => {
  const witnessed = async () => {
    const ledger = new TableLedger(storage.connect())
    const parts = { ledger, archive: archive(), clock: here.clock, macs: macsFor(testOrigin), random: randomBytes }
    const witness = await Witness.begin({
      ...parts,
      seals: { first: async () => '2026-03-01' as Day },
      failed: () => {},
    })
    return { witness, one: here.another({ ledger: witness.ledger, archive: archive(), clock: here.clock }) }
  }
  const { witness, one } = await witnessed()
  const request = await livedUpTo(one, 'asked')
  const rows = await rowsOf(storage.connect().ledger, shardOf(request.id))
  await one.approvals.decide(request.id, votes(request, dba))
  expect(await witness.record()).toBe(true)
  await restore(shardOf(request.id), rows)
  const next = await witnessed()
  expect(await outcomeOf(next.one.approvals.decide(request.id, votes(request, dba)))).toBe('evidence-broken')
  expect(await outcomeOf(next.one.approvals.cancel(request.id, bot))).toBe('evidence-broken')
})

const isEnd = ({ method, path }: Call) => method === 'PUT' && path.includes('/ends/')

/** What happens to the file of a redemption on its way, how often, and whether the first call is answered. */
const faults: readonly (readonly [string, Fault, number, boolean])[] = [
  ['its answer is lost', { kind: 'unanswered' }, 1, true],
  ['it is carried out twice', { kind: 'doubled' }, 1, true],
  ['it is lost', { kind: 'lost' }, 1, true],
  ['it is refused', { kind: 'status', status: 503 }, 1, true],
  ['all answers are lost', { kind: 'unanswered' }, 99, false],
  ['the archive is away', { kind: 'lost' }, 99, false],
  ['the archive refuses', { kind: 'status', status: 403 }, 99, false],
]

describe('a redemption whose file meets a fault', () => {
  test.each(faults)('executes once: %s', async (_what, fault, times, isAnswered) => {
    const request = await livedUpTo(process(), 'approved')
    const claim = await claims(process(), request, 'first')
    let left = times
    proxy.plan((call) => (isEnd(call) && left-- > 0 ? fault : null))
    const one = process(proxy.url)
    const first = await one.approvals.redeem(request.id, claim).catch((cause: unknown) => cause)
    if (isAnswered) expect(first).toMatchObject({ next: 'execute' })
    else expect(first).toMatchObject({ code: 'unavailable' })
    expect(proxy.count(fault.kind)).toBeGreaterThan(0)
    await proxy.idle()
    proxy.plan(() => null)
    for (const again of [one, process()])
      expect(await again.approvals.redeem(request.id, claim)).toMatchObject({ next: 'execute' })
    expect(await outcomeOf(process().approvals.redeem(request.id, { ...claim, redemption: uuidOf('second') }))).toBe(
      'already-redeemed',
    )
    expect(await archive().list('ends/')).toHaveLength(1)
  })
})
