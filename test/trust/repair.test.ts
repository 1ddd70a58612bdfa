import { rowKey } from '../../src/azure/rowKey.ts'
import { canonicalAction } from '../../src/core/action/action.ts'
import { type RequestId, type Shard, sha256 } from '../../src/core/data/id.ts'
import { decide } from '../../src/core/request/decision.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { StoredRow } from '../../src/ports/ledgerRows.ts'
import { bot, dba, dba2, runner } from '../support/build.ts'
import { claims, codeOf, outcomeOf, votes } from '../support/world.ts'
import { someOf } from '../support/whole.ts'
import { type Account, startAccount } from '../evidence/account.ts'
import { asked, at, day, scratch } from '../evidence/days.ts'
import type { Columns } from './insider.ts'
import { type Repairer, type Site, siteOn } from './repairing.ts'

const { folder: spool, clean } = scratch()
let account: Account
let site: Site
/** Does what is honest. */
let honest: Repairer

beforeAll(async () => {
  account = await startAccount(spool, 'memory')
})
afterAll(async () => {
  await account.close()
  clean()
})

async function begin(): Promise<void> {
  site = await siteOn(account)
  honest = await site.process()
}

const shard = '07' as Shard
const holds = { shard, chain: null, requests: [] }

/** Leads a request of the shard up to a step. */
const steps = ['asked', 'approved', 'redeemed', 'succeeded'] as const
type Step = (typeof steps)[number]

async function lived(last: Step): Promise<ApprovalRequest> {
  const { approvals } = honest
  const { request } = await approvals.ask(asked('07'))
  const { id } = request
  const acts: Record<Step, () => Promise<unknown>> = {
    asked: async () => undefined,
    approved: () => approvals.decide(id, votes(request)),
    redeemed: async () => approvals.redeem(id, await claims(honest, await found(id), 'first')),
    succeeded: () => approvals.report(id, { executor: bot, result: 'succeeded' }),
  }
  for (const step of steps.slice(0, steps.indexOf(last) + 1)) await acts[step]()
  return found(id)
}

async function found(id: RequestId): Promise<ApprovalRequest> {
  const request = await honest.ledger.find(id)
  if (!request) throw new Error('There is no such request.')
  return request
}

/** Asks a process that remembers nothing. */
const repair = async (more?: Parameters<Repairer['repair']>[1]) => (await site.process()).repair(shard, more)
const read = async (id: RequestId, one?: Repairer) =>
  (one ?? (await site.process())).approvals.read(id, { kind: 'agent', id: bot })

const typesOf = ({ events }: ApprovalRequest) => events.map(({ type }) => type)
const newestOf = ({ events }: ApprovalRequest) => events.at(-1)?.seq ?? 0

const facts = { accounts: [dba2], groups: ['dba'], member: true, enabled: true, asOf: at(4, '12:00:00') }

/** Commits an approval in somebody's name, as the service would, without its key. */
const forgeApproval = ({ id }: Pick<ApprovalRequest, 'id'>) =>
  site.insider.commit(id, (request) =>
    decide(request, {
      ...{ approver: dba2, name: 'Dana', verdict: 'approve', at: request.createdAt, facts },
      seen: { via: 'api', digest: request.digest },
    }),
  )

/** Changes the newest event of an approved request: who approved it. */
const editNewest = (request: ApprovalRequest) =>
  site.insider.event(request.id, newestOf(request), (text) => text.replace('quorum', 'policy'))

async function seal(dayAfter = 5) {
  site.clock.set(at(dayAfter, '00:05:00'))
  return site.sealer.run()
}

