import { rowKey } from '../../src/azure/rowKey.ts'
import { decide } from '../../src/core/request/decision.ts'
import { type RequestId, type Shard, shards } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { bot, dba2 } from '../support/build.ts'
import { type Call, type Fault, type FaultProxy, startFaultProxy } from '../support/faultProxy.ts'
import { agent, votes } from '../support/world.ts'
import { isWhole } from '../support/whole.ts'
import { type Account, startAccount } from '../evidence/account.ts'
import { asked, at, day, scratch } from '../evidence/days.ts'
import { type Repairer, type Site, siteOn } from './repairing.ts'

const { folder: spool, clean } = scratch()
let account: Account
let proxy: FaultProxy
let site: Site
let honest: Repairer

beforeAll(async () => {
  account = await startAccount(spool)
  proxy = await startFaultProxy(account.tablesUrl)
})
afterAll(async () => {
  await proxy.close()
  await account.close()
  clean()
})
beforeEach(async () => {
  proxy.plan(() => null)
  site = await siteOn(account)
  honest = await site.process()
})

/** Each attempt has a shard of its own. */
let shard = shards[0] as Shard
const facts = { accounts: [dba2], groups: ['dba'], member: true, enabled: true, asOf: at(4, '12:00:00') }

const asker = agent(bot, { limits: { pending: 100, hourly: 1_000 } })

/** Three requests whose rows or events somebody changes, and one that nobody touches. */
async function tampered(): Promise<readonly ApprovalRequest[]> {
  const { approvals } = honest
  const requests: ApprovalRequest[] = []
  for (const _ of [1, 2, 3, 4]) requests.push((await approvals.ask({ ...asked(shard), agent: asker })).request)
  const [first, second, third] = requests
  if (!first || !second || !third) throw new Error('They were asked for.')
  await site.insider.request(second.id, () => ({ executor: dba2 }))
  await site.insider.edit(shard, rowKey.event(first.events[0]?.seq ?? 0), ({ leaf, said, partitionKey, rowKey }) => {
    return { leaf, said, partitionKey, rowKey, mac: '0'.repeat(64) }
  })
  await site.insider.commit(third.id, (request) =>
    decide(request, {
      ...{ approver: dba2, name: 'Dana', verdict: 'approve', at: request.createdAt, facts },
      seen: { via: 'api', digest: request.digest },
    }),
  )
  return requests
}

const isWrite = ({ method, path }: Call) => (method !== 'GET' && path.includes('ledger')) || path.includes('$batch')

/** What a crash leaves: so many writes are carried out, and the last of them is answered or not; nothing after it arrives. */
function crashAfter(writes: number, last: Fault | null): void {
  let left = writes
  proxy.plan((call) => {
    if (left === 0) return { kind: 'status', status: 403 }
    if (!isWrite(call)) return null
    left -= 1
    return left === 0 ? last : null
  })
}

const typesOf = async (one: Repairer, id: RequestId) =>
  (await one.approvals.read(id, { kind: 'agent', id: bot })).events.map(({ type }) => type)

/** All that a repair leaves: each thing is recorded once. */
async function isRepaired(requests: readonly ApprovalRequest[]): Promise<void> {
  const one = await site.process()
  expect(await one.repair(shard)).toEqual({ shard, chain: null, requests: [] })
  const leaves: { type: string; request?: string; data: object }[] = []
  for await (const page of one.ledger.stream(shard, 0, 1e6))
    leaves.push(...page.map(({ text }) => JSON.parse(text) as (typeof leaves)[number]))
  const events = leaves.filter(({ type }) => type === 'tampered')
  expect(events.filter(({ request }) => request === undefined)).toMatchObject([
    { data: { from: 2, to: 7, check: 'mac' } },
  ])
  const [first, second, third, fourth] = requests.map(({ id }) => id)
  expect(new Set(events.map(({ request }) => request))).toEqual(new Set([undefined, second, third]))
  expect(events).toHaveLength(3)
  for (const id of [second, third]) expect(await typesOf(one, id as RequestId)).toEqual(['requested', 'tampered'])
  for (const id of [first, fourth]) expect(await typesOf(one, id as RequestId)).toEqual(['requested'])
  expect((await site.insider.rows(shard)).filter(({ rowKey: key }) => key === 'repair')).toEqual([])
  expect((await one.approvals.decide(fourth as RequestId, votes(requests[3] as ApprovalRequest))).status).toBe(
    'approved',
  )
}

test('without a crash all of it is done in one call', async () => {
  const requests = await tampered()
  const { chain, requests: done } = await honest.repair(shard)
  expect(chain).toMatchObject({ from: 2, to: 7, moved: 2, mended: [2] })
  expect(done.map(({ done }) => done)).toEqual(['ended', 'ended'])
  await isRepaired(requests)
})

// Whether the last write was answered makes no difference to what is stored, so the writes take turns.
const lasts: readonly (Fault | null)[] = [{ kind: 'status', status: 403, after: true }, null]

/** Every third in `npm test`, so that the writes take turns there too. */
const stride = isWhole ? 1 : 3

test('a crash after any write, answered or not, leaves what the next call goes on with', async () => {
  let writes = 0
  for (let isDone = false; !isDone; ) {
    shard = shards[writes] as Shard
    writes += stride
    const requests = await tampered()
    const broken = await site.process({ tables: proxy.url })
    crashAfter(writes, lasts[writes % 2] ?? null)
    isDone = (await Promise.allSettled([broken.repair(shard)])).every(({ status }) => status === 'fulfilled')
    proxy.plan(() => null)
    await proxy.idle()
    await (await site.process()).repair(shard)
    await isRepaired(requests)
  }
  expect(writes).toBeGreaterThan(10)
  site.clock.set(at(5, '00:05:00'))
  expect(await site.sealer.run()).toEqual([day(4)])
})
