import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { npmCall } from '../../scripts/npm.mjs'
import { agents, apiAppId, tenantId } from '../../src/local/accounts.ts'
import { type Stack, startStack } from '../../test/support/stack.ts'
import { Misuse, program, say } from '../program.ts'

const help = `Installs the adapters of frameworks by their lockfiles, and runs their tests against a local stack of its own. The models are
scripts; beside the registry of packages nothing is called. The Claude Agent SDK brings a binary of about 230 MB.

  --only NAME   these adapters, as langchain,vercel-ai
  --installed   without installing again
`

const root = process.cwd()
const folder = join(root, 'adapters')

/** The adapters: folders with a lockfile. One imports another by its source, so all are installed first. */
const adapters = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'package-lock.json')))

/** Runs a program to its end. @returns whether it succeeded */
async function succeeds(
  args: readonly string[],
  { cwd = root, env = {} }: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<boolean> {
  const [program = '', ...rest] = args
  const child = spawn(program, rest, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] })
  return (await new Promise<number | null>((done) => child.once('close', done))) === 0
}

async function install(name: string): Promise<boolean> {
  say(`${name}: installing ${Object.entries(packagesOf(name)).join(' ').replaceAll(',', '@')}`)
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  return succeeds(npmCall(args), { cwd: join(folder, name) })
}

const packagesOf = (name: string): Record<string, string> =>
  (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { dependencies: Record<string, string> })
    .dependencies

/** Bundles the tests of an adapter into the folder of its packages, from where they are found. */
async function bundleTests(name: string): Promise<string> {
  const outfile = join(folder, name, 'node_modules/.tests/countersign.test.mjs')
  await build({
    entryPoints: [join(folder, name, 'countersign.test.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    // The paths of the types are none of the program's.
    tsconfigRaw: {},
    logLevel: 'warning',
  })
  return outfile
}

/** The policy of the example, for an agent that asks often. */
function policy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'countersign-policy-'))
  cpSync(join(root, 'examples/tools-policy'), copy, { recursive: true })
  const file = join(copy, 'approvers.json')
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"pending": 5', '"pending": 50, "hourly": 600'))
  return copy
}

async function settings(stack: Stack): Promise<Record<string, string>> {
  const bot = agents[0]
  return {
    COUNTERSIGN_URL: stack.api,
    COUNTERSIGN_TOKEN_URL: `${stack.identity}/${tenantId}/oauth2/v2.0/token`,
    COUNTERSIGN_SCOPE: `${apiAppId}/.default`,
    COUNTERSIGN_CLIENT_ID: bot?.appId ?? '',
    COUNTERSIGN_CLIENT_SECRET: bot?.secret ?? '',
    COUNTERSIGN_APPROVER: await stack.token('dba-2'),
  }
}

/**
 * Checks the types of the adapters and of the programs of their pages, which lie beside the adapters meanwhile.
 *
 * @returns whether they hold
 */
async function areTypesFine(): Promise<boolean> {
  const programs = adapters.map((name) => {
    const page = readFileSync(join(root, 'docs/agents/adapters', `${name}.md`), 'utf8')
    const text = /```ts\n(.*?)```/s.exec(page)?.[1]
    if (text === undefined) throw new Error(`The page of ${name} has no program.`)
    const file = join(folder, name, 'page.ts')
    writeFileSync(file, text.replaceAll("from './", "from '../"))
    return file
  })
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    return await succeeds([process.execPath, tsc, '--noEmit', '-p', 'adapters'])
  } finally {
    for (const file of programs) rmSync(file)
  }
}

async function trial({ only, installed }: { only?: string | undefined; installed: boolean }): Promise<number> {
  const chosen = only?.split(',') ?? adapters
  if (!chosen.every((name) => adapters.includes(name)))
    throw new Misuse(`--only takes names of ${adapters.join(', ')}.`)
  if (!installed) {
    if (!(await succeeds([process.execPath, 'scripts/clientPackage.mjs']))) return 1
    for (const name of adapters) if (!(await install(name))) return 1
  }
  let failures = (await areTypesFine()) ? 0 : 1
  say(`types: ${failures === 0 ? 'hold' : 'FAIL'}`)
  const places = policy()
  const stack = await startStack({ env: { COUNTERSIGN_POLICY: places } })
  try {
    for (const name of chosen) {
      const args = [process.execPath, '--test', '--test-reporter=spec', await bundleTests(name)]
      const isFine = await succeeds(args, { env: await settings(stack) })
      say(`${name}: ${isFine ? 'holds' : 'FAILS'}`)
      if (!isFine) failures++
    }
  } finally {
    await stack.stop()
    rmSync(places, { recursive: true, force: true })
  }
  return failures === 0 ? 0 : 1
}

program({
  name: 'adapters',
  help,
  options: { only: { type: 'string' }, installed: { type: 'boolean', default: false } },
  run: trial,
})