describe('a request', () => {
  /** An edit of the storage, after which step, what the repair does about the request, and how it was found out. */
  type Attack = readonly [string, Step, (request: ApprovalRequest) => Promise<unknown>, 'ended' | 'rebuilt', string]

  const edit =
    (change: (state: Columns) => Columns, columns: Columns = {}) =>
    ({ id }: ApprovalRequest) =>
      site.insider.request(id, change, columns)

  const other = { action: 'db.export', target: 'prod/postgres/salaries', environment: 'production', params: {} }
  const approved = { status: 'approved', approvedAt: at(4, '12:00:00'), lapsesAt: at(4, '13:00:00') }

  const attacks: readonly Attack[] = [
    ['the row says that it is approved', 'asked', edit(() => approved), 'ended', 'events'],
    [
      'nobody is excluded any more',
      'asked',
      edit(({ requirement }) => ({ requirement: { ...(requirement as object), excluded: [] } })),
      'ended',
      'events',
    ],
    ['an approval is forged, with its head', 'asked', forgeApproval, 'ended', 'mac'],
    [
      'action and digest are swapped',
      'approved',
      edit(() => ({ digest: `sha256:${sha256(canonicalAction(other))}` }), { action: canonicalAction(other) }),
      'ended',
      'events',
    ],
    ['the executor is another', 'approved', edit(() => ({ executor: runner })), 'ended', 'events'],
    ['it is said to be approved again', 'redeemed', edit(() => approved), 'rebuilt', 'events'],
    ['it is said to be approved again, after its report', 'succeeded', edit(() => approved), 'rebuilt', 'events'],
    ['the agent has another name', 'asked', edit(() => ({ agent: { id: bot, name: 'payroll-bot' } })), 'ended', 'mac'],
    [
      'the reason is another, in the row and beside the event',
      'redeemed',
      async ({ id, said, events }) => {
        const texts = said.map((text) => ({ ...text, text: 'Routine.' }))
        await site.insider.edit(shard, rowKey.request(id), () => ({ said: JSON.stringify(texts) }))
        await site.insider.edit(shard, rowKey.event(events[0]?.seq ?? 0), ({ said: kept }) => {
          const before = JSON.parse(String(kept)) as Record<string, { salt: string }>
          return { said: JSON.stringify({ reason: { ...before['reason'], text: 'Routine.' } }) }
        })
      },
      'rebuilt',
      'events',
    ],
    [
      'what is written beside an event cannot be read',
      'asked',
      ({ events }) => site.insider.edit(shard, rowKey.event(events[0]?.seq ?? 0), () => ({ said: '{' })),
      'ended',
      'events',
    ],
    ['the row is gone', 'approved', ({ id }) => site.insider.drop(shard, rowKey.request(id)), 'ended', 'missing'],
    [
      'the row is no JSON',
      'asked',
      ({ id }) => site.insider.edit(shard, rowKey.request(id), () => ({ state: '{' })),
      'ended',
      'form',
    ],
    [
      'the row holds something else',
      'asked',
      ({ id }) => site.insider.edit(shard, rowKey.request(id), () => ({ state: '{"id":7,"events":{}}' })),
      'ended',
      'form',
    ],
    ['a member that no open request has', 'approved', edit(() => ({ erasureAsks: [] })), 'ended', 'form'],
    ['its newest event was edited', 'approved', editNewest, 'ended', 'events'],
    [
      'it never expires, and nobody would ask for it',
      'asked',
      async (request) => {
        const expiresAt = '2036-01-01T00:00:00.000Z'
        await edit(({ requirement }) => ({ requirement: { ...(requirement as object), expiresAt } }))(request)
        const key = rowKey.due(request.requirement?.expiresAt ?? at(4, '12:00:00'), request.id)
        await site.insider.drop(shard, key)
        await site.insider.put({ partitionKey: shard, rowKey: rowKey.due(expiresAt as never, request.id), v: 1 })
      },
      'ended',
      'events',
    ],
  ]

  beforeAll(begin)

  const tried = someOf(attacks, ([, step, , done, check]) => `${step} ${done} ${check}`)

  test.each(tried)('holds again after %s, and nothing of it is granted', async (_what, step, attack, done, check) => {
    const request = await lived(step)
    await attack(request)
    const one = await site.process()
    expect((await one.repair(shard)).requests).toEqual([{ request: request.id, done }])
    const now = await read(request.id, one)
    const [tampered] = (await one.ledger.events(now)).slice(-1)
    expect(JSON.parse(tampered?.text ?? '{}')).toMatchObject({
      type: 'tampered',
      data: { check },
      request: request.id,
    })
    expect(now.status).toBe(done === 'ended' ? 'revoked' : request.status)
    expect(await outcomeOf(one.approvals.decide(request.id, votes(request, dba2)))).not.toBe('ok')
    for (const reader of [bot, runner]) expect((await one.approvals.grant(now, reader)).grant).toBeNull()
    expect(await one.repair(shard)).toEqual(holds)
    const dues = (await site.insider.rows(shard)).filter((row) => String(row['rowKey']).includes(request.id))
    expect(dues.filter((row) => String(row['rowKey']).startsWith('due-'))).toHaveLength(
      now.status === 'redeemed' ? 1 : 0,
    )
    honest = await site.process()
  })

  test('ends whose row holds, if a forged event names it', async () => {
    const request = await lived('asked')
    const row = await site.insider.row(shard, rowKey.request(request.id))
    await forgeApproval(request)
    await site.insider.put(row)
    expect((await repair()).requests).toEqual([{ request: request.id, done: 'ended' }])
    expect((await read(request.id)).status).toBe('revoked')
    honest = await site.process()
  })

  test('goes on to its report if it was redeemed', async () => {
    const request = await lived('redeemed')
    await site.insider.request(request.id, () => approved)
    await repair()
    const { approvals } = await site.process()
    expect((await approvals.report(request.id, { executor: bot, result: 'failed' })).status).toBe('failed')
  })

  test('that nobody asked for goes, with all its rows', async () => {
    const request = await lived('asked')
    const row = await site.insider.row(shard, rowKey.request(request.id))
    const id = `${request.id.slice(0, 20)}zzzzzz-07` as RequestId
    const state = { ...(JSON.parse(String(row['state'])) as object), id, ...approved }
    await site.insider.put({ ...row, rowKey: rowKey.request(id), state: JSON.stringify(state) })
    await site.insider.put({ partitionKey: shard, rowKey: rowKey.due(at(4, '13:00:00'), id), v: 1, status: 'approved' })
    expect((await repair()).requests).toEqual([{ request: id, done: 'removed' }])
    const keys = (await site.insider.rows(shard)).map(({ rowKey: key }) => String(key))
    expect(keys.filter((key) => key.includes(id) || key === rowKey.request(id))).toEqual([])
  })

  test('whose older row was put back is what it is, and no approval comes back', async () => {
    const request = await lived('approved')
    const older = await site.insider.row(shard, rowKey.request(request.id))
    await honest.approvals.revoke(request.id, dba)
    await site.insider.put(older)
    expect((await repair()).requests).toEqual([{ request: request.id, done: 'rebuilt' }])
    expect(typesOf(await read(request.id)).slice(-2)).toEqual(['revoked', 'tampered'])
  })

  test('leaves a day that can be sealed, whatever was done to it', async () => {
    expect(await seal()).toEqual([day(4)])
    expect(await site.sealer.seals.alarm()).toBeNull()
    const ends = await site.sealer.archive.list('ends/')
    expect(ends.length).toBeGreaterThan(tried.filter(([, , , done]) => done === 'ended').length)
  })
})

