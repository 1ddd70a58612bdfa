import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callable } from '../support/called.ts'
import { quickCedar } from '../support/quickCedar.ts'
import { root } from '../support/root.ts'
import { startStack } from '../support/stack.ts'
import { inWhole, someOf } from '../support/whole.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const program = join(root, 'dist/local/start.cjs')
const stackProgram = callable(program)
const ports = Object.fromEntries(
  ['PORT', 'IDENTITY_PORT', 'STORAGE_PORT', 'PLAYGROUND_PORT'].map((name) => [`COUNTERSIGN_${name}`, '0']),
)

/** Starts the stack where it cannot start, and gives what it says and how it ends. */
async function start(env: Record<string, string>, args: string[] = []): Promise<{ code: number | null; said: string }> {
  const all = { ...ports, COUNTERSIGN_DATA: join(folder, 'data'), ...env }
  const { code, stdout, stderr } = await stackProgram(args, { cwd: root, env: all })
  return { code, said: stdout + stderr }
}

test('a start that fails ends its process', async () => {
  const env = { ...process.env, ...ports, COUNTERSIGN_DATA: join(folder, 'data'), COUNTERSIGN_PORT: 'seventy' }
  const { status, stderr } = spawnSync(process.execPath, [quickCedar, program], { env, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 78, stderr: expect.stringContaining('COUNTERSIGN_PORT') })
})

test.each(someOf(['COUNTERSIGN_PORT', 'COUNTERSIGN_PLAYGROUND_PORT']))(
  'a port in use stops the start, with the port and its setting in the message: %s',
  async (setting) => {
    const server = createServer()
    const port = await new Promise<number>((done) =>
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        done(typeof address === 'object' && address ? address.port : 0)
      }),
    )
    const { code, said } = await start({ [setting]: String(port) })
    server.close()
    expect(code).toBe(1)
    expect(said).toContain(String(port))
    expect(said).toContain(setting)
  },
)

test('a bad policy stops the start with file, line and rule', async () => {
  const policy = join(folder, 'policy')
  await cp('policy', policy, { recursive: true })
  const rules = await readFile(join(policy, 'approve.cedar'), 'utf8')
  await writeFile(join(policy, 'approve.cedar'), rules.replace('@approvers("dba")', '@approvers("nobody")'))
  const { code, said } = await start({ COUNTERSIGN_POLICY: policy })
  expect(code).toBe(1)
  expect(said).toMatch(/approve\.cedar.*\d+.*export-needs-dba.*nobody/s)
})

inWhole(() => {
  test("an agent's application among those for people stops the start, and the message names both", async () => {
    const policy = join(folder, 'policy')
    await cp('policy', policy, { recursive: true })
    const approvers = await readFile(join(policy, 'approvers.json'), 'utf8')
    const command = '33333333-3333-4333-8333-333333333333'
    await writeFile(
      join(policy, 'approvers.json'),
      approvers.replaceAll('a0000000-0000-4000-8000-000000000001', command),
    )
    const { code, said } = await start({ COUNTERSIGN_POLICY: policy })
    expect(code).toBe(1)
    expect(said).toMatch(new RegExp(`COUNTERSIGN_CLIENTS.*cli=${command}.*deploy-bot`))
  })
})

test('storage that cannot start stops the start and says why', async () => {
  await writeFile(join(folder, 'file'), '')
  const { code, said } = await start({ COUNTERSIGN_DATA: join(folder, 'file', 'data') })
  expect(code).toBe(1)
  expect(said).toMatch(/countersign: .*(ENOTDIR|not a directory)/)
})

test.each([
  ['COUNTERSIGN_PORT', 'seventy'],
  ['COUNTERSIGN_STORAGE_PORT', '99999'],
])('the setting %s=%s is refused by name', async (name, value) => {
  const { code, said } = await start({ [name]: value })
  expect(code).toBe(78)
  expect(said).toContain(name)
})

test('an unknown option is refused, and help is given', async () => {
  expect(await start({}, ['--playground'])).toMatchObject({ code: 78, said: expect.stringContaining('--playground') })
  expect(await start({}, ['--help'])).toMatchObject({ code: 0, said: expect.stringContaining('COUNTERSIGN_DATA') })
})

inWhole(() => {
  test('a second stack on the same data is refused, even on other ports, until the first is killed; a stop says that data stays', async () => {
    const stack = await startStack({ data: join(folder, 'data'), ownStorage: true })
    const { code, said } = await start({})
    expect(code).toBe(1)
    expect(said).toMatch(/already runs .*COUNTERSIGN_DATA/)
    expect(await stack.token('dba-1')).toMatch(/^ey/)
    const ended = new Promise((done) => stack.process.once('exit', done))
    stack.process.kill('SIGKILL')
    await ended
    const again = await startStack({ data: join(folder, 'data'), ownStorage: true })
    expect((await again.call(null, '/api/health')).body.status).toBe('ok')
    let last = ''
    again.process.stderr?.on('data', (chunk: Buffer) => (last += chunk.toString()))
    await again.stop()
    expect(last).toMatch(/^countersign: stopped; data kept in .*data$/m)
  })
})
