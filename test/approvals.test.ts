import type { ObjectId } from '../src/core/id.ts'
import type { ProblemCode } from '../src/core/problem.ts'
import { bot, dba, dba2, needs, oid, owner, requestId, runner, security, slot } from './build.ts'
import {
  agent,
  anApproved,
  asks,
  claims,
  codeOf,
  disabled,
  guest,
  history,
  ownerAlias,
  stranger,
  votes,
  world,
} from './world.ts'

describe('quorum', () => {
  const both = () => needs([slot('dba'), slot('security')])

  test('over two groups needs one of each, and then grants', async () => {
    const here = await world(both)
    const { request } = await here.approvals.ask(asks())
    const one = await here.approvals.decide(request.id, votes(request, dba))
    expect(one.status).toBe('pending')
    const two = await here.approvals.decide(request.id, votes(request, security))
    expect(two.status).toBe('approved')
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'decided', 'approved'])
  })

  test('is not met by two of the same group', async () => {
    const here = await world(both)
    const { request } = await here.approvals.ask(asks())
    await here.approvals.decide(request.id, votes(request, dba))
    expect((await here.approvals.decide(request.id, votes(request, dba2))).status).toBe('pending')
  })

  test('is met by votes that race, none of them lost', async () => {
    const here = await world(() => needs([slot('dba', 2), slot('security')]))
    const { request } = await here.approvals.ask(asks())
    const places = [here, here.another(), here.another()]
    const people = [dba, dba2, security]
    await Promise.all(people.map((id, i) => (places[i] ?? here).approvals.decide(request.id, votes(request, id))))
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'decided', 'decided', 'approved'])
  })

  test('closes once, when an approval and a denial race', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    const results = await Promise.allSettled([
      here.another().approvals.decide(request.id, votes(request, dba)),
      here.another().approvals.decide(request.id, votes(request, dba2, { verdict: 'deny' })),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const types = await history(here, request.id)
    expect(types.filter((type) => type === 'approved' || type === 'denied')).toHaveLength(1)
  })
})

describe('who decides', () => {
  test.each<[string, ObjectId, ProblemCode]>([
    ['the owner of the agent', owner, 'self-approval'],
    ['another account of the owner', ownerAlias, 'self-approval'],
    ['a guest', guest, 'not-permitted'],
    ['a disabled account', disabled, 'not-permitted'],
    ['a stranger', stranger, 'not-found'],
    ['somebody of another group', security, 'not-found'],
    ['the agent', bot, 'not-found'],
    ['nobody of the tenant', oid(99), 'not-found'],
  ])('not %s', async (_who, id, expected) => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(request.id, votes(request, id)))).toBe(expected)
    expect(await history(here, request.id)).toEqual(['requested'])
    const granted = await anApproved(here)
    expect(await codeOf(here.approvals.revoke(granted.id, id))).toBe(expected)
    expect(await history(here, granted.id)).toEqual(['requested', 'decided', 'approved'])
  })

  test('not the person it is for, nor the owner of the executor', async () => {
    const agents = [agent(bot, { executors: [runner] }), agent(runner, { owners: [dba] })]
    const here = await world(() => needs([slot('dba|security')]), { agents })
    const { request } = await here.approvals.ask(asks({ executor: runner, onBehalfOf: dba2 }))
    expect(request.requirement?.excluded).toEqual([dba, dba2, owner, ownerAlias].toSorted())
    for (const id of [dba, dba2])
      expect(await codeOf(here.approvals.decide(request.id, votes(request, id)))).toBe('self-approval')
  })

  test('not an agent, though the roster lists it as a member', async () => {
    const here = await world(undefined, { groups: [{ name: 'dba', members: [dba, runner], channels: [] }] })
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(request.id, votes(request, runner)))).toBe('not-found')
  })

  test('nobody while the directory is down', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    here.directory.down = true
    expect(await codeOf(here.approvals.decide(request.id, votes(request)))).toBe('unavailable')
  })

  test('a member of an Entra group, as the directory knows it now', async () => {
    const group = oid(70)
    const groups = [{ name: 'dba', members: [dba2], entraGroup: group, channels: [] }]
    const here = await world(undefined, { groups })
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(request.id, votes(request)))).toBe('not-found')
    here.directory.group(group, [dba])
    expect((await here.approvals.decide(request.id, votes(request))).status).toBe('approved')
  })

  test('only of a request that exists', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(requestId, votes(request)))).toBe('not-found')
  })
})

