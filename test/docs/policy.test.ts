import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formats } from '../../src/core/action/presentation.ts'
import { sizes } from '../../src/core/policy/sizes.ts'
import { deployBot, load, now } from '../policy/folder.ts'
import { tool, withPolicy } from '../policyTool/tool.ts'
import { codesIn, fencesOf, readPage, root, rowsOf, sectionOf } from '../support/pages.ts'

const writing = readPage('docs/policy/writing.md')
const first = readPage('docs/policy/first-policy.md')
const reference = readPage('docs/policy/reference.md')
const presentation = readPage('docs/policy/presentation.md')
const secrets = readPage('docs/policy/secrets.md')

const example = (file: string): string => readFileSync(join(root, 'policy', file), 'utf8')
const fence = (text: string, nth = 0, language = ''): string => fencesOf(text, language)[nth] ?? ''

test('the rule in docs/policy/writing.md fits into the example', async () => {
  const rule = fence(writing)
  expect(rule).toContain('@id("restart-needs-dba")')
  await load({ 'approve.cedar': `${example('approve.cedar')}\n${rule}` })
})

test('the rules in docs/policy/standing.md allow, let people approve in advance, and have each looked at', async () => {
  const page = sectionOf(readPage('docs/policy/standing.md'), '## A rule that allows, or a standing approval')
  const rules = { 'allow.cedar': fence(page, 0, 'cedar'), 'approve.cedar': fence(page, 1, 'cedar') }
  const policy = await load({ ...rules, 'forbid.cedar': '' })
  const judged = (rows: number) => {
    const params = { tables: ['accounts'], rows, destination: 's3://finance-exports' }
    const action = { action: 'db.export', target: 'prod/postgres/customers', environment: 'production', params }
    const judgement = policy.judge({ agent: deployBot, action, at: now })
    return [judgement.outcome, 'session' in judgement]
  }
  expect([100, 101, 50_001, -1].map(judged)).toEqual([
    ['allow', false],
    ['approve', true],
    ['approve', false],
    ['approve', false],
  ])
})

/** The files that docs/policy/first-policy.md makes, by name. */
const firstFiles = {
  'approvers.json': fence(sectionOf(first, '## 1. Who: `approvers.json`'), 0, 'json'),
  'schema.cedarschema': fence(sectionOf(first, '## 2. What: `schema.cedarschema`'), 0, 'cedar'),
  'forbid.cedar': fence(sectionOf(first, '## 3. Never: `forbid.cedar`'), 0, 'cedar'),
  'approve.cedar': fence(sectionOf(first, '## 4. People: `approve.cedar`'), 0, 'cedar'),
  'allow.cedar': fence(sectionOf(first, '## 5. No people: `allow.cedar`'), 0, 'cedar'),
  'tests/refunds.json': fence(sectionOf(first, '## 8. Keep it right: `tests/*.json`'), 0, 'json'),
  'ask.md': fence(sectionOf(first, '## 7. Try it'), 0, 'json'),
}

test('the policy that docs/policy/first-policy.md makes loads, passes its tests, and answers its ask', async () => {
  const others = { 'presentation.json': '{ "version": 1, "actions": {} }' }
  const none = { 'tests/exports.json': '[]', 'tests/operations.json': '[]' }
  await withPolicy({ ...others, ...none, ...firstFiles }, async (folder) => {
    expect((await tool(['check', folder])).exit).toBe(0)
    expect((await tool(['test', folder])).shown).toContain('3 passed, 0 failed')
    const ask = join(folder, 'ask.md')
    const { record } = await tool(['try', folder, '--ask', ask, '--at', '2026-03-04T09:00:00Z'])
    expect(record).toMatchObject({ outcome: 'approve', rules: [{ id: 'refund-needs-support' }] })
  })
})

test('every comparison in docs/policy/first-policy.md is one that rules can make', async () => {
  const compared = rowsOf(sectionOf(first, '## What rules can compare')).flatMap(([, , rule = '']) => codesIn(rule))
  const conditions = compared.filter((code) => code.startsWith('context.'))
  expect(conditions.length).toBeGreaterThan(6)
  const schema = `entity Agent, Target; action "refund.create" appliesTo { principal: Agent, resource: Target, context: {
    environment: String, params: { currency: String, rows: Long, dryRun: Bool, amount: decimal, orders: Set<String>,
    address: { city: String } } } };`
  const rules = conditions.map(
    (condition, i) => `@id("r${i}") permit (principal, action, resource) when { ${condition} };`,
  )
  await load({ 'schema.cedarschema': schema, 'allow.cedar': rules.join('\n'), 'approve.cedar': '', 'forbid.cedar': '' })
})

