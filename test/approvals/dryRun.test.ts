import type { DryAsk } from '../../src/approvals/dryRun.ts'
import { after, bot, dba, dba2, needs, oid, owner, runner, security, slot } from '../support/build.ts'
import {
  agent,
  anAction,
  asks,
  codeOf,
  guest,
  outcomeOf,
  ownerAlias,
  stranger,
  type World,
  world,
} from '../support/world.ts'

const { agent: _agent, key: _key, ...rest } = asks()
const tries = (other: Partial<DryAsk> = {}): DryAsk => ({ ...rest, agent: bot, ...other })
const auditor = { kind: 'person', id: oid(98), evidence: true } as const

/** All that an ask could have left behind. */
const leftIn = async ({ ledger, limits }: World) => [
  (await ledger.list({ by: 'pending' }, { keep: async () => true, limit: 10 })).requests,
  (await limits.read({ agent: bot })).row.slots,
  (await limits.read({ channel: '19:dba' })).row.slots,
]

test('a dry run says who would have to approve, and leaves nothing behind', async () => {
  const slots = [slot('dba'), slot('dba|security', 2)]
  const here = await world(() => needs(slots, { tier: 'high', expires: 1800, summary: 'Export', via: ['teams'] }))
  expect(await here.approvals.tryAsk(tries(), auditor)).toMatchObject({
    outcome: 'approve',
    rules: ['export-needs-dba'],
    summary: 'Export',
    lapse: 3600,
    grant: 300,
    asking: {
      tier: 'high',
      expires: 1800,
      via: ['teams'],
      // The owner with two accounts is excluded; a guest and a disabled account never decide.
      required: [
        { ...slots[0], eligible: 2 },
        { ...slots[1], eligible: 3 },
      ],
      excluded: [owner, ownerAlias].sort(),
      excludedByAgent: [],
      pages: 1,
    },
    warnings: [],
    problem: null,
  })
  expect(await leftIn(here)).toEqual([[], [], []])
})

test.each(['allow', 'forbid', 'no-policy'] as const)('a dry run that ends in %s asks no people', async (outcome) => {
  const here = await world(() =>
    outcome === 'allow' ? { outcome, rules: ['r'], lapse: 60, grant: 60 } : { outcome, rules: [] },
  )
  const { asking, ...run } = await here.approvals.tryAsk(tries(), auditor)
  expect([run.outcome, asking]).toEqual([outcome, undefined])
})

test('the ask is judged as of the time that is given', async () => {
  const here = await world((_, question) =>
    question && question.at >= after(600) ? needs() : { outcome: 'no-policy', rules: [] },
  )
  expect((await here.approvals.tryAsk(tries(), auditor)).outcome).toBe('no-policy')
  expect((await here.approvals.tryAsk(tries({ at: after(600) }), auditor)).outcome).toBe('approve')
})

test('what is refused after the judgement is told with it', async () => {
  const here = await world(() => needs([slot('dba', 3)]))
  const few = await here.approvals.tryAsk(tries(), auditor)
  expect([few.outcome, few.problem?.code, few.asking?.required[0]?.eligible]).toEqual([
    'approve',
    'no-eligible-approver',
    2,
  ])
  expect(await codeOf(here.approvals.ask(asks()))).toBe('no-eligible-approver')
})

test('people whom only the word of the agent excludes are named, with the warning that approvers get', async () => {
  const here = await world()
  const run = await here.approvals.tryAsk(tries({ onBehalfOf: dba }), auditor)
  expect([run.warnings, run.asking?.excludedByAgent, run.asking?.required[0]?.eligible]).toEqual([
    ['approver-excluded'],
    [dba],
    1,
  ])
})

test.each<[string, Partial<DryAsk>, string]>([
  ['an agent that is not registered', { agent: oid(77) }, 'invalid-input'],
  ['an executor that the agent may not name', { executor: oid(77) }, 'invalid-input'],
  ['a guest as principal', { onBehalfOf: guest }, 'invalid-input'],
  ['a secret', { action: { ...anAction(), params: { password: 'q7Zt2LmX9vRk4B' } } }, 'secret-in-params'],
  ['an action that is too large', { action: { ...anAction(), params: { a: 'x'.repeat(17_000) } } }, 'too-large'],
])('is refused as the ask is: %s', async (_what, other, code) => {
  const here = await world()
  expect(await codeOf(here.approvals.tryAsk(tries(other), auditor))).toBe(code)
  if (other.agent) return
  const registered = agent(bot, { executors: [runner] })
  expect(await codeOf(here.approvals.ask(asks({ ...other, agent: registered })))).toBe(code)
})

describe('a person may try asks', () => {
  test.each([
    ['in any group of approvers', security, 'ok'],
    ['in the group that decides', dba2, 'ok'],
    ['who owns the agent and is in a group', owner, 'ok'],
    ['not in a group', stranger, 'not-permitted'],
    ['not as a guest', guest, 'not-permitted'],
    ['not if the directory does not know them', oid(99), 'not-permitted'],
  ])('%s', async (_what, id, code) => {
    const here = await world()
    expect(await outcomeOf(here.approvals.tryAsk(tries(), { kind: 'person', id, evidence: false }))).toBe(code)
  })
})
