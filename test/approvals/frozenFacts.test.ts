import { digestOf, type ObjectId } from '../../src/core/data/id.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import { after, bot, dba, dba2, needs, noon, oid, owner, runner, security, slot } from '../support/build.ts'
import { FakeClock, fakePolicy, type Roster } from '../support/fakes.ts'
import {
  agent,
  anApproved,
  asks,
  claims,
  codeOf,
  history,
  type Instance,
  outcomeOf,
  roster,
  votes,
  world,
} from '../support/world.ts'

const two = () => needs([slot('dba', 2)])
const dbas = (...members: readonly ObjectId[]): Partial<Roster> => ({
  groups: [{ name: 'dba', members, channels: ['19:dba'] }],
})

/** Two must approve, and one has. */
async function halfApproved() {
  const here = await world(two)
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(60))
  await here.approvals.decide(request.id, votes(request))
  here.clock.set(after(120))
  return { here, request }
}

type Here = Awaited<ReturnType<typeof halfApproved>>['here']

describe('the vote that completes a request voids an earlier vote', () => {
  test.each<[string, 'left' | 'disabled' | 'excluded', (here: Here) => Instance]>([
    ['of a person who left the group', 'left', (here) => here.another({ policy: policy(dbas(dba2, owner)) })],
    ['of a guest', 'left', (here) => (here.directory.add(dba, { member: false }), here)],
    ['of a disabled account', 'disabled', (here) => (here.directory.add(dba, { enabled: false }), here)],
    ['of an owner of the agent', 'excluded', (here) => here.another({ policy: policy(agents({ owners: [dba] })) })],
    ['of a sponsor of the agent', 'excluded', (here) => here.another({ policy: policy(agents({ sponsors: [dba] })) })],
  ])('%s', async (_who, why, change) => {
    const { here, request } = await halfApproved()
    const later = change(here)
    const after2 = await later.approvals.decide(request.id, votes(request, dba2))
    expect(after2).toMatchObject({
      status: 'pending',
      decisions: [{ approver: dba, void: { why } }, { approver: dba2 }],
    })
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'vote-void', 'decided'])
  })

  test('of a person who is no longer in the directory', async () => {
    const { here, request } = await halfApproved()
    here.directory.remove(dba)
    const { decisions } = await here.approvals.decide(request.id, votes(request, dba2))
    expect(decisions).toMatchObject([{ void: { why: 'left', at: after(120) } }, {}])
  })

  test('of a person who may vote again when the reason is gone', async () => {
    const { here, request } = await halfApproved()
    here.directory.add(dba, { enabled: false })
    await here.approvals.decide(request.id, votes(request, dba2))
    here.directory.add(dba)
    expect(await here.approvals.decide(request.id, votes(request))).toMatchObject({ status: 'approved' })
  })
})

