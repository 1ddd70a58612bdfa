import { join } from 'node:path'
import { root } from '../support/root.ts'
import { tool, withPolicy } from './tool.ts'

const example = join(root, 'policy')

test('a policy without flaws is described', async () => {
  const { exit, record, shown } = await tool(['check', example])
  expect([exit, record['ok'], record['rules']]).toEqual([
    0,
    true,
    { 'forbid.cedar': 1, 'approve.cedar': 4, 'allow.cedar': 1 },
  ])
  expect(shown).toContain('agents deploy-bot, other-bot')
})

test('each flaw is named with file, line and rule', async () => {
  const forbid =
    '@id("r")\nforbid (principal, action == Action::"db.drop", resource)\nwhen { context.environment == "Production" };'
  await withPolicy({ 'forbid.cedar': forbid }, async (folder) => {
    const { exit, shown, record } = await tool(['check', folder])
    expect(exit).toBe(1)
    expect(shown).toMatch(/^flaw: forbid\.cedar:3: rule r: /)
    expect(record['flaws']).toEqual([{ file: 'forbid.cedar', line: 3, rule: 'r', reason: expect.any(String) }])
  })
})

test('flaws come before all else that could be done with the policy', async () => {
  await withPolicy({ 'allow.cedar': 'permit' }, async (folder) => {
    for (const args of [['test'], ['try', '--ask', 'x'], ['replay', '--from', 'x', '--to', 'x']])
      expect((await tool([args[0] ?? '', folder, ...args.slice(1)])).record).toMatchObject({ exit: 1, ok: false })
  })
})

test.each<[string, readonly string[], number, string]>([
  ['a folder that is not there', ['check', 'missing'], 2, 'missing is not a folder.'],
  ['a file in place of a folder', ['check', join(example, 'allow.cedar')], 2, 'is not a folder.'],
  ['another work', ['judge', example], 78, '"judge" is none of check, try, test, replay'],
  ['an option of another work', ['check', example, '--ask', 'x'], 78, '--ask does not belong to policy check'],
  ['a missing option', ['replay', example, '--from', '2026-01-01'], 78, '--to is missing'],
])('refuses %s', async (_what, args, exit, words) => {
  const result = await tool(args)
  expect([result.exit, result.to]).toEqual([exit, 'stderr'])
  expect(result.shown).toContain(words)
})
