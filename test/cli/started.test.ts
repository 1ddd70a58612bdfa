import { join } from 'node:path'
import { type Double, ok, problem, request, requestId, startDouble } from './double.ts'
import { buildProgram, type Program } from './program.ts'

/** The other tests of this folder call the program in their own process, which has to be the same. */
let program: Program
let double: Double

beforeAll(async () => {
  program = await buildProgram()
  double = await startDouble()
})
beforeEach(() => {
  double.reset()
  double.answer('read', ok(request()))
  double.answer('ask', () => ok(double.asked({ status: 'redeemed', next: 'execute' }), 201))
  double.answer('outcome', () => ok(double.asked({ status: 'failed', next: 'stop' })))
})
afterAll(async () => {
  program.end()
  await double.end()
})

const action = ['--action', 'a.b', '--target', 'x', '--environment', 'e', '--reason', 'why', '--idempotency-key', 'k']
const script = "process.stdout.write('out'); process.stderr.write(process.env.SEEN + '\\n'); process.exitCode = 3"

test.each<[string, number, string[]]>([
  ['help', 0, ['help', 'run']],
  ['a mistake in the command line', 78, ['show', requestId, '--colour']],
  ['an answer', 0, ['show', requestId, '--json']],
  ['a refusal', 77, ['cancel', requestId, '--reason', 'x']],
  ['a file that is not there', 2, ['verify', 'none.zip', '--key', 'none.pem']],
  ['a command that is run', 3, ['run', ...action, '--', process.execPath, '-e', script]],
])('a process of its own shows and ends the same: %s', async (_what, code, args) => {
  double.answer('cancel', problem(403, 'not-permitted'))
  const env = { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0', SEEN: 'seen' }
  const called = await program.run(args, { env })
  expect(called.code).toBe(code)
  expect(await program.start(args, { env })).toEqual(called)
})

test('a process of its own reads what is typed, and finds its files beside it', async () => {
  const env = { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token' }
  const args = ['policy', 'check', join(program.folder, 'none')]
  const started = await program.start(args, { env, input: 'yes\n' })
  expect(started).toEqual(await program.run(args, { env, input: 'yes\n' }))
  expect(started).toMatchObject({ code: 78, stderr: expect.stringContaining('Not installed') as string })
})
