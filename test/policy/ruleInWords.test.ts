import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { policyFrom } from '../../src/policy/load.ts'
import { ruleInWords } from '../../src/policy/ruleInWords.ts'
import { english } from '../../src/words/english.ts'
import { spoken } from '../../src/words/spoken.ts'
import { reversed } from '../words/reversed.ts'

const saying = { words: spoken, agentName: (id: string) => ({ 'b-1': 'deploy-bot' })[id] }

function said(rule: string, words = spoken): string | null {
  const parsed = policyToJson(rule)
  if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors))
  const { effect, conditions, ...constraints } = parsed.json
  return ruleInWords({ effect, conditions, constraints, actions: ['a'], slots: [] }, { ...saying, words })
}

/** What stands between “if” and the end of a rule of this condition. */
const condition = (text: string): string | null =>
  said(`forbid (principal, action, resource) when { ${text} };`)
    ?.replace('No agent may do any action, if ', '')
    .replace(/\.$/, '') ?? null

test('the rules of the example are said as they are meant', () => {
  const files = ['forbid.cedar', 'approve.cedar', 'allow.cedar', 'schema.cedarschema', 'approvers.json']
  const policy = policyFrom(new Map(files.map((name) => [name, readFileSync(join('policy', name))])), new Map())
  const production = 'the environment is “production” or the target looks like “prod/*”'
  expect(Object.fromEntries(policy.readable().map(({ id, words }) => [id, words]))).toEqual({
    'never-drop-production': `No agent may do db.drop, if ${production}.`,
    'large-export-needs-security': `db.export needs the approval of security, if (${production}) and (rows is above 100,000 or rows is below 0).`,
    'export-needs-dba': `db.export needs the approval of dba, if ${production}.`,
    'role-needs-security': 'iam.role.grant needs the approval of security.',
    'release-needs-one': `deploy.release needs the approval of dba or security, if ${production}.`,
    'restart-in-staging':
      'service.restart needs nobody’s approval, if the environment is “staging” and the target is one of “web-1”, “web-2”, “worker-1”, ' +
      'unless countersign.run is given and not (countersign.run.path is one of “/bin/echo”, “/usr/bin/echo” and countersign.run.args is exactly “restarted”).',
  })
  expect(policy.readable()[0]).toMatchObject({ file: 'forbid.cedar', actions: ['db.drop'] })
  expect(policy.readable()[0]?.text).toMatch(/^@id\("never-drop-production"\)[^]*;$/)
})

test.each([
  ['context.environment == "staging"', 'the environment is “staging”'],
  ['"staging" != context.environment', 'the environment is not “staging”'],
  ['!(context.environment == "staging")', 'the environment is not “staging”'],
  ['!!(context.environment == "staging")', 'the environment is “staging”'],
  ['5 < context.params.rows', 'rows is above 5'],
  ['context.params.rows <= 12345', 'rows is at most 12,345'],
  ['context.params.rows >= -5', 'rows is at least −5'],
  ['!(context.params.rows > 5)', 'not (rows is above 5)'],
  ['context.params.amount.lessThanOrEqual(decimal("500.0"))', 'amount is at most 500.0'],
  ['decimal("1.5").greaterThan(context.params.amount)', 'amount is below 1.5'],
  ['context.counts.tables > 3', 'the size of tables is above 3'],
  ['context.at.hour < 6 || context.at.weekday == "sunday"', 'the hour is below 6 or the weekday is “sunday”'],
  ['context.params.dry', 'dry is true'],
  ['!context.params.dry', 'dry is false'],
  ['context.params.dry == false', 'dry is false'],
  ['context has onBehalfOf', 'the person whom it is for is given'],
  ['!(context.params has filter.since)', 'filter.since is not given'],
  ['["a", "b"].contains(context.target)', 'the target is one of “a”, “b”'],
  ['!["a", "b"].contains(context.target)', 'the target is none of “a”, “b”'],
  ['context.params.tables.contains("a")', 'tables has “a”'],
  ['!context.params.tables.contains("a")', 'tables does not have “a”'],
  ['context.params.tables.containsAll(["a", "b"])', 'tables has each of “a”, “b”'],
  ['["a", "b"].containsAll(context.params.tables)', 'each of tables is one of “a”, “b”'],
  ['context.params.tables.containsAny(["a", "b"])', 'tables has one of “a”, “b”'],
  ['["a", "b"].containsAny(context.params.tables)', 'tables has one of “a”, “b”'],
  ['!context.params.tables.containsAny(["a"])', 'not (tables has one of “a”)'],
  ['context.params.tables.isEmpty()', 'tables is empty'],
  ['context.params.tables == []', 'tables is an empty list'],
  ['context.target like "a\\*b*"', 'the target looks like “a\\*b*”'],
  ['!(context.target like "prod/*")', 'the target does not look like “prod/*”'],
  ['principal == Agent::"b-1"', 'the agent is “deploy-bot”'],
  ['principal in [Agent::"b-1", Agent::"b-2"]', 'the agent is one of “deploy-bot”, “b-2”'],
  ['action in [Action::"x"]', 'the action is one of “x”'],
  ['resource == Target::"prod/x"', 'the target is “prod/x”'],
  ['context.target == "a”b"', 'the target is "a”b"'],
  ['context.params.a + context.params.b * 2 > 9', '(a + (b × 2)) is above 9'],
  ['context.params.command == { path: "/x", args: ["a"] }', 'command is { path: “/x”; args: exactly “a” }'],
  [
    'context.params.a == 1 && (context.params.b == 2 || context.params.c == 3 && context.params.d == 4)',
    'a is 1 and (b is 2 or (c is 3 and d is 4))',
  ],
  ['!(context.params.a == 1 && context.params.b == 2)', 'not (a is 1 and b is 2)'],
  [
    'if context.params.x then context.params.a == 1 else context.params.b == 2',
    '(in case x is true: a is 1; otherwise: b is 2)',
  ],
])('%s is said as “%s”', (text, words) => {
  // Members of a record come in the order of their names.
  const ordered = (line: string | null) =>
    line?.replace('args: exactly “a”; path: “/x”', 'path: “/x”; args: exactly “a”')
  expect(ordered(condition(text))).toBe(words)
})

