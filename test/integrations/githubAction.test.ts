import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from '../support/root.ts'

const folder = join(root, 'integrations/github-action')
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')

interface Input {
  readonly description: string
  readonly required?: boolean
  readonly default?: string
}

const action = parse(read('action.yml')) as {
  readonly inputs: Readonly<Record<string, Input>>
  readonly runs: { readonly using: string; readonly main: string }
}

interface Step {
  readonly uses?: string
  readonly with?: Readonly<Record<string, string>>
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, { readonly environment?: string; readonly steps: readonly Step[] }>>
}

const examples = readdirSync(join(folder, 'examples')).map(
  (name) => [name, parse(read(`examples/${name}`)) as Workflow] as const,
)

let here: string
/** What the command was given. */
const given = (): {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly params: unknown
} => JSON.parse(readFileSync(join(here, 'given.json'), 'utf8'))

beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'countersign-action-'))
  const cli = `const { readFileSync, writeFileSync } = require('node:fs')
const args = process.argv.slice(2)
const params = JSON.parse(readFileSync(args[args.indexOf('--params') + 1], 'utf8'))
writeFileSync(${JSON.stringify(join(here, 'given.json'))}, JSON.stringify({ args, params, env: process.env }))
process.exitCode = 77`
  writeFileSync(join(here, 'countersign.cjs'), cli)
})

afterEach(() => rmSync(here, { recursive: true }))

const wanted = (): Readonly<Record<string, string>> => ({
  ...{ url: 'https://countersign.contoso.example', tenant: 'tenant', 'client-id': 'agent', scope: 'api/.default' },
  ...{ action: 'db.export', target: 'prod/customers', environment: 'production', reason: 'Because; $(whoami)' },
  ...{ params: '{ "rows": 1200 }', command: './export.sh\ncustomers "a b"\n', bind: 'one.sql\ntwo.sql' },
  cli: join(here, 'countersign.cjs'),
})

/** Runs the step as a runner does: inputs are variables. */
async function step(inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = token) {
  const asVariables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  const child = spawn(process.execPath, [join(folder, action.runs.main)], {
    env: { PATH: process.env['PATH'], RUNNER_TEMP: here, ...Object.fromEntries(asVariables), ...env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, said }
}

const token = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'job',
  GITHUB_RUN_ID: '5',
}

test('the action reads exactly the inputs that it declares', () => {
  const used = [...read('main.mjs').matchAll(/input\('([\w-]+)'/g)].map(([, name = '']) => name)
  const listed = ['action', 'target', 'environment', 'reason', 'cli', 'cli-url', 'cli-sha256']
  expect([...new Set([...used, ...listed])].toSorted()).toEqual(Object.keys(action.inputs).toSorted())
  expect(existsSync(join(folder, action.runs.main))).toBe(true)
})

test.each(examples)(
  'the workflow %s gives the inputs that there are, and those that are needed',
  (_name, { jobs, permissions }) => {
    expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' })
    for (const { environment, steps } of Object.values(jobs)) {
      expect(environment).toBe('production')
      for (const { uses = '', with: inputs = {} } of steps.filter((one) =>
        one.uses?.includes('integrations/github-action'),
      )) {
        expect(uses).toMatch(/\/integrations\/github-action@COMMIT$/)
        expect(Object.keys(inputs).filter((name) => !(name in action.inputs))).toEqual([])
        const needed = Object.entries(action.inputs).flatMap(([name, { required }]) => (required ? [name] : []))
        expect(needed.filter((name) => !(name in inputs))).toEqual([])
      }
    }
  },
)

test('one of the workflows uses the action', () => {
  expect(examples.map(([name]) => name).toSorted()).toEqual(['deploy.yml', 'export.yml'])
  expect(read('examples/export.yml')).toContain('integrations/github-action@')
})

test('the command is given whole, signs in as the job, and its exit code is that of the step', async () => {
  const { code } = await step(wanted())
  expect(code).toBe(77)
  const { args, env, params } = given()
  expect(args.slice(0, 9)).toEqual([
    ...['run', '--action', 'db.export', '--target', 'prod/customers', '--environment', 'production'],
    ...['--reason', 'Because; $(whoami)'],
  ])
  expect(args.slice(args.indexOf('--bind'), args.indexOf('--bind') + 4)).toEqual([
    '--bind',
    'one.sql',
    '--bind',
    'two.sql',
  ])
  expect(args.slice(args.indexOf('--'))).toEqual(['--', './export.sh', 'customers "a b"'])
  expect(args[args.indexOf('--idempotency-key') + 1]).toMatch(/^github-action:.*:5:/)
  expect(params).toEqual({ rows: 1200 })
  expect(env).toMatchObject({
    COUNTERSIGN_URL: 'https://countersign.contoso.example',
    COUNTERSIGN_TOKEN_URL: 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token',
    ...{ COUNTERSIGN_CLIENT_ID: 'agent', COUNTERSIGN_SCOPE: 'api/.default' },
  })
  expect(Object.keys(env).filter((name) => /^INPUT_|SECRET/.test(name))).toEqual([])
  expect(readdirSync(here).toSorted()).toEqual(['countersign.cjs', 'given.json'])
})

test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, RegExp]>([
  ['a job without a token', {}, {}, /id-token: write/],
  ['no command', { command: '' }, token, /input command is missing/],
  ['no reason', { reason: ' ' }, token, /input reason is missing/],
  ['no command line tool', { cli: '' }, token, /Give cli, or cli-url/],
  ['an address without a digest', { cli: '', 'cli-url': 'https://packages.example/c.cjs' }, token, /SHA-256/],
  [
    'an address without TLS',
    { cli: '', 'cli-url': 'http://packages.example/c.cjs', 'cli-sha256': 'a'.repeat(64) },
    token,
    /https/,
  ],
  ['two tools', { 'cli-url': 'https://packages.example/c.cjs' }, token, /either cli/],
])('nothing is run with %s', async (_what, other, env, words) => {
  const { code, said } = await step({ ...wanted(), ...other }, env)
  expect(code).toBe(78)
  expect(said).toMatch(words)
  expect(said).toContain('Nothing was run.')
  expect(existsSync(join(here, 'given.json'))).toBe(false)
})

describe('a command that is downloaded', () => {
  const bytes = "require('node:fs').writeFileSync(process.env.MARK, '')"
  const digest = createHash('sha256').update(bytes).digest('hex')
  /** Stands for the network of the step. */
  const network = `data:text/javascript,globalThis.fetch = async () => new Response(${JSON.stringify(bytes)})`
  const downloading = (sha256: string) =>
    step(
      { ...wanted(), cli: '', 'cli-url': 'https://packages.example/countersign.cjs', 'cli-sha256': sha256 },
      { ...token, NODE_OPTIONS: `--import=${encodeURI(network)}`, MARK: join(here, 'ran') },
    )

  test('is run if it is the file that was named', async () => {
    expect((await downloading(digest)).code).toBe(0)
    expect(existsSync(join(here, 'ran'))).toBe(true)
  })

  test('is not run if it is another', async () => {
    const { code, said } = await downloading('0'.repeat(64))
    expect([code, existsSync(join(here, 'ran'))]).toEqual([1, false])
    expect(said).toContain(digest)
  })
})
