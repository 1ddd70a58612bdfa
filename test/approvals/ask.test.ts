import type { ObjectId } from '../../src/core/data/id.ts'
import { keyHash, shardOf, shardOfKey } from '../../src/core/data/id.ts'
import { emptyRow } from '../../src/core/request/limit.ts'
import { Problem, type ProblemCode } from '../../src/core/data/problem.ts'
import { type ApprovalRequest, saidIn } from '../../src/core/request/request.ts'
import { after, bot, dba, dba2, needs, oid, owner, requestId, runner, slot } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import {
  agent,
  anAction,
  asks,
  codeOf,
  disabled,
  guest,
  roster,
  stranger,
  votes,
  type World,
  world,
} from '../support/world.ts'

const secret = 'q7Zt2LmX9vRk4B'

const agentSlots = async ({ limits }: World, id: ObjectId = bot) => (await limits.read({ agent: id })).row.slots

describe('asking', () => {
  test('opens a request, and takes a slot of the agent and of each channel', async () => {
    const here = await world(() => needs([slot('dba'), slot('security')]))
    const { request, created } = await here.approvals.ask(asks())
    expect([created, request.status]).toEqual([true, 'pending'])
    expect((await agentSlots(here)).map(({ id }) => id)).toEqual([request.id])
    for (const channel of ['19:dba', '19:security'])
      expect((await here.limits.read({ channel })).row.slots.map(({ id }) => id)).toEqual([request.id])
  })

  test.each([
    ['allow', 'approved'],
    ['forbid', 'denied'],
    ['no-policy', 'denied'],
  ] as const)('makes a request that policy answers with %s %s at once, without a slot', async (outcome, status) => {
    const here = await world(() =>
      outcome === 'allow'
        ? { outcome, rules: ['r'], lapse: 60, grant: 60 }
        : { outcome, rules: outcome === 'forbid' ? ['r'] : [] },
    )
    expect((await here.approvals.ask(asks())).request.status).toBe(status)
    expect(await agentSlots(here)).toEqual([])
  })

  test.each<[string, Parameters<typeof asks>[0], ProblemCode]>([
    ['an executor it is not registered for', { executor: oid(77) }, 'invalid-input'],
    [
      'an executor that is no agent',
      { agent: agent(bot, { executors: [oid(77)] }), executor: oid(77) },
      'invalid-input',
    ],
    ['an unknown principal', { onBehalfOf: oid(99) }, 'invalid-input'],
    ['a guest as principal', { onBehalfOf: guest }, 'invalid-input'],
    ['a principal whose account is disabled', { onBehalfOf: disabled }, 'invalid-input'],
    ['an agent as principal', { onBehalfOf: runner }, 'invalid-input'],
    [
      'a principal whom the registration does not list',
      { agent: agent(bot, { principals: [dba] }), onBehalfOf: dba2 },
      'invalid-input',
    ],
    [
      'no principal where one of a list is required',
      { agent: agent(bot, { onBehalfOf: 'required', principals: [dba] }) },
      'invalid-input',
    ],
    [
      'a principal where none is allowed',
      { agent: agent(bot, { onBehalfOf: 'refused' }), onBehalfOf: dba },
      'invalid-input',
    ],
    ['no principal where one is required', { agent: agent(bot, { onBehalfOf: 'required' }) }, 'invalid-input'],
    ['a hidden key in params', { action: { ...anAction(), params: { 'a\u200b': 1 } } }, 'invalid-input'],
    ['an action that is too large', { action: { ...anAction(), params: { a: 'x'.repeat(17_000) } } }, 'too-large'],
    ['a secret in params', { action: { ...anAction(), params: { password: secret } } }, 'secret-in-params'],
    ['a secret in the target', { action: { ...anAction(), target: `password=${secret}` } }, 'secret-in-params'],
    ['a secret in the reason', { reason: `the password: ${secret}` }, 'secret-in-params'],
    ['a secret in a link', { links: [{ title: 'x', url: `https://x.example/?token=${secret}` }] }, 'secret-in-params'],
  ])('is refused with %s, and nothing is written', async (_what, other, expected) => {
    const here = await world()
    expect(await codeOf(here.approvals.ask(asks(other)))).toBe(expected)
    expect(await here.ledger.due(after(10_000_000), 10)).toEqual([])
    expect((await here.limits.read({ agent: bot })).row).toEqual(emptyRow)
  })

  test.each(['allow', 'forbid', 'no-policy'] as const)(
    'is refused with a secret even if policy answers %s, because the request is recorded',
    async (outcome) => {
      const here = await world(() =>
        outcome === 'allow'
          ? { outcome, rules: ['r'], lapse: 60, grant: 60 }
          : { outcome, rules: outcome === 'forbid' ? ['r'] : [] },
      )
      expect(await codeOf(here.approvals.ask(asks({ reason: `password=${secret}` })))).toBe('secret-in-params')
      expect((await here.ledger.list({ by: 'agent', id: bot }, { keep: () => true, limit: 10 })).requests).toEqual([])
    },
  )

  test('may contain what looks like a secret where policy exempts it for the action', async () => {
    const action = { ...anAction(), params: { token: secret } }
    const here = await world(undefined, { notSecret: { [action.action]: ['/params/token'] } })
    expect((await here.approvals.ask(asks({ action }))).created).toBe(true)
    const other = { ...action, action: 'another.action' }
    expect(await codeOf(here.approvals.ask(asks({ action: other })))).toBe('secret-in-params')
  })

  test.each<[string, Parameters<typeof roster>[0], ReturnType<typeof needs>]>([
    ['the group is empty', { groups: [{ name: 'dba', members: [], channels: [] }] }, needs()],
    ['the group does not exist', { groups: [] }, needs()],
    ['all of the group are excluded', { groups: [{ name: 'dba', members: [owner, oid(32)], channels: [] }] }, needs()],
    ['all of the group are guests', { groups: [{ name: 'dba', members: [guest], channels: [] }] }, needs()],
    ['the quorum is more than there are people', {}, needs([slot('dba', 3)])],
    [
      'one person would have to fill two places',
      {
        groups: [
          { name: 'dba', members: [dba], channels: [] },
          { name: 'security', members: [oid(60)], channels: [] },
        ],
        people: [[dba, oid(60)]],
      },
      needs([slot('dba'), slot('security')]),
    ],
    [
      'the group is only an Entra group without people',
      { groups: [{ name: 'dba', members: [], entraGroup: oid(70), channels: [] }] },
      needs(),
    ],
  ])('is refused if the request could not be approved: %s', async (_why, other, judgement) => {
    const here = await world(() => judgement, other)
    here.directory.add(oid(60))
    expect(await codeOf(here.approvals.ask(asks()))).toBe('no-eligible-approver')
  })

  test('is refused if the rules that match have no door in common', async () => {
    const here = await world(() => needs([slot('dba')], { via: [] }))
    expect(await codeOf(here.approvals.ask(asks()))).toBe('no-eligible-approver')
  })

  test('is refused if its tier is high and the only door is not of the tenant', async () => {
    const here = await world(() => needs([slot('dba')], { tier: 'high', via: ['slack'] }))
    expect(await codeOf(here.approvals.ask(asks()))).toBe('no-eligible-approver')
  })

  test('is for a person whom the registration lists', async () => {
    const here = await world()
    const ask = asks({ agent: agent(bot, { principals: [dba] }), onBehalfOf: dba })
    expect((await here.approvals.ask(ask)).request.onBehalfOf).toBe(dba)
  })

  test.each<[string, Parameters<typeof roster>[0], ReturnType<typeof needs>, string]>([
    ['too few', {}, needs([slot('dba', 3)]), 'dba needs 3 people and has 2: 1 is excluded'],
    [
      'the agent is theirs',
      { groups: [{ name: 'dba', members: [owner], channels: [] }] },
      needs(),
      'dba needs 1 person and has 0: 1 is excluded, since the agent or its executor is theirs.',
    ],
    [
      'a guest, a disabled one, and two that the directory does not know',
      { groups: [{ name: 'dba', members: [guest, disabled, oid(91), oid(92)], channels: [] }] },
      needs(),
      'dba needs 1 person and has 0: 1 is a guest of the tenant, 1 is disabled in the directory, 2 are unknown to the directory.',
    ],
    ['an empty group', { groups: [{ name: 'dba', members: [], channels: [] }] }, needs(), 'has 0: nobody is in it.'],
    [
      'a group that is gone',
      { groups: [] },
      needs([slot('dba|ops')]),
      'dba or ops needs 1 person and has 0: the policy',
    ],
    [
      'one person for two places',
      {
        groups: [
          { name: 'dba', members: [dba], channels: [] },
          { name: 'security', members: [dba], channels: [] },
        ],
      },
      needs([slot('dba'), slot('security')]),
      'All slots together need 2 different people, and each person counts once: security cannot be filled.',
    ],
  ])('says which slot lacks people, and why: %s', async (_why, other, judgement, words) => {
    const here = await world(() => judgement, other)
    await expect(here.approvals.ask(asks())).rejects.toMatchObject({
      code: 'no-eligible-approver',
      message: expect.stringContaining(words) as string,
    })
  })

  test('is refused when the directory cannot be asked', async () => {
    const here = await world()
    here.directory.down = true
    expect(await codeOf(here.approvals.ask(asks()))).toBe('unavailable')
  })
})