describe('a chain', () => {
  beforeEach(begin)

  test('loses forged events, which are kept beside it with every column', async () => {
    const request = await lived('asked')
    await forgeApproval(request)
    const forged = await site.insider.row(shard, rowKey.event(3))
    const { chain } = await repair()
    expect(chain).toEqual({ from: 3, to: 4, check: 'mac', moved: 2, mended: [], recorded: 3 })
    const kept = await site.insider.rows(`tampered-${shard}`)
    expect(kept.map(({ rowKey: key }) => String(key).replace(/-[0-9a-f]{64}$/, ''))).toEqual(
      expect.arrayContaining([rowKey.event(3), rowKey.event(4), 'head', rowKey.request(request.id)]),
    )
    const { partitionKey: _partition, rowKey: key, ...columns } = forged
    expect(kept.find((row) => String(row['rowKey']).startsWith(String(key)))).toMatchObject(columns)
    expect(typesOf(await read(request.id))).toEqual(['requested', 'tampered'])
  })

  test('loses them in many transactions where there are many, and those far beyond the end', async () => {
    const request = await lived('asked')
    const event = await site.insider.row(shard, rowKey.event(2))
    for (const seq of Array.from({ length: 120 }, (_, i) => i + 3))
      await site.insider.put({ ...event, rowKey: rowKey.event(seq) })
    await site.insider.put({ ...event, rowKey: rowKey.event(999_999_999_999) })
    const { chain } = await repair()
    expect(chain).toMatchObject({ from: 3, to: 999_999_999_999, moved: 121, recorded: 3 })
    expect(await read(request.id)).toMatchObject({ status: 'revoked' })
    expect(await seal()).toEqual([day(4)])
  })

  test.each<[string, (head: Columns) => Promise<unknown>]>([
    ['was edited', (head) => site.insider.put({ ...head, seq: 1 })],
    ['names another policy', (head) => site.insider.put({ ...head, policy: `sha256:${sha256('weak')}` })],
    ['is gone', () => site.insider.drop(shard, 'head')],
    ['cannot be read', (head) => site.insider.put({ ...head, seq: 'x' })],
  ])('gets its head again, which %s, and goes on under the same policy', async (_how, attack) => {
    const request = await lived('approved')
    const head = await site.insider.row(shard, 'head')
    await attack(head)
    expect(await repair()).toMatchObject({
      chain: { from: 4, to: 4, check: 'head', moved: 0, recorded: 5 },
      requests: [],
    })
    expect(await site.insider.row(shard, 'head')).toMatchObject({ policy: head['policy'] })
    const one = await site.process()
    await one.approvals.redeem(request.id, await claims(one, request, 'first'))
    expect(await seal()).toEqual([day(4)])
  })

  test('gets its head again where an authentic one of an earlier time lies', async () => {
    const request = await lived('asked')
    const head = await site.insider.row(shard, 'head')
    await honest.approvals.decide(request.id, votes(request))
    await site.insider.put(head)
    expect((await repair()).chain).toMatchObject({ from: 4, to: 4, check: 'head', moved: 0 })
    expect(await seal()).toEqual([day(4)])
  })

  test('loses both halves of a commit of which one is lost', async () => {
    const request = await lived('approved')
    await editNewest(request)
    expect((await repair()).chain).toMatchObject({ from: 3, to: 4, check: 'mac', moved: 2, recorded: 3 })
    expect(typesOf(await read(request.id))).toEqual(['requested', 'tampered'])
    expect(await seal()).toEqual([day(4)])
  })

  test('loses rows that are no events', async () => {
    await lived('approved')
    const row = await site.insider.row(shard, rowKey.event(2))
    await site.insider.put({ ...row, rowKey: 'event-000000000002x' })
    expect((await repair()).chain).toMatchObject({ from: 2, to: 2, check: 'form', moved: 1, recorded: 5 })
    expect(await seal()).toEqual([day(4)])
  })

  test('that holds is left as it is, to the row', async () => {
    await lived('succeeded')
    await lived('asked')
    const before = await site.insider.rows(shard)
    expect(await repair()).toEqual(holds)
    expect(await (await site.process()).repair('0f' as Shard)).toEqual({ ...holds, shard: '0f' })
    expect(await site.insider.rows(shard)).toEqual(before)
  })

  test('that was repaired is believed by a process that remembers it longer, and no older one is', async () => {
    const request = await lived('approved')
    const before = await site.insider.rows(shard)
    await editNewest(request)
    await repair()
    expect(await read(request.id, honest)).toMatchObject({ status: 'revoked' })
    expect(await outcomeOf(honest.approvals.ask(asked('07')))).toBe('ok')
    await site.insider.restore(shard, before)
    expect(await outcomeOf(read(request.id, honest))).toBe('evidence-broken')
    expect(await outcomeOf(honest.approvals.ask(asked('07')))).toBe('evidence-broken')
    const one = await site.process()
    const claim = await claims(one, request, 'first')
    expect(await outcomeOf(one.approvals.redeem(request.id, claim))).toBe('evidence-broken')
  })

  test('is repaired once by two who do it at once', async () => {
    const request = await lived('asked')
    await forgeApproval(request)
    const [one, two] = [await site.process(), await site.process()]
    const results = await Promise.allSettled([one.repair(shard), two.repair(shard), one.repair(shard)])
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
    expect(typesOf(await read(request.id))).toEqual(['requested', 'tampered'])
    expect((await (await site.process()).ledger.news(shard, null)).seq).toBe(4)
    expect(await seal()).toEqual([day(4)])
  })

  test('is not repaired with a reason that holds a secret', async () => {
    expect(await codeOf(repair({ why: 'password=hunter2hunter2' }))).toBe('secret-in-params')
  })
})