test.each([
  ['command', 0],
  ['contents of a file', 2],
])('the %s in docs/policy/writing.md can be declared and compared', async (_what, first) => {
  const section = sectionOf(writing, '## Commands of `countersign run`')
  const [declared, compared] = [fence(section, first), fence(section, first + 1)]
  const context = `{ environment: String, ${declared} }`
  await load({
    'schema.cedarschema': `${example('schema.cedarschema')}
action "unit.restart" appliesTo { principal: Agent, resource: Target, context: ${context} };`,
    'allow.cedar': `@id("restart") permit (principal, action == Action::"unit.restart", resource) ${compared};`,
  })
})

test('approvers.json in docs/policy/reference.md loads with rules for its groups', async () => {
  const approve = `${reference.match(/`(@approvers\("dba:2, security\|oncall"\))`/)?.[1]} @id("r")`
  const alone = { 'approvers.json': fence(reference, 0, 'json'), 'approve.cedar': '', 'allow.cedar': '' }
  const policy = await load({ ...alone, 'forbid.cedar': '' })
  expect(policy.groups().map(({ name }) => name)).toEqual(['dba'])
  await expect(load({ ...alone, 'approve.cedar': `${approve} permit (principal, action, resource);` })).rejects.toThrow(
    'approvers.json has no group "security"',
  )
})

test.each(['forbid', 'approve', 'allow'])(
  '%s.cedar has exactly the annotations that docs/policy/reference.md lists for it',
  async (name) => {
    const file = `${name}.cedar`
    const rows = rowsOf(sectionOf(reference, '## Annotations')).slice(1)
    const known = rows.filter(([, files = '']) => files === 'all' || files.includes(file)).map(([code = '']) => code)
    const values: Readonly<Record<string, string>> = { id: 'r', approvers: 'dba', tier: 'medium', summary: 'A title' }
    const noteOf = (code: string) => {
      const [, note = '', value] = /@(\w+)(?:\("(.*)"\))?/.exec(code) ?? []
      return value === undefined ? `@${note}` : `@${note}("${values[note] ?? value}")`
    }
    const effect = name === 'forbid' ? 'forbid' : 'permit'
    const rule = (codes: readonly string[]) =>
      load({ [file]: `${codes.map(noteOf).join('\n')}\n${effect} (principal, action, resource);` })
    await rule(known)
    const others = rows.map(([code = '']) => code).filter((code) => !known.includes(code))
    for (const other of others) await expect(rule([...known, other])).rejects.toThrow('is not known in this file')
  },
)

test('presentation.json in docs/policy/presentation.md fits the example', async () => {
  const policy = await load({ 'presentation.json': fence(presentation, 0, 'json') })
  expect(policy.presentation('db.export')?.params.map(({ key }) => key)).toEqual(['rows', 'destination', 'tables'])
})

test('docs/policy/presentation.md names every format', () => {
  const rows = rowsOf(sectionOf(presentation, '## The params'))
  const start = rows.findIndex(([name, , shown]) => name === '`format`' && shown === 'shown as')
  expect(rows.slice(start + 1).map(([name = '']) => codesIn(name)[0])).toEqual([...formats])
})

test('the exception in docs/policy/secrets.md can be declared', async () => {
  const policy = await load({ 'schema.cedarschema': `${example('schema.cedarschema')}\n${fence(secrets)}` })
  expect(policy.notSecret('session.revoke')).toEqual(['/params/session_token', '/params/fingerprints/*'])
})

test.each([
  ['reference', `at most ${sizes.groupsPerSlot} groups and asks for at most ${sizes.quorum} people`],
  ['reference', `at most ${sizes.slots} slots`],
  ['reference', `At most ${sizes.rulesPerAction} rules`],
  ['reference', `up to ${sizes.channelsPerGroup} channels`],
  ['reference', `1 to ${sizes.summary} characters`],
  ['reference', `up to ${sizes.controls} controls`],
  ['reference', `\`@via\` names up to ${['', 'one', 'two', 'three', 'four'][sizes.doors]}`],
  ['presentation', `at most ${sizes.title} characters and ${sizes.titleValues} values`],
  ['presentation', `1 to ${sizes.label} characters`],
  ['presentation', `at most ${sizes.criticalParams} |`],
])('docs/policy/%s.md has the text: %s', (page, limit) => {
  expect(readPage(`docs/policy/${page}.md`)).toContain(limit)
})
