import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../support/root.ts'
import { tool, withPolicy } from './tool.ts'

const example = join(root, 'policy')
const ask = {
  ...{ action: 'db.export', target: 'prod/customers', environment: 'production' },
  params: { rows: 120_000, tables: ['accounts', 'orders'] },
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-try-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function tried(json: unknown, policy = example, ...more: string[]) {
  const file = join(folder, 'ask.json')
  await writeFile(file, typeof json === 'string' ? json : JSON.stringify(json))
  return tool(['try', policy, '--ask', file, ...more])
}

test('what people decide is told with its rules, people, times and how it looks', async () => {
  const { exit, shown, record } = await tried(ask, example, '--agent', 'deploy-bot')
  expect(exit).toBe(0)
  for (const line of [
    'outcome approve: people decide',
    /rule large-export-needs-security \(approve\.cedar:\d+\): Export more than 100,000 rows/,
    /rule export-needs-dba \(approve\.cedar:\d+\): Export data from a production database/,
    // The third member of the group owns the agent.
    /approvers dba: c0000000-0000-4000-8000-000000000001, c0000000-0000-4000-8000-000000000002, c\S+7$/m,
    'may not approve c0000000-0000-4000-8000-000000000005',
    'tier medium',
    'times waits 3600 s for people, an approval may wait 3600 s to be used, a grant holds 300 s',
    'title Export 120,000 rows of prod/customers',
    'Page 1 of 1',
    '  | Rows (rows): 120,000',
    '  | Tables (tables): accounts, orders (2)',
  ])
    expect(shown).toMatch(line)
  expect(record).toMatchObject({
    outcome: 'approve',
    rules: [{ id: 'large-export-needs-security', file: 'approve.cedar' }, { id: 'export-needs-dba' }],
    required: [
      { groups: ['security'], quorum: 1, listed: expect.any(Array) },
      { groups: ['dba'], quorum: 1 },
    ],
    view: { title: 'Export 120,000 rows of prod/customers', pages: [expect.any(Array)] },
  })
})

test('every line of a long text is on a page, with marks that no text can write itself', async () => {
  const script = Array.from({ length: 300 }, (_, i) => `line ${i} of the script\u202e`).join('\n')
  const { record } = await tried(
    { ...ask, action: 'deploy.release', params: { script } },
    example,
    '--agent',
    'deploy-bot',
  )
  const { pages } = record['view'] as unknown as { readonly pages: readonly (readonly string[])[] }
  expect(pages.length).toBeGreaterThan(1)
  const lines = pages.flat().join('\n')
  for (let i = 0; i < 300; i++) expect(lines).toContain(`line ${i} of the script⟦U+202E⟧`)
})

test.each<[string, object, number, string]>([
  ['forbidden', { action: 'db.drop', params: {} }, 77, 'outcome forbid'],
  ['not covered', { action: 'cat.feed', params: {} }, 77, 'because '],
  ['allowed', { action: 'service.restart', target: 'web-1', environment: 'staging', params: {} }, 0, 'outcome allow'],
  ['refused for its params', { params: { rows: 'many' } }, 78, 'outcome refused: invalid-input'],
  [
    'refused for a secret',
    { params: { rows: 1, password: 'q7Zt2LmX9vRk4B' } },
    78,
    'outcome refused: secret-in-params',
  ],
])('the exit code is that of a real ask: %s', async (_what, other, exit, words) => {
  const result = await tried({ ...ask, ...other }, example, '--agent', 'b0000000-0000-4000-8000-000000000001')
  expect([result.exit, result.shown]).toEqual([exit, expect.stringContaining(words)])
})

test('an ask that too few people could approve is refused, and who is left is told', async () => {
  const approve = '@id("r") @approvers("security:2") permit (principal, action == Action::"db.export", resource);'
  await withPolicy({ 'approve.cedar': approve }, async (draft) => {
    const { exit, shown } = await tried(ask, draft, '--agent', 'other-bot')
    expect(exit).toBe(77)
    expect(shown).toContain('(no-eligible-approver)')
    expect(shown).toMatch(/approvers .*: c0000000-0000-4000-8000-000000000003$/m)
  })
})

test('agent and time may stand in the ask', async () => {
  const { exit, record } = await tried({ ...ask, agent: 'other-bot', at: '2026-03-04T12:00:00Z' })
  expect([exit, record['excluded']]).toEqual([0, ['c0000000-0000-4000-8000-000000000004']])
})

test.each<[string, unknown, readonly string[], number, string]>([
  [
    'without an agent, where there are two',
    ask,
    [],
    78,
    'ask.json: /agent is missing: name one of deploy-bot, other-bot',
  ],
  ['of an agent that is not registered', ask, ['--agent', 'bot'], 78, '/agent "bot" is not registered'],
  ['at no time', ask, ['--agent', 'deploy-bot', '--at', 'noon'], 78, 'ask.json: /at is a time'],
  ['that is no JSON', '{"action"', [], 2, 'ask.json is not valid JSON'],
  ['that is a list', [ask], [], 78, 'ask.json: An ask is an object'],
  ['without an action', { ...ask, action: undefined }, ['--agent', 'deploy-bot'], 78, '/action is required'],
])('refuses an ask %s', async (_what, json, more, exit, words) => {
  const result = await tried(json, example, ...more)
  expect([result.exit, result.to]).toEqual([exit, 'stderr'])
  expect(result.shown).toContain(words)
})

test('refuses a file that is not there', async () => {
  const { exit, shown } = await tool(['try', example, '--ask', join(folder, 'none.json')])
  expect([exit, shown]).toEqual([2, expect.stringContaining('none.json cannot be read: ENOENT')])
})
