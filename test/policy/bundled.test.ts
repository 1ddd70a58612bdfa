import { spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')

/**
 * Loads and judges more and more rules, then others: the code around Cedar is optimised, and given up again while calls
 * are under way. Node 20 did not survive that.
 */
const script = `
  import { cpSync, rmSync, writeFileSync } from 'node:fs'
  import { loadPolicy } from './src/policy/load.ts'
  const example = process.argv[2]
  const write = (file, lines) => writeFileSync('policy/' + file, lines.join('\\n'))
  const writeRules = (count) => {
    const names = Array.from({ length: count / 10 }, (_, i) => 'job.n' + i)
    cpSync(example, 'policy', { recursive: true })
    rmSync('policy/presentation.json')
    write('schema.cedarschema', ['entity Agent, Target;', ...names.map((name) => 'action "' + name + '" appliesTo {' +
      'principal: Agent, resource: Target, context: { environment: String, params: { rows: Long } } };')])
    write('forbid.cedar', [])
    write('allow.cedar', [])
    write('approve.cedar', names.flatMap((name, n) => Array.from({ length: 10 }, (_, i) =>
      '@id("r' + n + '-' + i + '") @approvers("dba, security") @summary("x") permit(principal, action == Action::"' +
      name + '", resource) when { context.environment == "production" && context.params.rows > ' + i + ' };')))
  }
  const judge = async (folder, action, rows, times) => {
    const policy = await loadPolicy(folder, new Map())
    const agent = policy.agents()[0].id
    const ask = () => policy.judge({ agent, at: '2026-03-04T12:00:00.000Z', action: { action, target: 'x', environment: 'production', params: { rows } } })
    for (let i = 1; i < times; i++) ask()
    return ask().rules.length
  }
  const main = async () => {
    const found = []
    for (const count of [10, 200, 1000]) {
      writeRules(count)
      found.push(await judge('policy', 'job.n0', 5, 2000))
    }
    found.push(await judge(example, 'db.export', 1, 200))
    console.log(found.join())
  }
  main()
`

test('the policy loads and judges in one bundled file without node_modules, over many calls', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'))
  try {
    await build({
      stdin: { contents: script, resolveDir: root },
      outfile: join(folder, 'main.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'silent',
    })
    const cedar = 'node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm_bg.wasm'
    await copyFile(join(root, cedar), join(folder, 'cedar_wasm_bg.wasm'))
    const ran = spawnSync(process.execPath, ['main.cjs', join(root, 'policy')], { cwd: folder, encoding: 'utf8' })
    expect(ran).toMatchObject({ status: 0, stdout: '5,5,5,1\n' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
