import type { JsonObject } from '../../src/core/data/json.ts'
import { action, approved, type Double, ok, problem, request, requestId, startDouble, view, viewed } from './double.ts'
import { buildProgram, type Program } from './program.ts'

let double: Double
let program: Program

beforeAll(async () => {
  program = await buildProgram()
  double = await startDouble()
})
beforeEach(() => double.reset())
afterAll(async () => {
  program.end()
  await double.end()
})

const cli = (...args: readonly string[]) =>
  program.run(args, { env: { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0' } })

const digestIn = ({ digest }: JsonObject): string => (typeof digest === 'string' ? digest : '')

const less = { params: { ...action.params, rows: 12_000 } }
/** A request that an approver made smaller. */
const narrowed = (more: JsonObject = {}): JsonObject =>
  request({
    ...less,
    asked: { digest: digestIn(request()) },
    narrowed: [
      {
        by: 'c0000000-0000-4000-8000-000000000001',
        name: 'dba-1',
        at: '2026-01-31T09:32:00.000Z',
        reason: 'A tenth is enough.',
        digest: digestIn(request(less)),
        params: { rows: { before: 120_000, after: 12_000 } },
      },
    ],
    ...more,
  })

test('what is left is sent with the view of every page, after the request was shown', async () => {
  double.answer('views', ok(viewed(request(), { pages: 2 })))
  double.answer('narrow', ok(narrowed()))
  const { code, stdout, stderr } = await cli('narrow', requestId, '--param', 'rows=12000', '--reason', 'Less.')
  expect(code).toBe(0)
  expect(stderr).toContain('120000')
  expect(stdout).toMatch(/narrowed +by dba-1/)
  expect(stdout).toContain('rows 12000 (was 120000)')
  expect(double.sent('views')).toEqual([{ page: 1 }, { page: 2 }])
  expect(double.sent('narrow')).toEqual([{ params: { rows: 12_000 }, reason: 'Less.', view }])
})

test('of a standing approval uses and time are sent', async () => {
  double.answer('views', ok(viewed()))
  double.answer('narrow', ok(request()))
  expect((await cli('narrow', requestId, '--uses', '5', '--for', '3600')).code).toBe(0)
  expect(double.sent('narrow')).toEqual([{ uses: 5, for: 3600, view }])
})

test.each([
  ['nothing that is left', []],
  ['both kinds', ['--param', 'rows=1', '--uses', '2']],
  ['half a use', ['--uses', '2.5']],
  ['a negative time', ['--for=-1']],
])('%s is refused before anything is shown', async (_what, args) => {
  expect((await cli('narrow', requestId, ...args)).code).toBe(78)
  expect(double.seen).toEqual([])
})

test('the refusal of the service is told', async () => {
  double.answer('views', ok(viewed()))
  double.answer('narrow', problem(422, 'not-narrower', { detail: '/params/rows: it is lower than 120000.' }))
  const { code, stderr } = await cli('narrow', requestId, '--param', 'rows=120001')
  expect(code).not.toBe(0)
  expect(stderr).toContain('it is lower than 120000')
})

test('run does not start the larger command, and says what is left', async () => {
  double.answer('ask', () => ok(double.asked(), 201))
  const own = (more: JsonObject): JsonObject => {
    const whole = double.asked()
    return { ...narrowed(more), action: whole['action'] ?? '', asked: { digest: digestIn(whole) } }
  }
  double.answer('read', () => ok(own(approved)))
  const { code, stdout, stderr } = await cli(
    ...['run', '--action', 'db.export', '--target', 'prod/postgres/customers', '--environment', 'production'],
    ...[
      '--reason',
      'Quarterly report',
      '--param',
      'rows=120000',
      '--',
      process.execPath,
      '-e',
      'console.log("it ran")',
    ],
  )
  expect(code).not.toBe(0)
  expect(stdout).not.toContain('it ran')
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain('Approvers made it smaller: rows to 12000.')
  expect(double.seen.map(({ call }) => call)).not.toContain('redeem')
})
