import { randomUUID } from 'node:crypto'
import type { Attempt } from '../../src/approvals/refusals.ts'
import { digestOf, type ObjectId, type RequestId } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { due } from '../../src/core/request/request.ts'
import { Conflict, type Ledger } from '../../src/ports/ledger.ts'
import { after, bot, dba, dba2, needs, oid, owner, runner, slot, tool } from '../support/build.ts'
import {
  anApproved,
  apart,
  asks,
  claims,
  codeOf,
  history,
  stranger,
  votes,
  type World,
  world,
} from '../support/world.ts'

/** What the request's events say of refused callers. */
async function refusals({ ledger, approvals }: Pick<World, 'ledger' | 'approvals'>, id: RequestId) {
  const request = await ledger.find(id)
  const events = request ? await approvals.events(request) : []
  return events
    .map(({ text }) => JSON.parse(text))
    .filter(({ type }) => type === 'refused')
    .map(({ actor, data }) => ({ by: actor.id, ...data }))
}

const blind = { seen: { via: 'teams', view: digestOf('never shown') } } as const

test.each([
  ['self-approval', owner, {}, { via: 'api' }],
  [
    'digest-mismatch',
    dba,
    { seen: { via: 'api', digest: digestOf('another'), client: tool } },
    { via: 'api', client: tool },
  ],
  ['blind-view', dba, blind, { via: 'teams' }],
  ['blind-view', owner, { ...blind, verdict: 'deny' }, { via: 'teams' }],
] as const)('a decision that is refused is recorded: %s', async (code, approver, other, data) => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  for (let times = 0; times < 2; times++)
    expect(await codeOf(here.approvals.decide(request.id, votes(request, approver, other)))).toBe(
      code === 'blind-view' ? 'digest-mismatch' : code,
    )
  expect(await refusals(here, request.id)).toEqual([{ by: approver, act: 'decide', code, ...data }])
})

test('a decision through another door than the policy names is recorded', async () => {
  const here = await world(() => needs([slot('dba')], { via: ['teams'] }))
  const { request } = await here.approvals.ask(asks())
  expect(await codeOf(here.approvals.decide(request.id, votes(request)))).toBe('not-permitted')
  expect(await refusals(here, request.id)).toMatchObject([{ act: 'decide', code: 'not-permitted', via: 'api' }])
})

test('a redemption that is refused is recorded, also after the request has ended', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  await here.approvals.cancel(request.id, bot)
  const redemption = { caller: bot, mayRedeemForOthers: true, digest: request.digest, redemption: randomUUID() }
  for (let times = 0; times < 2; times++)
    expect(await codeOf(here.approvals.redeem(request.id, { ...redemption, grant: 'a.b.c' }))).toBe('grant-invalid')
  expect(await refusals(here, request.id)).toEqual([{ by: bot, act: 'redeem', code: 'grant-invalid' }])
  expect((await here.ledger.find(request.id))?.status).toBe('cancelled')
})

test('a grant of another request, of another action or for another executor is recorded', async () => {
  const here = await world()
  const request = await anApproved(here, asks({ executor: runner }))
  const claim = await claims(here, request, 'one')
  const redeem = (more: Partial<typeof claim>) => codeOf(here.approvals.redeem(request.id, { ...claim, ...more }))
  expect(await redeem({ caller: bot })).toBe('grant-invalid')
  expect(await redeem({ mayRedeemForOthers: false })).toBe('not-permitted')
  expect(await redeem({ digest: digestOf('another') })).toBe('digest-mismatch')
  expect(await refusals(here, request.id)).toEqual([
    { by: bot, act: 'redeem', code: 'grant-invalid' },
    { by: runner, act: 'redeem', code: 'not-permitted' },
    { by: runner, act: 'redeem', code: 'digest-mismatch' },
  ])
  expect((await here.approvals.redeem(request.id, claim)).request.status).toBe('redeemed')
})