describe('the name of who answers for the agent', () => {
  const named = async (other: Parameters<typeof agent>[1], change: (here: World) => void = () => undefined) => {
    const here = await world()
    here.directory.add(oid(60), { name: 'Sam Sponsor' })
    change(here)
    const { request } = await here.approvals.ask(asks({ agent: agent(bot, other) }))
    return saidIn(request, 'requested', 'owner')
  }

  test('is that of its first owner with an enabled account, or else sponsor', async () => {
    expect(await named({ owners: [owner, dba2] })).toBe('Person 31')
    expect(await named({ owners: [disabled, oid(99), owner], sponsors: [oid(60)] })).toBe('Person 31')
    expect(await named({ owners: [disabled], sponsors: [disabled, oid(60)] })).toBe('Sam Sponsor')
  })

  test('is absent where the directory has none', async () => {
    expect(await named({ owners: [oid(99)], sponsors: [disabled] })).toBeNull()
    expect(await named({ owners: [owner] }, ({ directory }) => directory.add(owner, { name: ' ' }))).toBeNull()
  })

  test('is absent, and the request made, where the directory fails for its owner alone', async () => {
    const failing = ({ directory }: World) => {
      const person = directory.person.bind(directory)
      directory.person = (id) =>
        id === owner ? Promise.reject(new Problem('unavailable', 'It does not answer.')) : person(id)
    }
    expect(await named({ owners: [owner] }, failing)).toBeNull()
  })

  test('is not looked up for what policy alone answers, which needs no directory', async () => {
    const here = await world(() => ({ outcome: 'allow', rules: ['r'], lapse: 60, grant: 60 }))
    here.directory.down = true
    const { request } = await here.approvals.ask(asks())
    expect([request.status, saidIn(request, 'requested', 'owner')]).toEqual(['approved', null])
  })
})

