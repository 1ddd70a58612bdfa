import { bot, dba, disabled, guest, oid, owner, policyVersion } from '../support/build.ts'
import { ownerAlias } from '../support/world.ts'
import { served } from './served.ts'

const ask = {
  ...{ agent: bot, action: 'db.export', target: 'prod/customers', environment: 'production' },
  params: { rows: 7 },
}

test('a try says what policy answers', async () => {
  const here = await served()
  const { status, json } = await here.call('judgements', 'approver', { body: ask })
  expect([status, json]).toEqual([
    200,
    {
      policy: expect.stringMatching(/^sha256:/),
      outcome: 'approve',
      rules: ['export-needs-dba'],
      ...{ tier: 'medium', expires: 3600, lapse: 3600, grant: 300 },
      required: [{ groups: ['dba'], quorum: 1, eligible: 2 }],
      excluded: [owner, ownerAlias].sort(),
      pages: 1,
      warnings: [],
    },
  ])
})

test('a try tells warnings, and whom the word of the agent excludes', async () => {
  const here = await served()
  const { json } = await here.call('judgements', 'Evidence.Read', {
    body: { ...ask, onBehalfOf: dba, reason: 'a\u202eb' },
  })
  expect(json.excludedByAgent).toEqual([dba])
  expect(json.warnings.map(({ code }: { code: string }) => code)).toEqual(['hidden-characters', 'approver-excluded'])
})

test.each([
  ['agent that is not registered', { agent: oid(77) }, '/agent'],
  ['missing agent', { agent: undefined }, '/agent'],
  ['time', { at: '2026-02-31T00:00:00Z' }, '/at'],
  ['member that asks do not have', { key: 'x' }, '/key'],
])('a try with another %s is refused with its pointer', async (_what, other, pointer) => {
  const here = await served()
  const { status, json } = await here.call('judgements', 'approver', { body: { ...ask, ...other } })
  expect([status, json.code, json.pointer]).toEqual([400, 'invalid-input', pointer])
})

test('a try is for approvers and for readers of evidence', async () => {
  const here = await served()
  for (const who of ['no role', 'Evidence.Export', 'agent']) {
    const { status, json } = await here.call('judgements', who, { body: ask })
    expect([who, status, json.code]).toEqual([who, 403, 'not-permitted'])
  }
})

test.each([
  ['approver', ['dba']],
  ['owner', ['dba']],
  ['no role', []],
])('%s is told who they are, and their groups', async (who, groups) => {
  const here = await served()
  const { status, json } = await here.call('me', who)
  expect([status, json]).toEqual([200, { id: expect.any(String), name: who, roles: [who], groups, proved: [] }])
})

test('a guest, a disabled account and an unknown one are in no group, whatever the policy lists', async () => {
  const { approvals } = await served()
  expect(await Promise.all([guest, disabled, oid(99)].map((id) => approvals.groupsOf(id)))).toEqual([[], [], []])
})

test('an agent is told nothing of itself as a person', async () => {
  const here = await served()
  expect((await here.call('me', 'agent')).json).toMatchObject({ status: 403, code: 'not-permitted' })
})

test('the policy tells who is in which group, and who answers for agents, by name', async () => {
  const rule = {
    ...{ id: 'never-drop', file: 'forbid.cedar', actions: ['db.drop'], words: 'No agent may do db.drop.' },
    ...{ text: '@id("never-drop") forbid (…);', annotations: { id: 'never-drop' } },
  }
  const entra = '00000000-0000-4000-8000-0000000000e1' as ReturnType<typeof oid>
  const groups = [{ name: 'all', members: [dba, guest, bot], entraGroup: entra, channels: [] }]
  const here = await served(undefined, { rules: [rule, { ...rule, id: 'odd', words: null }], groups })
  here.directory.group(
    entra,
    Array.from({ length: 250 }, (_, i) => oid(1000 + i)),
  )
  here.directory.remove(bot)
  const { status, json } = await here.call('policy', 'approver')
  expect([status, json.version]).toEqual([200, policyVersion])
  const { words: _, ...odd } = { ...rule, id: 'odd' }
  expect(json.rules).toEqual([rule, odd])
  const [{ members, more, entraGroup }] = json.groups
  expect([members.length, more, entraGroup]).toEqual([200, 53, entra])
  expect(members.slice(0, 3)).toEqual([
    { id: dba, name: 'Person 11', member: true, enabled: true },
    { id: guest, name: expect.any(String), member: false, enabled: true },
    { id: bot, member: false, enabled: false },
  ])
  expect(json.agents[0]).toMatchObject({ id: bot, owners: [owner] })
  expect(json.agents[0]).not.toHaveProperty('appId')
  expect(json.people).toEqual({ [owner]: 'Person 31' })
})

test('the policy is for approvers and for readers of evidence', async () => {
  const here = await served()
  const statuses = ['approver', 'owner', 'Evidence.Read', 'stranger', 'no role', 'Evidence.Export', 'agent'].map(
    async (who) => [who, (await here.call('policy', who)).status],
  )
  expect(Object.fromEntries(await Promise.all(statuses))).toEqual({
    ...{ approver: 200, owner: 200, 'Evidence.Read': 200 },
    ...{ stranger: 403, 'no role': 403, 'Evidence.Export': 403, agent: 403 },
  })
})

test('a group is never shown for smaller than it is: without the directory there is no answer', async () => {
  const here = await served()
  here.directory.down = true
  expect((await here.call('policy', 'Evidence.Read')).json).toMatchObject({ status: 503, code: 'unavailable' })
})
