import type { Hex, ObjectId, RequestId } from '../../src/core/data/id.ts'
import { Problem, type ProblemCode } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { readRoster } from '../../src/policy/approvers.ts'
import type { AgentRegistration } from '../../src/ports/policy.ts'
import { bot, dba, dba2, needs, oid, owner, requestId, runner, security, slot } from '../support/build.ts'
import {
  agent,
  anAction,
  anApproved,
  asks,
  claims,
  codeOf,
  disabled,
  guest,
  history,
  outcomeOf,
  ownerAlias,
  stranger,
  votes,
  world,
} from '../support/world.ts'

describe('quorum', () => {
  const both = () => needs([slot('dba'), slot('security')])

  test('over two groups needs an approval from each, and then grants', async () => {
    const here = await world(both)
    const { request } = await here.approvals.ask(asks())
    const one = await here.approvals.decide(request.id, votes(request, dba))
    expect(one.status).toBe('pending')
    const two = await here.approvals.decide(request.id, votes(request, security))
    expect(two.status).toBe('approved')
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'decided', 'approved'])
  })

  test('is not met by two approvals from the same group', async () => {
    const here = await world(both)
    const { request } = await here.approvals.ask(asks())
    await here.approvals.decide(request.id, votes(request, dba))
    expect((await here.approvals.decide(request.id, votes(request, dba2))).status).toBe('pending')
  })

  test('is met by racing votes, of which none is lost', async () => {
    const here = await world(() => needs([slot('dba', 2), slot('security')]))
    const { request } = await here.approvals.ask(asks())
    const places = [here, here.another(), here.another()]
    const people = [dba, dba2, security]
    await Promise.all(people.map((id, i) => (places[i] ?? here).approvals.decide(request.id, votes(request, id))))
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'decided', 'decided', 'approved'])
  })

  test('closes the request once when an approval and a denial race', async () => {
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

describe('people who may decide', () => {
  test.each<[string, ObjectId, ProblemCode]>([
    ['a guest', guest, 'not-found'],
    ['a disabled account', disabled, 'not-found'],
    ['a stranger', stranger, 'not-found'],
    ['a member of another group', security, 'not-found'],
    ['the agent', bot, 'not-found'],
    ['an unknown person', oid(99), 'not-found'],
  ])('do not include %s', async (_who, id, expected) => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(request.id, votes(request, id)))).toBe(expected)
    expect(await history(here, request.id)).toEqual(['requested'])
    const granted = await anApproved(here)
    expect(await codeOf(here.approvals.revoke(granted.id, id))).toBe(expected)
    expect(await history(here, granted.id)).toEqual(['requested', 'decided', 'approved'])
  })

  test.each([
    ['the owner of the agent', owner],
    ['another account of the owner', ownerAlias],
  ])('do not include %s, who may deny and revoke', async (_who, id) => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(request.id, votes(request, id)))).toBe('self-approval')
    expect(await history(here, request.id)).toEqual(['requested', 'refused'])
    await here.approvals.decide(request.id, votes(request, id, { verdict: 'deny' }))
    expect(await history(here, request.id)).toEqual(['requested', 'refused', 'decided', 'denied'])
    const granted = await anApproved(here)
    expect(await here.approvals.revoke(granted.id, id)).toMatchObject({ status: 'revoked' })
  })

  test('see the request and may deny it on their view, where they may not approve it', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks({ onBehalfOf: dba }))
    const template = 'a'.repeat(64) as Hex
    const seen = (id: ObjectId) => here.approvals.review(request.id, id, { page: 1, template, via: 'teams' })
    expect(await seen(owner)).toMatchObject({ refusal: null, exclusion: 'policy', stranger: false })
    expect(await seen(dba2)).toMatchObject({ refusal: null, exclusion: null })
    const mine = await seen(dba)
    expect(mine).toMatchObject({ refusal: null, exclusion: 'agent' })
    const view = mine.request.shown.findLast(({ approver }) => approver === dba)?.view ?? request.digest
    const vote = votes(request, dba, { seen: { via: 'teams', view } })
    expect(await codeOf(here.approvals.decide(request.id, vote))).toBe('self-approval')
    const denied = await here.approvals.decide(request.id, { ...vote, verdict: 'deny', reason: 'I did not ask.' })
    expect(denied.status).toBe('denied')
  })

  test('include neither the principal nor the owner of the executor', async () => {
    const agents = [agent(bot, { executors: [runner] }), agent(runner, { owners: [dba] })]
    const here = await world(() => needs([slot('dba|security')]), { agents })
    const { request } = await here.approvals.ask(asks({ executor: runner, onBehalfOf: dba2 }))
    expect(request.requirement?.excluded).toEqual([dba, dba2, owner, ownerAlias].toSorted())
    expect(request.requirement?.excludedByAgent).toEqual([dba, dba2])
    for (const id of [dba, dba2])
      expect(await codeOf(here.approvals.decide(request.id, votes(request, id)))).toBe('self-approval')
  })

  test('include no agent, even if the roster lists it as a member', async () => {
    const here = await world(undefined, { groups: [{ name: 'dba', members: [dba, runner], channels: [] }] })
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(request.id, votes(request, runner)))).toBe('not-found')
  })

  test.each<[string, ObjectId, 'none' | 'stranger']>([
    ['a guest of the group', guest, 'none'],
    ['a disabled member of it', disabled, 'none'],
    ['an unknown person', oid(99), 'none'],
    ['a member of another group', security, 'stranger'],
    ['a stranger', stranger, 'stranger'],
  ])('get from every call the same answer as for an unknown request: %s', async (_who, id, sees) => {
    const here = await world()
    const pending = (await here.approvals.ask(asks())).request
    const approved = await anApproved(here)
    const tried = (request: ApprovalRequest, of: RequestId) => [
      here.approvals.read(of, { kind: 'person', id, evidence: false }),
      here.approvals.decide(of, votes(request, id)),
      here.approvals.decide(of, votes(request, id, { verdict: 'deny' })),
      here.approvals.revoke(of, id),
      ...(sees === 'none' ? [reviewed(of)] : []),
    ]
    const reviewed = (of: RequestId) =>
      here.approvals.review(of, id, { page: 1, template: 'a'.repeat(64) as Hex, via: 'teams' })
    for (const request of [pending, approved]) {
      // Who clicks on a card in Teams has seen that there is one, and is told who may decide.
      if (sees === 'stranger')
        expect(await reviewed(request.id)).toMatchObject({ stranger: true, refusal: { code: 'not-permitted' } })
      const [real, none] = await Promise.all(
        [request.id, requestId].map((of) => Promise.all(tried(request, of).map(problemOf))),
      )
      expect(real).toEqual(none)
      expect(new Set(real?.map(({ code }) => code))).toEqual(new Set(['not-found']))
    }
  })

  test('do not include another account of an excluded person, whichever account policy joins to the other', async () => {
    const [first, second, third] = [dba, dba2, oid(33)]
    const chains: Record<string, { sameAs: ObjectId[] }>[] = [
      { [first]: { sameAs: [owner] } },
      { [owner]: { sameAs: [first] } },
      { [first]: { sameAs: [third] }, [third]: { sameAs: [owner] } },
      { [third]: { sameAs: [first, owner] } },
      { [owner]: { sameAs: [third] }, [first]: { sameAs: [third] } },
    ]
    const concerned: [string, Partial<AgentRegistration>, ObjectId | undefined][] = [
      ['the owner', { owners: [owner] }, undefined],
      ['a sponsor', { owners: [], sponsors: [owner] }, undefined],
      ['whom it acts for', { owners: [security] }, owner],
    ]
    for (const people of chains)
      for (const [who, registration, onBehalfOf] of concerned) {
        const text = JSON.stringify({
          ...{ version: 1, people, groups: { dba: { members: [first, second] } } },
          agents: { [bot]: { ...agent(bot, registration), id: undefined } },
        })
        const { accounts } = readRoster(Buffer.from(text), text)
        const here = await world(undefined, {
          agents: [agent(bot, registration)],
          people: [first, second, owner].map((id) => accounts(id)),
        })
        const by = { agent: agent(bot, registration), ...(onBehalfOf && { onBehalfOf }) }
        const { request } = await here.approvals.ask(asks(by))
        const joined = [JSON.stringify(people), who]
        expect([...joined, await codeOf(here.approvals.decide(request.id, votes(request, first)))]).toEqual([
          ...joined,
          'self-approval',
        ])
        expect((await here.approvals.decide(request.id, votes(request, second))).status).toBe('approved')
      }
  })

  test('include no guest and no disabled member of an Entra group, and neither counts towards a quorum', async () => {
    const groups = [{ name: 'dba', members: [], entraGroup: oid(70), channels: [] }]
    const here = await world(() => needs([slot('dba', 2)]), { groups })
    here.directory.group(oid(70), [dba, guest, disabled])
    expect(await codeOf(here.approvals.ask(asks()))).toBe('no-eligible-approver')
    here.directory.group(oid(70), [dba, dba2, guest, disabled])
    const { request } = await here.approvals.ask(asks())
    for (const id of [guest, disabled])
      expect(await codeOf(here.approvals.decide(request.id, votes(request, id)))).toBe('not-found')
    for (const id of [dba, dba2]) await here.approvals.decide(request.id, votes(request, id))
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'decided', 'approved'])
  })

  test('include no one while the directory is down', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    here.directory.down = true
    expect(await codeOf(here.approvals.decide(request.id, votes(request)))).toBe('unavailable')
  })

  test('include a member of an Entra group, as the directory lists it now', async () => {
    const group = oid(70)
    const groups = [{ name: 'dba', members: [dba2], entraGroup: group, channels: [] }]
    const here = await world(undefined, { groups })
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(request.id, votes(request)))).toBe('not-found')
    here.directory.group(group, [dba])
    expect((await here.approvals.decide(request.id, votes(request))).status).toBe('approved')
  })

  test('can decide only a request that exists', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.decide(requestId, votes(request)))).toBe('not-found')
  })
})