describe('a leaf in the middle whose bytes are lost', () => {
  beforeEach(begin)

  const lose = async (request: ApprovalRequest) => {
    const row = await site.insider.row(shard, rowKey.event(2))
    await site.insider.event(request.id, 2, (text) => text.replace('"db.export"', '"db.report"'))
    return row
  }

  test('is refused by its number and hash, and nothing is changed', async () => {
    const request = await lived('approved')
    await lose(request)
    const before = await site.insider.rows(shard)
    const refusal = await repair().catch((cause: unknown) => cause)
    expect(refusal).toMatchObject({ code: 'not-repairable' })
    expect(String(refusal)).toContain(`Event 2 of shard 07 is lost, and later events hold.`)
    expect(String(refusal)).toContain(request.events[0]?.hash)
    expect(await site.insider.rows(shard)).toEqual(before)
    expect(await site.insider.rows('tampered-07')).toEqual([])
    expect(await seal()).toEqual([])
  })

  test('holds again once its leaf was put back, whatever else of the row is lost', async () => {
    const request = await lived('approved')
    const { leaf } = await lose(request)
    await site.insider.put({ partitionKey: shard, rowKey: rowKey.event(2), leaf })
    const { chain, requests } = await repair()
    expect(chain).toEqual({ from: 2, to: 2, check: 'mac', moved: 0, mended: [2], recorded: 5 })
    // What the agent gave as the reason is lost, and so the request ends.
    expect(requests).toEqual([{ request: request.id, done: 'ended' }])
    expect(await seal()).toEqual([day(4)])
  })

  test('needs no repair once its row was put back as it was', async () => {
    const request = await lived('approved')
    await site.insider.put(await lose(request))
    expect(await repair()).toEqual(holds)
    expect(await seal()).toEqual([day(4)])
  })

  test('is refused of a sealed day, and holds again with the bytes of its bundle', async () => {
    const request = await lived('succeeded')
    expect(await seal()).toEqual([day(4)])
    const { leaf } = await lose(request)
    const order = { requests: [request.id] }
    expect(await codeOf(repair(order))).toBe('not-repairable')
    await site.insider.put({ partitionKey: shard, rowKey: rowKey.event(2), leaf })
    expect((await repair(order)).requests).toEqual([{ request: request.id, done: 'rebuilt' }])
    expect(await seal(6)).toEqual([day(5)])
  })
})