describe('an agent that keeps people from approving by its own word', () => {
  const judging = (other: Parameters<typeof needs>[1] = {}) =>
    world(() => needs([slot('dba')], other), {
      agents: [agent(bot, { executors: [runner] }), agent(runner, { owners: [dba] })],
    })
  const independent = { independent: [slot('dba')] }
  const marks = ({ warnings, requirement }: ApprovalRequest) => [warnings, requirement?.excludedByAgent]

  test.each<[string, Parameters<typeof asks>[0], readonly ObjectId[]]>([
    ['by the person it acts for', { onBehalfOf: dba2 }, [dba2]],
    ['by the owner of the executor', { executor: runner }, [dba]],
  ])('is shown to those who decide, and recorded: %s', async (_how, other, expected) => {
    const here = await judging()
    const { request } = await here.approvals.ask(asks(other))
    expect(marks(request)).toEqual([['approver-excluded'], expected])
    const [requested] = (await here.ledger.events(request)).map(({ text }) => JSON.parse(text))
    expect(requested.data).toMatchObject({ warnings: ['approver-excluded'], excludedByAgent: expected })
  })

  test.each<[string, Parameters<typeof asks>[0], unknown]>([
    ['who could not decide anyhow', { onBehalfOf: stranger }, [[], [stranger]]],
    ['whom approvers.json excludes already', { onBehalfOf: owner }, [[], undefined]],
    ['of no other account', {}, [[], undefined]],
  ])('draws no warning if it speaks of somebody %s', async (_who, other, expected) => {
    const here = await judging(independent)
    expect(marks((await here.approvals.ask(asks(other))).request)).toEqual(expected)
  })

  test.each<[string, Parameters<typeof asks>[0]]>([
    ['by the person it acts for', { onBehalfOf: dba2 }],
    ['by the owner of the executor', { executor: runner }],
  ])('is refused where a rule wants a replacement and there is none: %s', async (_how, other) => {
    const here = await judging(independent)
    const refused = await here.approvals.ask(asks(other)).catch((cause: unknown) => cause as Problem)
    expect(refused).toMatchObject({ code: 'no-eligible-approver' })
    expect(refused).toHaveProperty(
      'message',
      expect.stringMatching(/own word \(onBehalfOf or executor\) .*dba.* wants 2 others who may, and there are 1/),
    )
    expect(await here.ledger.due(after(10_000_000), 10)).toEqual([])
  })

  test('may do so where one more is left than the quorum', async () => {
    const here = await judging(independent)
    here.directory.add(oid(60))
    const more = [{ name: 'dba', members: [dba, dba2, oid(60)], channels: [] }]
    const { approvals } = here.another({
      policy: fakePolicy(roster({ groups: more, judge: () => needs([slot('dba')], independent) })),
    })
    expect(marks((await approvals.ask(asks({ onBehalfOf: dba }))).request)).toEqual([['approver-excluded'], [dba]])
  })

  test('is not refused for another slot, nor where the rule does not ask for it', async () => {
    const here = await judging({ independent: [slot('security')] })
    expect((await here.approvals.ask(asks({ onBehalfOf: dba2 }))).created).toBe(true)
  })

  test('takes nobody out by naming an account that is excluded, a guest’s or disabled', async () => {
    const people = [[dba, disabled, guest]]
    const here = await world(() => needs([slot('dba')], independent), { people })
    const only = [{ name: 'dba', members: [disabled, guest, dba2], channels: [] }]
    const policy = fakePolicy(roster({ people, groups: only, judge: () => needs([slot('dba')], independent) }))
    const { request } = await here.another({ policy }).approvals.ask(asks({ onBehalfOf: dba }))
    expect(marks(request)).toEqual([[], [dba, disabled, guest].toSorted()])
  })
})