describe('a group that cannot be read', () => {
  const [first, second] = [oid(70), oid(71)]
  const groups = [
    { name: 'dba', members: [], entraGroup: first, channels: [] },
    { name: 'security', members: [], entraGroup: second, channels: [] },
  ]

  /** One request for each group; then the second group cannot be read any more. */
  async function twoRequests() {
    const here = await world(({ action }) => needs([slot(action === 'db.export' ? 'dba' : 'security')]), { groups })
    here.directory.group(first, [dba, dba2])
    here.directory.group(second, [security])
    const readable = (await here.approvals.ask(asks())).request
    const other = (await here.approvals.ask(asks({ action: { ...anAction(), action: 'iam.role.grant' } }))).request
    here.directory.unreadable.add(second)
    return { here, readable, other }
  }

  test('does not affect a request that does not require it, and is not read for it', async () => {
    const { here, readable } = await twoRequests()
    here.directory.asked.splice(0)
    expect((await here.approvals.read(readable.id, person(dba))).id).toBe(readable.id)
    expect((await here.approvals.decide(readable.id, votes(readable))).status).toBe('approved')
    expect((await here.approvals.revoke(readable.id, dba2)).status).toBe('revoked')
    expect(new Set(here.directory.asked)).toEqual(new Set([first]))
  })

  test('blocks a request that requires it', async () => {
    const { here, other } = await twoRequests()
    const tries = [
      here.approvals.read(other.id, person(security)),
      here.approvals.decide(other.id, votes(other, security)),
      here.approvals.revoke(other.id, security),
      here.approvals.review(other.id, security, { page: 1, template: 'a'.repeat(64) as Hex, via: 'teams' }),
    ]
    expect(new Set(await Promise.all(tries.map(outcomeOf)))).toEqual(new Set(['unavailable']))
    expect(await history(here, other.id)).toEqual(['requested'])
    expect(await codeOf(here.approvals.ask(asks({ action: { ...anAction(), action: 'iam.role.grant' } })))).toBe(
      'unavailable',
    )
  })

  test('fails a list that needs it, instead of leaving requests out', async () => {
    const { here, readable, other } = await twoRequests()
    const list = (keep: (request: ApprovalRequest) => boolean, evidence = false) =>
      here.approvals.list({ by: 'pending' }, { keep, limit: 10 }, person(dba, evidence))
    expect(await codeOf(list(() => true))).toBe('unavailable')
    const narrow = await list(({ verb }) => verb === readable.verb)
    expect(narrow.requests.map(({ id }) => id)).toEqual([readable.id])
    const all = await list(() => true, true)
    expect(all.requests.map(({ id }) => id).sort()).toEqual([readable.id, other.id].sort())
  })

  test('does not hide a request from a person who decided it', async () => {
    const { here, readable, other } = await twoRequests()
    here.directory.unreadable.clear()
    await here.approvals.decide(other.id, votes(other, security))
    here.directory.unreadable.add(second)
    expect((await here.approvals.read(other.id, person(security))).id).toBe(other.id)
    const scope = { by: 'approver', id: security } as const
    const { requests } = await here.approvals.list(scope, { keep: () => true, limit: 10 }, person(security))
    expect(requests.map(({ id }) => id)).toEqual([other.id])
    expect(await codeOf(here.approvals.revoke(other.id, security))).toBe('unavailable')
    expect((await here.approvals.read(readable.id, person(dba))).id).toBe(readable.id)
  })
})

