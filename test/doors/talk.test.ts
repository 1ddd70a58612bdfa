import { buildProgram, type Ended, type Program } from '../cli/program.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let program: Program
beforeAll(async () => {
  ;[stack, program] = await Promise.all([startStack(), buildProgram()])
})
afterAll(async () => {
  program.end()
  await stack.stop()
})

/** Calls the command as a person or an agent of the stack. */
const as = async (who: string, ...args: readonly string[]): Promise<Ended> =>
  program.run(args, { env: { COUNTERSIGN_URL: stack.api, COUNTERSIGN_TOKEN: await stack.token(who) } })

const release = (target: string) => [
  ...['--action', 'deploy.release', '--target', target, '--environment', 'production'],
  ...['--param', 'version=1.2.3', '--reason', 'The fix', '--idempotency-key', `release ${target}`.replaceAll(' ', '-')],
]

// oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
const requestIn = ({ stdout }: Ended): any => JSON.parse(stdout).request

test('a command that waits is told the question, answers it, and goes on with its key to the approval', async () => {
  const asked = await as('other-bot', 'ask', ...release('prod/early'), '--json')
  const { id } = requestIn(asked)
  const early = await as('security-1', 'question', id, 'Why now, and not on Saturday?')
  expect(early).toMatchObject({ code: 0 })
  const waited = await as('other-bot', 'wait', id)
  expect(waited.code).toBe(75)
  expect(waited.stdout).toMatch(/A person asks \(security\)/)
  expect(waited.stdout).toContain(`countersign answer ${id} TEXT`)
  expect(await as('other-bot', 'answer', id, 'It closes a hole: SEC-12.')).toMatchObject({ code: 0 })
  expect((await as('other-bot', 'answer', id, '1', 'Something else.')).stderr).toContain('already-answered')
  expect((await as('dba-1', 'answer', id, '1', 'I say so.')).stderr).toContain('not-permitted')

  const voted = await as('dba-1', 'approve', id, '--yes')
  expect(voted).toMatchObject({ code: 0 })
  expect(voted.stderr).toContain('It closes a hole: SEC-12.')
  expect((await as('other-bot', 'wait', id)).code).toBe(0)
  expect((await as('security-1', 'question', id, 'And now?')).stderr).toContain('not-pending')

  // A run ends at the question, and the same command goes on after the answer.
  const env = { COUNTERSIGN_URL: stack.api, COUNTERSIGN_TOKEN: await stack.token('other-bot') }
  const run = () => program.start(['run', ...release('prod/asked'), '--json', '--', 'true'], { env })
  const running = run()
  const open = await pendingOn('prod/asked')
  expect(await as('security-1', 'question', open, 'Was it tried?')).toMatchObject({ code: 0 })
  const ended = await running
  expect(ended.code).toBe(75)
  expect(JSON.parse(ended.stderr)).toMatchObject({ request: { id: open, next: 'answer' } })
  expect(await as('other-bot', 'answer', open, 'In staging, yesterday.')).toMatchObject({ code: 0 })
  expect(await as('dba-1', 'approve', open, '--yes')).toMatchObject({ code: 0 })
  const done = await run()
  expect(done.code).toBe(0)
  expect(JSON.parse(done.stderr)).toMatchObject({ request: { id: open, status: 'succeeded' } })
}, 60_000)

/** Waits until a request on this target is pending, and gives its id. */
async function pendingOn(target: string): Promise<string> {
  const on = (request: { readonly target: string }) => request.target === target
  const { body } = await until(
    () => stack.call('other-bot', '/api/requests?status=pending'),
    (answer) => answer.body.requests.some(on),
  )
  return body.requests.find(on).id
}

test('one person breaks the glass with the target typed, and another reviews what is due', async () => {
  const { id } = requestIn(await as('other-bot', 'ask', ...release('prod/web'), '--json'))
  const breaking = ['break-glass', id, '--reason', 'The site is down.', '--confirm']
  expect((await as('oncall-1', ...breaking, 'wrong')).stderr).toContain('invalid-input')
  expect((await as('dba-1', ...breaking, 'web')).stderr).toContain('not-permitted')
  expect((await as('oncall-1', ...breaking, 'web')).code).toBe(0)
  expect((await as('oncall-1', 'review', id, 'justified', '--reason', 'x', '--yes')).code).toBe(77)
  const due = await as('dba-1', 'list', '--review', 'due')
  expect(due.stdout).toContain(id)
  expect(await as('dba-1', 'review', id, 'unjustified', '--reason', 'It could wait.', '--yes')).toMatchObject({
    code: 0,
  })
  const other = await as('dba-2', 'review', id, 'justified', '--reason', 'It could not.', '--yes')
  expect(other.stderr).toContain('already-reviewed')
  expect((await as('dba-1', 'list', '--review', 'due')).stdout).not.toContain(id)
  expect((await as('compliance', 'events', id)).stdout).toContain('broke the glass')
}, 60_000)