describe('who reads', () => {
  const person = (id: ObjectId, evidence = false) => ({ kind: 'person', id, evidence }) as const

  test('the agent, its executor, who may decide, who has decided, and who reads evidence', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks({ executor: runner }))
    await here.approvals.decide(request.id, votes(request, dba))
    const readers = [
      ...[bot, runner].map((id) => ({ kind: 'agent', id }) as const),
      ...[dba, dba2, owner].map((id) => person(id)),
      person(stranger, true),
    ]
    for (const reader of readers) expect((await here.approvals.read(request.id, reader)).id).toBe(request.id)
  })

  test('nobody else, who hears that there is no such request', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    const people = [stranger, security, guest, disabled, oid(99)].map((id) => person(id))
    const others = [{ kind: 'agent', id: runner } as const, ...people]
    for (const reader of others) expect(await codeOf(here.approvals.read(request.id, reader))).toBe('not-found')
  })

  test('a list holds what the reader may know of', async () => {
    const here = await world(({ action }) => needs([slot(action === 'db.export' ? 'dba' : 'security')]))
    const mine = (await here.approvals.ask(asks())).request
    const theirs = (await here.approvals.ask(asks({ action: { ...mine.action!, action: 'iam.role.grant' } }))).request
    const list = async (id: ObjectId, evidence = false) => {
      const page = { keep: () => true, limit: 10 }
      const { requests } = await here.approvals.list({ by: 'pending' }, page, person(id, evidence))
      return requests.map((request) => request.id).sort()
    }
    expect(await list(dba)).toEqual([mine.id])
    expect(await list(security)).toEqual([theirs.id])
    expect(await list(stranger)).toEqual([])
    expect(await list(stranger, true)).toEqual([mine.id, theirs.id].sort())
  })

  test('a grant is for the agent and the executor alone', async () => {
    const here = await world()
    const request = await anApproved(here, asks({ executor: runner }))
    for (const id of [bot, runner]) expect(await here.approvals.grant(request, id)).not.toBeNull()
    for (const id of [dba, owner, oid(99)]) expect(await here.approvals.grant(request, id)).toBeNull()
  })
})

describe('the agent', () => {
  test('withdraws its own request, and no other', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.cancel(request.id, runner))).toBe('not-found')
    expect((await here.approvals.cancel(request.id, bot, 'Not needed.')).status).toBe('cancelled')
    expect((await here.approvals.cancel(request.id, bot, 'Not needed.')).status).toBe('cancelled')
    expect(await history(here, request.id)).toEqual(['requested', 'cancelled'])
  })

  test('reports what it executed, and nobody else does', async () => {
    const here = await world()
    const request = await anApproved(here, asks({ executor: runner }))
    await here.approvals.redeem(request.id, await claims(here, request, 'one'))
    const report = (executor: ObjectId) => here.approvals.report(request.id, { executor, result: 'succeeded' })
    expect(await codeOf(report(bot))).toBe('not-found')
    expect((await report(runner)).status).toBe('succeeded')
    expect((await report(runner)).status).toBe('succeeded')
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'redeemed', 'succeeded'])
  })
})

test('the events of a request are its leaves, with what was said', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks({ reason: 'Because.' }))
  const now = await here.approvals.decide(request.id, votes(request, dba, { reason: 'Fine.' }))
  const events = await here.approvals.events(now)
  expect(events.map(({ hash }) => hash)).toEqual(now.events.map(({ hash }) => hash))
  expect(events[0]?.said['reason']?.text).toBe('Because.')
  expect(events[1]?.said).toMatchObject({ reason: { text: 'Fine.' }, name: { text: 'Person 11' } })
  expect(events.every(({ text }) => !text.includes('Because.') && !text.includes('Fine.'))).toBe(true)
})