describe('two accounts that policy joins into one person after both voted', () => {
  const three = () => needs([slot('dba', 2), slot('security')])
  const joined = (...people: readonly ObjectId[]) => policy({ judge: three, people: [people] })

  /** Two of three have approved. */
  async function twoApproved() {
    const here = await world(three)
    const { request } = await here.approvals.ask(asks())
    await here.approvals.decide(request.id, votes(request))
    await here.approvals.decide(request.id, votes(request, dba2))
    return { here, request }
  }

  test('count once: the later vote is void', async () => {
    const { here, request } = await twoApproved()
    const later = here.another({ policy: joined(dba, dba2) })
    expect(await later.approvals.decide(request.id, votes(request, security))).toMatchObject({
      status: 'pending',
      decisions: [{ approver: dba }, { approver: dba2, void: { why: 'duplicate' } }, { approver: security }],
    })
    expect((await history(here, request.id)).slice(3)).toEqual(['vote-void', 'decided'])
    expect(await codeOf(later.approvals.decide(request.id, votes(request, dba2)))).toBe('already-decided')
    expect(await outcomeOf(here.another().approvals.read(request.id, { kind: 'agent', id: bot }))).toBe('ok')
  })

  test('count once although the earlier vote is void for another reason', async () => {
    const { here, request } = await twoApproved()
    here.directory.add(dba, { enabled: false })
    const later = here.another({ policy: joined(dba, dba2) })
    const { decisions } = await later.approvals.decide(request.id, votes(request, security))
    expect(decisions.map((vote) => vote.void?.why)).toEqual(['disabled', undefined, undefined])
  })

  test('do not complete the request if one of them casts the last vote', async () => {
    const { here, request } = await twoApproved()
    const later = here.another({ policy: joined(dba2, security) })
    expect(await codeOf(later.approvals.decide(request.id, votes(request, security)))).toBe('already-decided')
    expect((await history(here, request.id)).slice(3)).toEqual([])
  })

  test('count as one person, so that another person may fill the place', async () => {
    const { here, request } = await twoApproved()
    const fourth = oid(63)
    here.directory.add(fourth)
    const groups = [
      { name: 'dba', members: [dba, dba2, fourth], channels: ['19:dba'] },
      { name: 'security', members: [security], channels: ['19:security'] },
    ]
    const later = here.another({ policy: policy({ judge: three, people: [[dba, dba2]], groups }) })
    await later.approvals.decide(request.id, votes(request, security))
    expect(await later.approvals.decide(request.id, votes(request, fourth))).toMatchObject({ status: 'approved' })
  })
})

test('a person who became an owner of the agent after it asked cannot vote', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  const later = here.another({ policy: policy({ ...agents({ owners: [dba] }), judge: () => needs() }) })
  expect(await codeOf(later.approvals.decide(request.id, votes(request)))).toBe('self-approval')
  expect(await history(here, request.id)).toEqual(['requested', 'refused'])
})

test('while the directory is away no vote completes, and none is recorded', async () => {
  const { here, request } = await halfApproved()
  const person = here.directory.person.bind(here.directory)
  here.directory.person = async (id) => {
    if (id === dba) here.directory.down = true
    return person(id)
  }
  expect(await codeOf(here.approvals.decide(request.id, votes(request, dba2)))).toBe('unavailable')
  expect(await history(here, request.id)).toEqual(['requested', 'decided'])
})

test('a vote that was cast in the meantime is checked, too', async () => {
  const three = () => needs([slot('dba', 2), slot('security')])
  const here = await world(three)
  const { request } = await here.approvals.ask(asks())
  await here.approvals.decide(request.id, votes(request))
  const between = here.another()
  const load = here.ledger.load.bind(here.ledger)
  let isFirst = true
  here.ledger.load = async (...given) => {
    if (isFirst) {
      isFirst = false
      await between.approvals.decide(request.id, votes(request, dba2))
      here.directory.add(dba2, { enabled: false })
    }
    return load(...given)
  }
  const { status, decisions } = await here.approvals.decide(request.id, votes(request, security))
  expect(status).toBe('pending')
  expect(decisions).toMatchObject([{}, { approver: dba2, void: { why: 'disabled' } }, { approver: security }])
})

