import { commands, isCommand, optionsOf } from '../../src/cli/commands.ts'
import packageJson from '../../package.json'
import { requestId } from './double.ts'
import { buildProgram, joined, type Program } from './program.ts'

let program: Program

beforeAll(async () => {
  program = await buildProgram()
})
afterAll(() => program.end())

const told = ['--action', 'db.export', '--target', 'x', '--environment', 'production', '--reason', 'why']

test.each([
  ['a command is missing', []],
  ['"frobnicate"', ['frobnicate']],
  ['"constructor"', ['constructor']],
  ['--colour', ['show', requestId, '--colour']],
  ['--reasn', ['deny', requestId, '--reasn=x']],
  ['-x', ['show', requestId, '-x']],
  ['--constructor', ['show', requestId, '--constructor']],
  ['--json', ['show', requestId, '--json=yes']],
  ['--timeout', ['wait', requestId, '--timeout']],
  ['--timeout', ['wait', requestId, '--timeout', 'soon']],
  ['--timeout', ['wait', requestId, '--timeout', '1', '--timeout', '2']],
  ['--reason', ['deny', requestId, '--reason', '--url=x']],
  ['--reason', ['run', '--reason', '--help', '--', 'true']],
  ['--reason', ['deny', requestId, '--reason', '--help']],
  ['"--help"', ['show', requestId, '--', '--help']],
  ['--help', ['show', '--help=yes']],
  ['id is missing', ['show']],
  ['"../../health"', ['show', '../../health']],
  [`"${requestId.toUpperCase()}"`, ['show', requestId.toUpperCase()]],
  ['"surplus"', ['show', requestId, 'surplus']],
  ['--environment', ['ask', '--action', 'a', '--target', 'x', '--reason', 'y']],
  ['--reason', ['deny', requestId]],
  ['after --', ['run', ...told, 'pg_dump']],
  ['missing', ['run', ...told, '--']],
  ['"frobnicate"', ['help', 'frobnicate']],
])('usage: an error names %s', async (named, args) => {
  const env = { COUNTERSIGN_URL: 'http://127.0.0.1:1', COUNTERSIGN_TOKEN: 'token' }
  const { code, stdout, stderr } = await program.run(args, { env })
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(joined(stderr)).toContain(named)
})

const url = 'https://countersign.example.org'
const client = { COUNTERSIGN_TOKEN_URL: `${url}/token`, COUNTERSIGN_CLIENT_ID: 'id', COUNTERSIGN_CLIENT_SECRET: 's' }

test.each([
  ['COUNTERSIGN_URL', {}],
  ['COUNTERSIGN_URL', { COUNTERSIGN_URL: '' }],
  ['COUNTERSIGN_URL', { COUNTERSIGN_URL: 'countersign' }],
  ['COUNTERSIGN_URL', { COUNTERSIGN_URL: 'http://countersign.example.org' }],
  ['COUNTERSIGN_URL', { COUNTERSIGN_URL: 'http://127.0.0.1.example.org' }],
  ['COUNTERSIGN_URL', { COUNTERSIGN_URL: 'ftp://localhost' }],
  ['COUNTERSIGN_URL', { COUNTERSIGN_URL: 'https://user:word@countersign.example.org' }],
  ['COUNTERSIGN_URL', { COUNTERSIGN_URL: `${url}?x=y` }],
  ['COUNTERSIGN_TOKEN', { COUNTERSIGN_URL: url }],
  ['COUNTERSIGN_TOKEN', { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'two words' }],
  ['COUNTERSIGN_TOKEN_URL', { COUNTERSIGN_URL: url, ...client, COUNTERSIGN_TOKEN_URL: '' }],
  ['COUNTERSIGN_TOKEN_URL', { COUNTERSIGN_URL: url, ...client, COUNTERSIGN_TOKEN_URL: 'http://example.org/token' }],
  ['COUNTERSIGN_CLIENT_ID', { COUNTERSIGN_URL: url, ...client, COUNTERSIGN_CLIENT_ID: '' }],
  ['COUNTERSIGN_CLIENT_SECRET', { COUNTERSIGN_URL: url, ...client, COUNTERSIGN_CLIENT_SECRET: '' }],
  ['COUNTERSIGN_PATIENCE', { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 't', COUNTERSIGN_PATIENCE: 'much' }],
])('configuration: an error names %s, as with %j', async (named, env) => {
  const { code, stdout, stderr } = await program.run(['show', requestId], { env })
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(joined(stderr)).toContain(named)
})

test('an option wins over its variable, and is the one that an error names', async () => {
  const { code, stderr } = await program.run(['show', requestId, '--url', 'nonsense'], {
    env: { COUNTERSIGN_URL: url },
  })
  expect(code).toBe(78)
  expect(joined(stderr)).toContain('--url')
})

test('a usage error is JSON with --json', async () => {
  const shown = await program.run(['show', '--json'])
  expect(JSON.parse(shown.stdout)).toMatchObject({ exit: 78, error: { words: expect.any(String) as string } })
  const ran = await program.run(['run', '--json', '--', 'true'])
  expect(ran.stdout).toBe('')
  expect(JSON.parse(ran.stderr)).toMatchObject({ exit: 78 })
})

test('typed text does not control the terminal either', async () => {
  const { stderr } = await program.run(['show', '\u001b[2J\u009b31m'])
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})

test('--version prints the version of the package', async () => {
  expect(await program.run(['--version'])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' })
})

test.each([[['help']], [['--help']], [['-h']]])('%j lists every command, setting and exit code', async (args) => {
  const { code, stdout } = await program.run(args)
  expect(code).toBe(0)
  for (const name of Object.keys(commands)) expect(stdout).toContain(`  ${name} `)
  for (const name of ['URL', 'TOKEN', 'TOKEN_COMMAND', 'TOKEN_URL', 'CLIENT_ID', 'CLIENT_SECRET', 'SCOPE', 'PATIENCE'])
    expect(stdout).toContain(`COUNTERSIGN_${name} `)
  for (const exit of [69, 70, 75, 77, 78]) expect(stdout).toContain(`  ${exit}  `)
})

test.each(Object.keys(commands).filter(isCommand))(
  'the help of %s lists its options, with and without settings',
  async (name) => {
    const [asked, flagged] = await Promise.all([program.run(['help', name]), program.run([name, '--help'])])
    expect(asked).toMatchObject({ code: 0, stderr: '' })
    expect(flagged).toEqual(asked)
    for (const option of Object.keys(optionsOf(name))) expect(asked.stdout).toContain(`--${option}`)
  },
)

test('the help of run says what is bound and what is not', async () => {
  const { stdout } = await program.run(['help', 'run'])
  for (const part of [
    'is bound to',
    'is not bound to',
    'environment variables',
    'standard input',
    'symbolic links',
    'scripts',
  ])
    expect(stdout).toContain(part)
  for (const part of ['redeemed', 'COUNTERSIGN_TOKEN,', 'COUNTERSIGN_TOKEN_COMMAND', 'COUNTERSIGN_CLIENT_SECRET'])
    expect(stdout).toContain(part)
})