describe('what is known from elsewhere than the rows is never left out', () => {
  beforeEach(begin)

  async function refused(words: string): Promise<void> {
    const before = await site.insider.rows(shard)
    const refusal = await repair().catch((cause: unknown) => cause)
    expect(refusal).toMatchObject({ code: 'not-repairable' })
    expect(String(refusal)).toContain(words)
    expect(await site.insider.rows(shard)).toEqual(before)
  }

  test('the newest witnessed head', async () => {
    const request = await lived('approved')
    await honest.witness.record()
    await editNewest(request)
    await refused('Event 4 of shard 07 is lost, and it is named by the heads in the archive.')
  })

  test('an end of a request that has a file', async () => {
    const request = await lived('redeemed')
    await site.insider.event(request.id, 5, (text) => text.replace('"redeemed"', '"redeemet"'))
    await refused('Event 5 of shard 07 is lost, and it ended a request')
  })

  test('an end of a request that was open when the newest day was sealed', async () => {
    site.clock.set(at(4, '23:30:00'))
    const request = await lived('approved')
    site.clock.set(at(5, '00:05:00'))
    expect(await site.sealer.run()).toEqual([day(4)])
    await honest.approvals.cancel(request.id, bot)
    await site.insider.drop(shard, rowKey.event(5))
    await refused('Event 5 of shard 07 is lost, and it ended a request')
  })

  test('a day that is planned', async () => {
    const request = await lived('approved')
    const event = await site.insider.row(shard, rowKey.event(2))
    await site.insider.drop(shard, rowKey.event(2))
    // The plan is drawn, and then the day is not found to hold.
    expect(await seal()).toEqual([])
    expect(await site.sealer.seals.plan(day(4))).not.toBeNull()
    await site.insider.put(event)
    await editNewest(request)
    await refused(`Event 4 of shard 07 is lost, and it is in the plan of ${day(4)}.`)
  })

  test('an event that a snapshot has, and its row from there holds again', async () => {
    const request = await lived('approved')
    const [name = ''] = await site.snapshot()
    await editNewest(request)
    await refused(`Event 4 of shard 07 is lost, and it is in the snapshot ${name}.`)
    const file = Buffer.from((await site.sealer.archive.read(name)) ?? []).toString()
    const rows = file
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as StoredRow)
    const [kept] = rows.filter(({ row }) => row === rowKey.event(4))
    await site.insider.put({ partitionKey: shard, rowKey: rowKey.event(4), ...kept?.columns, said: '{}' })
    expect(await repair()).toEqual(holds)
    expect(await site.snapshot()).toEqual([])
    expect(site.sealer.failures).toEqual([])
  })

  test('its row is put back by its leaf alone, where a file names its hash', async () => {
    const request = await lived('approved')
    await honest.witness.record()
    const { leaf } = await site.insider.row(shard, rowKey.event(4))
    await site.insider.put({ partitionKey: shard, rowKey: rowKey.event(4), leaf })
    await site.insider.drop(shard, 'head')
    expect((await repair()).chain).toMatchObject({ from: 4, to: 4, mended: [4], moved: 0, recorded: 5 })
    expect((await read(request.id)).status).toBe('approved')
  })
})

describe('a closed request of a sealed day', () => {
  beforeEach(begin)

  test('is rebuilt when it is named, or when this process met it', async () => {
    const request = await lived('succeeded')
    expect(await seal()).toEqual([day(4)])
    await site.insider.request(request.id, () => ({ executor: runner }))
    expect(await repair()).toEqual(holds)
    const done = [{ request: request.id, done: 'rebuilt' }]
    expect((await repair({ requests: [request.id] })).requests).toEqual(done)
    expect(await read(request.id)).toMatchObject({ status: 'succeeded', executor: bot })
    await site.insider.request(request.id, () => ({ executor: runner }))
    expect((await (await site.process({ broken: [request.id] })).repair(shard)).requests).toEqual(done)
  })

  test('that is open again by an older row is found without being named', async () => {
    const request = await lived('approved')
    const older = await site.insider.rows(shard)
    await honest.approvals.revoke(request.id, dba)
    expect(await seal()).toEqual([day(4)])
    const mine = older.filter((row) => /^(request|due)-/.test(String(row['rowKey'])))
    for (const row of mine) await site.insider.put(row)
    expect((await repair()).requests).toEqual([{ request: request.id, done: 'rebuilt' }])
    expect((await read(request.id)).status).toBe('revoked')
  })
})