describe('readers of a request', () => {
  test('are the agent, its executor, people who may decide or have decided, and readers of evidence', async () => {
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

  test('are no others, and those get the answer for an unknown request', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    const people = [stranger, security, guest, disabled, oid(99)].map((id) => person(id))
    const others = [{ kind: 'agent', id: runner } as const, ...people]
    for (const reader of others) expect(await codeOf(here.approvals.read(request.id, reader))).toBe('not-found')
  })

  test('get lists of what they asked for, if they are agents', async () => {
    const here = await world()
    const [mine] = [await here.approvals.ask(asks()), await here.approvals.ask(asks({ agent: agent(runner) }))]
    const page = { keep: () => true, limit: 10 }
    for (const scope of [{ by: 'pending' }, { by: 'agent', id: runner }, { by: 'agent', id: bot }] as const) {
      const { requests } = await here.approvals.list(scope, page, { kind: 'agent', id: bot })
      expect(requests.map(({ id }) => id)).toEqual('id' in scope && scope.id === runner ? [] : [mine.request.id])
    }
  })

  test('get lists of the requests that they may know of', async () => {
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

  test('get a grant only as the agent or the executor', async () => {
    const here = await world()
    const request = await anApproved(here, asks({ executor: runner }))
    for (const id of [bot, runner]) expect((await here.approvals.grant(request, id)).grant).not.toBeNull()
    for (const id of [dba, owner, oid(99)]) expect((await here.approvals.grant(request, id)).grant).toBeNull()
  })
})

describe('an agent', () => {
  test('withdraws its own request only', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    expect(await codeOf(here.approvals.cancel(request.id, runner))).toBe('not-found')
    expect((await here.approvals.cancel(request.id, bot, 'Not needed.')).status).toBe('cancelled')
    expect((await here.approvals.cancel(request.id, bot, 'Not needed.')).status).toBe('cancelled')
    expect(await history(here, request.id)).toEqual(['requested', 'cancelled'])
  })

  test('reports what it executed itself', async () => {
    const here = await world()
    const request = await anApproved(here, asks({ executor: runner }))
    await here.approvals.redeem(request.id, await claims(here, request, 'one'))
    const report = (executor: ObjectId) => here.approvals.report(request.id, { executor, result: 'succeeded' })
    expect(await codeOf(report(bot))).toBe('not-found')
    expect((await report(runner)).status).toBe('succeeded')
    expect((await report(runner)).status).toBe('succeeded')
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'redeemed', 'succeeded'])
  })

  test('cannot write a secret into a reason or a summary', async () => {
    const here = await world()
    const token = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`
    const request = await anApproved(here)
    const refused = await problemOf(here.approvals.cancel(request.id, bot, `Replaced by ${token}.`))
    expect(refused).toMatchObject({ code: 'secret-in-params', details: { pointer: '/reason' } })
    await here.approvals.redeem(request.id, await claims(here, request, 'one'))
    const outcome = { executor: bot, result: 'failed', summary: `git: ${token} was refused` } as const
    const unsaid = await problemOf(here.approvals.report(request.id, outcome))
    expect(unsaid).toMatchObject({ code: 'secret-in-params', details: { pointer: '/summary' } })
    for (const { message } of [refused, unsaid]) expect(message).not.toContain(token)
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'redeemed'])
  })
})

const person = (id: ObjectId, evidence = false) => ({ kind: 'person', id, evidence }) as const

async function problemOf(promise: Promise<unknown>): Promise<Pick<Problem, 'code' | 'message' | 'details'>> {
  const thrown: unknown = await promise.catch((cause: unknown) => cause)
  if (!(thrown instanceof Problem)) throw new Error('There was no problem.', { cause: thrown })
  const { code, message, details } = thrown
  return { code, message, details }
}

test('the events of a request are its leaves, with the texts that people wrote', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks({ reason: 'Because.' }))
  const now = await here.approvals.decide(request.id, votes(request, dba, { reason: 'Fine.' }))
  const events = await here.approvals.events(now)
  expect(events.map(({ hash }) => hash)).toEqual(now.events.map(({ hash }) => hash))
  expect(events[0]?.said['reason']?.text).toBe('Because.')
  expect(events[1]?.said).toMatchObject({ reason: { text: 'Fine.' }, name: { text: 'Person 11' } })
  expect(events.every(({ text }) => !text.includes('Because.') && !text.includes('Fine.'))).toBe(true)
})
