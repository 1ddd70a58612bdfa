import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compiledFile, formatCompiled, readCompiled } from '../../src/policy/compiled.ts'
import { cedar, cedarVersion } from '../../src/policy/engine.ts'
import { loadPolicy, policyFrom } from '../../src/policy/load.ts'
import { readFiles } from '../../src/policy/files.ts'
import { bot } from '../support/build.ts'

const asked = { agent: bot, at: '2026-03-04T12:00:00.000Z' as never }
const actions = ['db.query', 'db.dump', 'db.read', 'db.drop', 'shell.run']

/** What a policy says of each action, without what it was compiled to. */
const told = (policy: Awaited<ReturnType<typeof loadPolicy>>) => ({
  version: policy.version,
  rules: policy.rules,
  actions: policy.actions,
  readable: policy.readable(),
  judged: actions.map((action) =>
    policy.judge({ ...asked, action: { action, target: 'prod/postgres/customers', environment: 'prod', params: {} } }),
  ),
})

test('a policy that is read from what was compiled is the same', async () => {
  const own = await readFiles('policy')
  const first = policyFrom(own, new Map())
  const again = policyFrom(own, new Map(), JSON.parse(formatCompiled(first.compiled)) as typeof first.compiled)
  expect(told(again)).toEqual(told(first))
  expect(again.compiled).toEqual(first.compiled)
})

test('what was compiled does not ask Cedar, and is without effect on other texts', async () => {
  const own = await readFiles('policy')
  const { compiled } = policyFrom(own, new Map())
  const asks = ['schemaToJsonWithResolvedTypes', 'policySetTextToParts', 'policyToJson', 'validate'] as const
  const engine = cedar()
  const spies = asks.map((name) => jest.spyOn(engine, name))
  policyFrom(own, new Map(), compiled)
  expect(spies.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0, 0])
  const changed = new Map(own).set('allow.cedar', Buffer.from('permit (principal, action, resource);'))
  expect(() => policyFrom(changed, new Map(), compiled)).toThrow('without @id')
  expect(spies[1]?.mock.calls.length).toBeGreaterThan(0)
  jest.restoreAllMocks()
})

test('a file that is missing, cut off or something else does not stop the start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-compiled-'))
  const path = join(folder, compiledFile)
  const { compiled } = await loadPolicy('policy', new Map())
  expect(await readCompiled(path)).toBeNull()
  for (const text of ['', 'null', '{"of":1}', formatCompiled(compiled).slice(0, 100)]) {
    writeFileSync(path, text)
    expect(await readCompiled(path)).toBeNull()
  }
  writeFileSync(path, formatCompiled(compiled))
  expect(await readCompiled(path)).toEqual(compiled)
  rmSync(folder, { recursive: true })
})

test('the version of Cedar that a compiled policy names is that of its package', () => {
  const { version } = JSON.parse(readFileSync('node_modules/@cedar-policy/cedar-wasm/package.json', 'utf8')) as {
    readonly version: string
  }
  expect(cedarVersion).toBe(version)
})
