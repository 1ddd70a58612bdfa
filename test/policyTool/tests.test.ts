import { join } from 'node:path'
import { root } from '../support/root.ts'
import { tool, withPolicy } from './tool.ts'

const ask = {
  ...{ action: 'db.export', target: 'prod/customers', environment: 'production', params: { rows: 120_000 } },
}

const tested = async (tests: unknown) => {
  const json = typeof tests === 'string' ? tests : JSON.stringify(tests)
  return withPolicy({ 'tests/mine.json': json, 'tests/exports.json': '[]', 'tests/operations.json': '[]' }, (folder) =>
    tool(['test', folder]),
  )
}

const one = (expect: unknown, more: object = {}) => [{ name: 'mine', agent: 'deploy-bot', ask, expect, ...more }]

test('the tests of the example pass', async () => {
  const { exit, shown } = await tool(['test', join(root, 'policy')])
  expect(shown).not.toContain('FAILED')
  expect(exit).toBe(0)
})

test.each<[string, unknown]>([
  ['the outcome', { outcome: 'approve' }],
  ['the rules, in any order', { outcome: 'approve', rules: ['export-needs-dba', 'large-export-needs-security'] }],
  ['the approvers, in any order', { outcome: 'approve', approvers: 'security, dba:1' }],
  ['the tier', { outcome: 'approve', tier: 'medium' }],
])('a test passes that expects %s', async (_what, expected) => {
  const { exit, shown } = await tested(one(expected))
  expect([exit, shown]).toEqual([0, expect.stringContaining('ok tests/mine.json: mine')])
})

test.each<[string, unknown, object, string]>([
  ['another outcome', { outcome: 'allow' }, {}, 'outcome: expected allow, found approve'],
  ['one rule less', { outcome: 'approve', rules: ['export-needs-dba'] }, {}, 'rules: expected export-needs-dba, found'],
  ['fewer approvers', { outcome: 'approve', approvers: 'dba' }, {}, 'approvers: expected dba, found dba, security'],
  ['another quorum', { outcome: 'approve', approvers: 'dba:2, security' }, {}, 'expected dba:2, security, found'],
  ['another tier', { outcome: 'approve', tier: 'high' }, {}, 'tier: expected high, found medium'],
  ['a problem that does not come', { problem: 'too-large' }, {}, 'problem: expected too-large, found none'],
  [
    'no problem where one comes',
    { outcome: 'approve' },
    { ask: { ...ask, params: { rows: 'many' } } },
    'problem: expected none, found invalid-input: ',
  ],
])('a test fails that expects %s', async (_what, expected, more, words) => {
  const { exit, shown, record } = await tested(one(expected, more))
  expect([exit, record['ok']]).toEqual([1, false])
  expect(shown).toContain('FAILED tests/mine.json: mine')
  expect(shown).toContain(words)
  expect(shown).toContain('0 passed, 1 failed')
})

test('a shortage of people that approvers.json itself has is found', async () => {
  const approve = '@id("r") @approvers("security:2") permit (principal, action == Action::"db.export", resource);'
  const mine = JSON.stringify(one({ outcome: 'approve', problem: 'no-eligible-approver' }, { agent: 'other-bot' }))
  await withPolicy({ 'approve.cedar': approve, 'tests/mine.json': mine }, async (folder) => {
    const { shown } = await tool(['test', folder])
    expect(shown).toContain('ok tests/mine.json: mine')
  })
})

test('a group of the directory counts as one with enough members', async () => {
  const approvers = JSON.stringify({
    version: 1,
    groups: { dba: { entraGroup: 'd0000000-0000-4000-8000-000000000001' } },
    agents: {
      'b0000000-0000-4000-8000-000000000001': {
        ...{ name: 'deploy-bot', appId: 'a0000000-0000-4000-8000-000000000001' },
        owners: ['c0000000-0000-4000-8000-000000000005'],
      },
    },
  })
  const approve = '@id("r") @approvers("dba:3") permit (principal, action == Action::"db.export", resource);'
  const mine = JSON.stringify(one({ outcome: 'approve', approvers: 'dba:3' }))
  const files = { 'approve.cedar': approve, 'approvers.json': approvers, 'tests/mine.json': mine }
  await withPolicy({ ...files, 'tests/exports.json': '[]', 'tests/operations.json': '[]' }, async (folder) => {
    expect((await tool(['test', folder])).exit).toBe(0)
  })
})

test('a test is judged as of its time', async () => {
  const schema = `entity Agent, Target;
    action "mail.send" appliesTo { principal: Agent, resource: Target, context: { environment: String, at: { hour: Long } } };`
  const allow =
    '@id("by-day") permit (principal, action == Action::"mail.send", resource) when { context.at.hour < 18 };'
  const mail = { action: 'mail.send', target: 'team', environment: 'production' }
  const at = (hour: string, outcome: string) => ({
    ...{ name: hour, agent: 'deploy-bot', at: `2026-03-04T${hour}:00:00Z`, ask: mail, expect: { outcome } },
  })
  const files = {
    ...{ 'schema.cedarschema': schema, 'allow.cedar': allow, 'approve.cedar': '', 'forbid.cedar': '' },
    ...{ 'presentation.json': '{ "version": 1, "actions": {} }' },
    ...{ 'tests/exports.json': '[]', 'tests/operations.json': '[]' },
    'tests/mine.json': JSON.stringify([at('17', 'allow'), at('18', 'no-policy')]),
  }
  await withPolicy(files, async (folder) => {
    expect((await tool(['test', folder])).shown).toContain('2 passed, 0 failed')
  })
})

test.each<[string, unknown, number, string]>([
  ['that is no JSON', '[{]', 2, 'tests/mine.json is not valid JSON'],
  ['that is no list', {}, 78, 'tests/mine.json: the file'],
  ['without an expectation', [{ name: 'x', ask }], 78, 'tests/mine.json: /0/expect'],
  ['that expects nothing', one({ rules: [] }), 78, '/0/expect has an outcome or a problem'],
  ['with a misspelt member', one({ outcome: 'approve', approver: 'dba' }), 78, '/0/expect/approver'],
  [
    'with approvers in another form',
    one({ outcome: 'approve', approvers: 'dba; x' }),
    78,
    '/0/expect/approvers is written',
  ],
  [
    'of an agent that is not registered',
    one({ outcome: 'allow' }, { agent: 'bot' }),
    78,
    'test "mine": /agent "bot" is not',
  ],
  [
    'without an agent, where there are two',
    one({ outcome: 'allow' }, { agent: undefined }),
    78,
    'name one of deploy-bot',
  ],
  [
    'whose ask has no target',
    one({ outcome: 'allow' }, { ask: { ...ask, target: undefined } }),
    78,
    '/target is required',
  ],
  ['without tests', [], 78, 'tests has no tests'],
])('a file is refused %s', async (_what, tests, exit, words) => {
  const result = await tested(tests)
  expect([result.exit, result.to]).toEqual([exit, 'stderr'])
  expect(result.shown).toContain(words)
})