test.each([
  ['a function of an extension', 'ip("10.0.0.1").isLoopback()'],
  ['an attribute of the agent', 'principal.team == "x"'],
  ['an attribute of the target', 'resource has owner'],
  ['a type', 'principal is Agent'],
  ['a tag', 'principal.hasTag("x")'],
  ['a constant', 'true'],
  ['all params at once', 'context.params == context.params'],
  ['any of them, deep inside', 'context.params.a == 1 || !(context.params.b == 2 && principal.team == "x")'],
])('a rule with %s is not said at all, rather than in part', (_what, text) => {
  expect(condition(text)).toBeNull()
})

test('every condition counts: several `when` are joined by “and”, several `unless` by “or”, and the scope stands first', () => {
  const rule = `forbid (principal == Agent::"b-1", action == Action::"a", resource == Target::"t")
    when { context.params.a == 1 || context.params.b == 2 } when { context.params.c == 3 }
    unless { context.params.d == 4 } unless { context.params.e == 5 && context.params.f == 6 };`
  expect(said(rule)).toBe(
    'No agent may do a, if the agent is “deploy-bot” and the target is “t” and (a is 1 or b is 2) and c is 3, ' +
      'unless d is 4 or (e is 5 and f is 6).',
  )
})

test('people are asked by slot, for one action, several and every one', () => {
  const scope = (text: string) => {
    const parsed = policyToJson(`permit (principal, ${text}, resource);`)
    if (parsed.type === 'failure') throw new Error('not Cedar')
    const { conditions, effect, ...constraints } = parsed.json
    return { conditions, effect, constraints }
  }
  const slots = [
    { groups: ['dba'], quorum: 2 },
    { groups: ['oncall', 'security'], quorum: 1 },
  ]
  const who = 'the approval of 2 people of dba and of oncall or security.'
  expect(ruleInWords({ ...scope('action'), actions: ['a', 'b'], slots }, saying)).toBe(`Every action needs ${who}`)
  const some = scope('action in [Action::"a", Action::"b"]')
  expect(ruleInWords({ ...some, actions: ['a', 'b', 'c'], slots }, saying)).toBe(`a, b and c need ${who}`)
  expect(ruleInWords({ ...some, actions: ['a'], anyCommand: true }, saying)).toBe(
    'a needs nobody’s approval. The command may be any.',
  )
})

test('no words of a sentence are written anywhere but in the language', () => {
  const rule = `forbid (principal, action, resource) when { 1 == 2 && ["7"].contains(context.target) || !(3 > 4) };`
  expect(said(rule, english)).toMatch(/[A-Za-z]/)
  expect(said(rule, reversed)).not.toMatch(/[A-Za-z]/)
})