describe('a caller who may not know of the request', () => {
  const attempt = (kind: 'agent' | 'person', id: ObjectId): Attempt => ({ by: { kind, id }, act: 'decide' })
  const problem = new Problem('not-permitted', 'No.', { isBorrowed: true })

  test('leaves no trace, in any way in', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    const before = await here.ledger.load(request.id.slice(-2) as never, {})
    const redemption = { mayRedeemForOthers: true, digest: request.digest, redemption: randomUUID(), grant: 'a.b.c' }
    expect(await codeOf(here.approvals.decide(request.id, votes(request, stranger, blind)))).toBe('not-found')
    expect(await codeOf(here.approvals.revoke(request.id, stranger))).toBe('not-found')
    expect(await codeOf(here.approvals.redeem(request.id, { caller: runner, ...redemption }))).toBe('grant-invalid')
    for (const [kind, id] of [
      ['person', stranger],
      ['person', bot],
      ['agent', runner],
      ['agent', dba],
    ] as const)
      await here.approvals.refused(request.id, attempt(kind, id), problem)
    await here.approvals.refused('01kjw2xm00abcdefghjkmnpqrs-07' as RequestId, attempt('agent', bot), problem)
    expect((await here.ledger.load(request.id.slice(-2) as never, {})).head).toEqual(before.head)
  })

  test('is told from one who may, whom a door refused', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    await here.approvals.refused(request.id, { ...attempt('person', dba), client: oid(99) }, problem)
    await here.approvals.refused(request.id, attempt('agent', bot), new Problem('not-permitted', 'This is for people.'))
    expect(await refusals(here, request.id)).toEqual([
      { by: dba, act: 'decide', code: 'borrowed-token', client: oid(99) },
      { by: bot, act: 'decide', code: 'not-permitted' },
    ])
  })
})

test('a refusal moves no deadline, no card and no content', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  here.ledger.posts.clear()
  here.clock.set(after(30))
  await codeOf(here.approvals.decide(request.id, votes(request, owner)))
  const now = await here.approvals.read(request.id, { kind: 'agent', id: bot })
  const { refusals: recorded, events, ...rest } = now
  expect(recorded).toEqual([{ by: owner, code: 'self-approval' }])
  expect({ ...rest, events: events.slice(0, 1) }).toEqual({ ...request })
  expect(due(now)).toBe(due(request))
  expect([...here.ledger.posts.keys()]).toEqual([])
  expect((await here.approvals.decide(request.id, votes(request, dba2))).status).toBe('approved')
  expect(await history(here, request.id)).toEqual(['requested', 'refused', 'decided', 'approved'])
})

test('a row that hides a refusal, or makes one up, does not hold', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  await codeOf(here.approvals.decide(request.id, votes(request, owner)))
  const row = await here.ledger.find(request.id)
  if (!row) throw new Error('It is gone.')
  const { refusals: _gone, ...without } = row
  const { request: other } = await here.approvals.ask(asks())
  const none = await here.ledger.find(other.id)
  if (!none) throw new Error('It is gone.')
  const refusals = [{ by: dba, code: 'blind-view' } as const]
  for (const [asked, forged] of [
    [request, without],
    [request, { ...row, refusals }],
    [other, { ...none, refusals }],
  ] as const) {
    here.ledger.forge(asked.id, forged)
    expect(await codeOf(here.another().approvals.decide(asked.id, votes(asked)))).toBe('evidence-broken')
  }
})

describe('a refusal that cannot be recorded', () => {
  const refusedOn = async (
    here: World,
    commit: Ledger['commit'],
    pause = (): Promise<unknown> => new Promise(() => {}),
  ) => {
    const { request } = await here.approvals.ask(asks())
    const noted: unknown[] = []
    const other = here.another({
      ledger: { ...apart(here.ledger), commit },
      noted: (cause) => void noted.push(cause),
      backOff: async () => {},
      pause,
    })
    const code = await codeOf(other.approvals.decide(request.id, votes(request, owner)))
    return { code, noted, events: await history(here, request.id) }
  }

  test.each([
    ['the storage is away', new Problem('unavailable', 'Away.'), 'unavailable'],
    ['every race is lost', new Conflict(), 'busy'],
  ])('is answered all the same: %s', async (_what, cause, code) => {
    const told = await refusedOn(await world(), () => Promise.reject(cause))
    expect(told).toMatchObject({ code: 'self-approval', events: ['requested'] })
    expect(told.noted).toContainEqual(expect.objectContaining({ code }))
  })

  test('is answered before the record if that takes long', async () => {
    const told = await refusedOn(
      await world(),
      () => new Promise(() => {}),
      async () => undefined,
    )
    expect(told.code).toBe('self-approval')
  })
})

test('an attempt that is not refused reads and writes no more than before', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  const calls: string[] = []
  const ledger = apart(here.ledger)
  const counted = Object.fromEntries(
    Object.entries(ledger).map(([name, call]) => [
      name,
      (...args: never[]) => {
        calls.push(name)
        return (call as (...given: never[]) => unknown)(...args)
      },
    ]),
  ) as unknown as Ledger
  await here.another({ ledger: counted }).approvals.decide(request.id, votes(request))
  expect(calls.toSorted()).toEqual(['commit', 'events', 'find', 'inTurn', 'load'])
})