describe('an idempotency key', () => {
  test('with the same body gives the same request, even if a limit is reached', async () => {
    const agents = [agent(bot, { limits: { pending: 1, hourly: 60 } })]
    const here = await world(undefined, { agents })
    const ask = asks({ key: 'run-1', agent: agent(bot, { limits: { pending: 1, hourly: 60 } }) })
    const first = await here.approvals.ask(ask)
    const again = await here.approvals.ask(ask)
    expect([first.created, again.created]).toEqual([true, false])
    expect(again.request).toEqual(first.request)
    here.directory.down = true
    expect((await here.another().approvals.ask(ask)).request.id).toBe(first.request.id)
  })

  test('is not read before a new ask is committed', async () => {
    const here = await world()
    const findKey = jest.spyOn(here.ledger, 'findKey')
    const load = jest.spyOn(here.ledger, 'load')
    expect((await here.approvals.ask(asks({ key: 'run-1' }))).created).toBe(true)
    expect(findKey).not.toHaveBeenCalled()
    expect(load.mock.calls.map(([, wanted]) => wanted)).toEqual([{}])
  })

  test.each(['allow', 'approve'] as const)('counts an ask once, however often it is sent: %s', async (outcome) => {
    const few = agent(bot, { limits: { pending: 5, hourly: 3, answered: 3 } })
    const rules = { outcome: 'allow', rules: ['r'], lapse: 60, grant: 60 } as const
    const here = await world(() => (outcome === 'allow' ? rules : needs([slot('dba')])), { agents: [few] })
    const ask = asks({ key: 'run-1', agent: few })
    const { request } = await here.approvals.ask(ask)
    if (outcome === 'approve') await here.approvals.cancel(request.id, bot)
    for (let i = 0; i < 6; i++) expect((await here.approvals.ask(ask)).request.id).toBe(request.id)
    expect((await here.approvals.ask(asks({ agent: few }))).created).toBe(true)
    for (let i = 0; i < 6; i++) expect((await here.approvals.ask(ask)).created).toBe(false)
    expect((await here.another().approvals.ask(asks({ agent: few }))).created).toBe(true)
    expect(await codeOf(here.approvals.ask(asks({ agent: few })))).toBe('too-many')
  })

  test('gives the request as it is now', async () => {
    const here = await world()
    const ask = asks({ key: 'run-1' })
    const { request } = await here.approvals.ask(ask)
    await here.approvals.decide(request.id, votes(request))
    expect((await here.approvals.ask(ask)).request.status).toBe('approved')
    here.clock.set(after(10_000))
    expect((await here.approvals.ask(ask)).request.status).toBe('lapsed')
  })

  test('with another body is a mismatch', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks({ key: 'run-1' }))
    const other = here.approvals.ask(asks({ key: 'run-1', body: 'other' }))
    await expect(other).rejects.toMatchObject({ code: 'idempotency-mismatch', details: { request: request.id } })
  })

  test('is separate for each agent', async () => {
    const here = await world()
    const one = await here.approvals.ask(asks({ key: 'run-1' }))
    const other = await here.approvals.ask(asks({ key: 'run-1', body: 'other', agent: agent(runner) }))
    expect(other.created).toBe(true)
    expect(other.request.id).not.toBe(one.request.id)
  })

  test('decides the shard', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks({ key: 'run-1' }))
    expect(shardOf(request.id)).toBe(shardOfKey(bot, 'run-1'))
    expect(await here.ledger.findKey(shardOf(request.id), keyHash(bot, 'run-1'))).toMatchObject({ request: request.id })
  })

  test.each([2, 10])('in %p asks at once makes one request with one slot', async (times) => {
    const here = await world()
    const ask = asks({ key: 'run-1' })
    const answers = await Promise.all(Array.from({ length: times }, () => here.another().approvals.ask(ask)))
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(answers.map(({ request }) => request.id)).size).toBe(1)
    expect((await agentSlots(here)).map(({ id }) => id)).toEqual([answers[0]?.request.id])
  })

  test('used at once with two bodies makes one request, which keeps its slot', async () => {
    for (const action of [anAction(), undefined]) {
      const here = await world()
      const same = action ? { action } : {}
      const bodies = ['one', 'two'].map((body) => asks({ key: 'run-1', body, ...same }))
      const results = await Promise.all(
        bodies.map(async (ask) => {
          const place = here.another()
          return place.approvals.ask(ask).catch((cause: unknown) => cause)
        }),
      )
      const made = results.flatMap((result) =>
        result instanceof Problem ? [] : [result as { request: { id: string } }],
      )
      expect(made).toHaveLength(1)
      expect((await agentSlots(here)).map(({ id }) => id)).toEqual(made.map(({ request }) => request.id))
    }
  })
})

test('a request that does not exist is not found', async () => {
  const here = await world()
  expect(await codeOf(here.approvals.read(requestId, { kind: 'agent', id: bot }))).toBe('not-found')
})
