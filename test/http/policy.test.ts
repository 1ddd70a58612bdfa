import { bot, dba, disabled, guest, oid, owner } from '../support/build.ts'
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