describe('an approved action that policy forbids afterwards', () => {
  const frozen: Judgement = { outcome: 'forbid', rules: ['freeze'] }
  const forbids = () => policy({ judge: () => frozen, summaries: { freeze: 'No changes at the end of the year.' } })
  const named = 'No changes at the end of the year (rule freeze)'

  test('gets no grant, and the approval is revoked', async () => {
    const here = await world()
    const request = await anApproved(here)
    const later = here.another({ policy: forbids() })
    const read = await later.approvals.grant(request, bot)
    expect(read).toMatchObject({ grant: null, request: { status: 'revoked', closedBy: { kind: 'policy' } } })
    expect((await history(here, request.id)).at(-1)).toBe('revoked')
    expect(later.approvals.objection(read.request)).toContain(named)
  })

  test('is not redeemed with an earlier grant, and the approval is revoked', async () => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, oid(700))
    const later = here.another({ policy: forbids() })
    await expect(later.approvals.redeem(request.id, claim)).rejects.toMatchObject({
      code: 'forbidden-by-policy',
      message: expect.stringContaining(named) as string,
    })
    expect((await history(here, request.id)).at(-1)).toBe('revoked')
    expect(await codeOf(later.approvals.redeem(request.id, claim))).toBe('forbidden-by-policy')
    expect(await codeOf(here.approvals.redeem(request.id, claim))).toBe('forbidden-by-policy')
  })

  test('is revoked even if a rule had allowed it', async () => {
    const here = await world(() => ({ outcome: 'allow', rules: ['restart'], lapse: 600, grant: 300 }))
    const { request } = await here.approvals.ask(asks())
    const later = here.another({ policy: forbids() })
    expect(await later.approvals.grant(request, bot)).toMatchObject({ grant: null, request: { status: 'revoked' } })
  })

  test('stays redeemed if it was, and the same redemption gets the same answer', async () => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, oid(700))
    await here.approvals.redeem(request.id, claim)
    const later = here.another({ policy: forbids() })
    expect((await later.approvals.redeem(request.id, claim)).request).toMatchObject({ status: 'redeemed' })
  })

  test('does not include one that a new rule only wants approved', async () => {
    const here = await world()
    const request = await anApproved(here)
    const later = here.another({ policy: policy({ judge: two }) })
    expect((await later.approvals.grant(request, bot)).grant).not.toBeNull()
  })
})

test('what policy forbids names its rules, and their summaries while that policy is in force', async () => {
  const forbids = { judge: () => ({ outcome: 'forbid', rules: ['never', 'freeze'] }) as const }
  const here = await world(forbids.judge)
  const { request } = await here.approvals.ask(asks())
  const words = (summaries: Record<string, string>, version = request.policy.version) =>
    here.another({ policy: policy({ ...forbids, summaries, version }) }).approvals.objection(request)
  const again = 'Asking again gets the same answer while the rule stands.'
  expect(words({ freeze: 'Not now' })).toBe(`Policy forbids this action: rule never; Not now (rule freeze). ${again}`)
  const other = digestOf('other')
  expect(words({ freeze: 'Not now' }, other)).toBe(`Policy forbids this action: rule never; rule freeze. ${again}`)
})

describe('an agent that was taken out of the policy', () => {
  test.each<[string, Partial<Roster>]>([
    ['the one that asked', { agents: [agent(runner)] }],
    ['the executor', { agents: [agent(bot)] }],
  ])('gets no grant and cannot redeem: %s', async (_which, change) => {
    const here = await world()
    const request = await anApproved(here, asks({ executor: runner }))
    const claim = await claims(here, request, oid(700))
    const later = here.another({ policy: policy({ judge: () => needs(), ...change }) })
    expect(await later.approvals.grant(request, runner)).toEqual({ request, grant: null })
    expect(await codeOf(later.approvals.redeem(request.id, claim))).toBe('not-permitted')
    expect((await history(here, request.id)).slice(-2)).toEqual(['approved', 'refused'])
  })
})

function policy(other: Partial<Roster>) {
  return fakePolicy(roster({ judge: two, ...other }))
}

function agents(bots: Parameters<typeof agent>[1]): Partial<Roster> {
  return { agents: [agent(bot, { executors: [runner], ...bots }), agent(runner)] }
}

describe('a process whose clock is behind the newest event', () => {
  /** One process asks, at noon; the other's clock is behind by so many seconds. */
  async function behindBy(seconds: number) {
    const here = await world(two)
    const { request } = await here.approvals.ask(asks())
    const behind = here.another({ clock: new FakeClock(after(-seconds)) })
    return { here, request, behind }
  }

  test('records a vote whose facts are at most 180 seconds older than it', async () => {
    const { request, behind } = await behindBy(180)
    const { decisions } = await behind.approvals.decide(request.id, votes(request))
    expect(decisions).toMatchObject([{ at: noon, facts: { asOf: after(-180) } }])
  })

  test('records none that a verifier would refuse, and says what is wrong', async () => {
    const { here, request, behind } = await behindBy(181)
    await expect(behind.approvals.decide(request.id, votes(request))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('compare the clocks'),
    })
    expect(await history(here, request.id)).toEqual(['requested'])
  })
})
