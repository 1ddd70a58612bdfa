import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/core/data/json.ts'
import {
  action,
  approved,
  type Double,
  ok,
  problem,
  request,
  requestId,
  startDouble,
  stopped,
  view,
  viewed,
} from './double.ts'
import { buildProgram, joined, type Program } from './program.ts'

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
  program.run(args, {
    env: { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0' },
  })

const person = '6f1c0000-0000-4000-8000-000000000001'
const told = ['--action', action.action, '--target', action.target, '--environment', action.environment]

/** Texts that would move the cursor, colour, hide or turn what a terminal shows. */
const hostile = '\u001b[2J\u001b]0;title\u0007\u009b31m\rAPPROVED\u202e\u200b'
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/

describe('ask', () => {
  test('sends the options under the given key', async () => {
    double.answer('ask', () => ok(double.asked(), 201))
    const { code, stdout } = await cli(
      'ask',
      ...told,
      ...['--param', 'rows=120000', '--text', 'version=1.10', '--reason', 'first\nsecond', '--expires-in=600'],
      ...['--link', 'FIN-881=https://example.org/FIN-881?a=b', '--on-behalf-of', person, '--executor', person],
      ...['--idempotency-key', 'run-4711-step-3'],
    )
    expect(code).toBe(0)
    expect(stdout).toContain(requestId)
    expect(double.seen[0]?.headers['idempotency-key']).toBe('run-4711-step-3')
    expect(double.sent('ask')).toEqual([
      {
        ...action,
        params: { rows: 120_000, version: '1.10' },
        reason: 'first\nsecond',
        onBehalfOf: person,
        executor: person,
        links: [{ title: 'FIN-881', url: 'https://example.org/FIN-881?a=b' }],
        expiresIn: 600,
      },
    ])
  })

  test.each([
    ['pending', {}, 0],
    ['approved', approved, 0],
    ['denied', stopped('denied', 'no-policy'), 77],
    ['expired', stopped('expired'), 75],
    ['succeeded', stopped('succeeded'), 75],
  ])('ends with a request that is %s', async (status, change, code) => {
    double.answer('ask', ok(request(change), 201))
    const ended = await cli('ask', ...told, '--reason', 'x', '--json')
    expect(ended).toMatchObject({ code, stderr: '' })
    expect(JSON.parse(ended.stdout)).toMatchObject({ exit: code, request: { id: requestId, status } })
  })
})

describe('show', () => {
  test('shows the whole action, unshortened', async () => {
    const long = 'x'.repeat(5000)
    const params = { tables: ['accounts'], nested: { deep: [1, { flag: true }] }, text: 'true', long }
    double.answer('read', ok(request({ params, onBehalfOf: person })))
    const { stdout, code } = await cli('show', requestId)
    expect(code).toBe(0)
    for (const part of [...Object.values(action).filter((value) => typeof value === 'string'), person, 'deploy-bot'])
      expect(stdout).toContain(part)
    for (const part of ['- | accounts', 'flag: true', 'text: | true', long]) expect(joined(stdout)).toContain(part)
  })

  test('marks the reason as the words of the agent, line by line', async () => {
    double.answer('read', ok(request({ reason: 'first\nstatus        approved' })))
    const { stdout } = await cli('show', requestId)
    expect(stdout).toContain('not verified')
    expect(stdout).not.toMatch(/^status +approved/m)
  })

  test("wraps long lines at the terminal's width, at 80 columns if it is unknown, and never in a pipe", async () => {
    const reason = `harmless${' x'.repeat(60)}`
    double.answer('read', ok(request({ reason, target: `prod/${'y'.repeat(200)}` })))
    const widest = async (env: Readonly<Record<string, string>> = {}) => {
      const { stdout } = await program.run(['show', requestId], {
        env: { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', ...env },
      })
      expect(joined(stdout)).toContain(reason)
      return Math.max(...stdout.split('\n').map((row) => row.length))
    }
    const on = async (terminal: string): Promise<number> => {
      const file = join(program.folder, 'terminal.cjs')
      writeFileSync(file, terminal)
      return widest({ NODE_OPTIONS: `--require=${file}`, NO_COLOR: '1' })
    }
    expect(await on('process.stdout.isTTY = true')).toBe(80)
    expect(await on('process.stdout.isTTY = true; process.stdout.columns = 60')).toBe(60)
    expect(await widest()).toBeGreaterThan(200)
  })

  test('shows spaces that are easy to overlook', async () => {
    double.answer('read', ok(request({ target: 'prod/x  ', reason: 'why ' })))
    const { stdout } = await cli('show', requestId)
    expect(stdout).toMatch(/^target +prod\/x⟦2 spaces⟧$/m)
    expect(stdout).toContain('| why⟦space⟧\n')
  })

  test('shows the executor if it is not the agent', async () => {
    double.answer('read', ok(request({ executor: person })))
    expect((await cli('show', requestId)).stdout).toMatch(new RegExp(`^executed by +${person}$`, 'm'))
    double.answer('read', ok(request()))
    expect((await cli('show', requestId)).stdout).not.toContain('executed by')
  })

  test('shows the principal that the agent names, as not verified', async () => {
    double.answer('read', ok(request({ onBehalfOf: person })))
    const { stdout } = await cli('show', requestId)
    expect(stdout).toMatch(new RegExp(`^says it acts for +${person} \\(not verified\\)$`, 'm'))
  })

  test('shows names and ids of those who decided, and their reasons behind bars', async () => {
    const decisions = [
      { verdict: 'approve', approver: person, name: 'dba-1', reason: 'checked\nstatus           approved' },
      { verdict: 'deny', approver: person.replace('6f', '7f') },
      {
        verdict: 'approve',
        approver: person.replace('6f', '8f'),
        void: { why: 'left', at: '2026-01-01T00:00:00.000Z' },
      },
    ]
    double.answer('read', ok(request({ approvals: { required: [], decisions } })))
    const { stdout } = await cli('show', requestId)
    expect(stdout).toMatch(new RegExp(`^approved by +dba-1 \\(${person}\\)\n +\\| checked↵\n +\\| status`, 'm'))
    expect(stdout).toMatch(/^denied by +7f1c0000-/m)
    expect(stdout).toMatch(/^no longer by +8f1c0000-/m)
  })

  test('shows an erased action as erased', async () => {
    double.answer(
      'read',
      ok({ ...request(), target: undefined, environment: undefined, params: undefined, reason: undefined }),
    )
    expect(await cli('show', requestId)).toMatchObject({ code: 0, stdout: expect.stringContaining('erased') as string })
  })

  test.each([[[]], [['--json']]])(
    'sends no control character of an untrusted text to the terminal %j',
    async (flags) => {
      const slot = { groups: [hostile], quorum: 1, have: 0 }
      const decision = { verdict: 'deny', approver: hostile, name: hostile, reason: hostile }
      const everywhere = {
        target: hostile,
        params: { key: hostile, list: [hostile] },
        reason: `${hostile}\n${hostile}`,
        links: [{ title: hostile, url: hostile }],
        agent: { id: hostile, name: hostile },
        executor: `${hostile}!`,
        onBehalfOf: hostile,
        policy: { rules: [hostile], tier: hostile, summary: hostile, outcome: hostile },
        approvals: { required: [slot], decisions: [decision] },
        ...stopped('denied'),
        stop: { code: hostile, words: hostile },
        delivery: hostile,
        expiresAt: hostile,
      }
      double.answer('read', ok(request(everywhere)))
      const { code, stdout, stderr } = await cli('show', requestId, ...flags)
      expect(code).toBe(0)
      expect(stdout).toContain('APPROVED')
      expect(stdout + stderr).not.toMatch(unsafe)
    },
  )

  test("sends no control character of a problem's text to the terminal", async () => {
    double.answer('read', problem(404, 'not-found', { title: hostile, detail: hostile }))
    const { code, stderr } = await cli('show', requestId)
    expect(code).toBe(78)
    expect(stderr).toContain('(not-found)')
    expect(stderr).not.toMatch(unsafe)
  })

  test('prints the whole answer with --json', async () => {
    double.answer('read', ok(request(approved)))
    const { stdout } = await cli('show', requestId, '--json')
    expect(JSON.parse(stdout)).toEqual({ exit: 0, request: request(approved) })
    expect(stdout.split('\n')).toHaveLength(2)
  })

  test('prints the problem as it came with --json', async () => {
    double.answer('read', problem(404, 'not-found'))
    const { stdout, stderr, code } = await cli('show', requestId, '--json')
    expect({ code, stderr }).toEqual({ code: 78, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      exit: 78,
      error: { words: expect.any(String) as string, problem: { code: 'not-found', status: 404 } },
    })
  })
})

describe('wait', () => {
  test.each([
    ['approved', approved, 0],
    ['denied', stopped('denied'), 77],
    ['revoked', stopped('revoked'), 77],
    ['lapsed', stopped('lapsed'), 75],
    ['redeemed', { status: 'redeemed', next: 'report' }, 75],
  ])('ends when the request is %s', async (_status, change, code) => {
    double.answer('read', ok(request()), ok(request(change)))
    expect(await cli('wait', requestId)).toMatchObject({ code })
    expect(double.seen.map((seen) => seen.headers['prefer'])).toEqual([undefined, 'wait=50'])
  })

  test('ends when its time is up, or when no approver could be reached', async () => {
    double.answer('read', ok(request()))
    expect(await cli('wait', requestId, '--timeout', '0')).toMatchObject({ code: 75 })
    double.answer('read', ok(request({ delivery: 'undeliverable' })))
    expect(await cli('wait', requestId)).toMatchObject({ code: 75 })
  })
})

test('cancel withdraws a request, with or without a reason', async () => {
  double.answer('cancel', ok(request(stopped('cancelled'))))
  expect(await cli('cancel', requestId, '--reason', 'not needed')).toMatchObject({ code: 0 })
  expect(await cli('cancel', requestId)).toMatchObject({ code: 0 })
  expect(double.sent('cancel')).toEqual([{ reason: 'not needed' }, {}])
  double.answer('cancel', problem(409, 'already-redeemed'))
  expect(await cli('cancel', requestId)).toMatchObject({ code: 75 })
})

test('what is unusual about a request is shown in the words of the service', async () => {
  const warnings = [{ code: 'mixed-scripts', words: `It may deceive. ${hostile}` }]
  double.answer('read', ok(request({ warnings })))
  const { stdout } = await cli('show', requestId)
  expect(stdout).toMatch(/^look twice +It may deceive\. /m)
  expect(stdout).not.toMatch(unsafe)
})

describe('a decision', () => {
  const high = { policy: { outcome: 'approve', rules: [], tier: 'high' } }
  const digest = request()['digest']
  const terminal = 'for (const stream of [process.stdin, process.stderr]) stream.isTTY = true'

  /** Runs the command before a person, who types this. */
  const typing = (input: string, ...args: readonly string[]) => {
    const file = join(program.folder, 'person.cjs')
    writeFileSync(file, terminal)
    const env = { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0', NO_COLOR: '1' }
    return program.run(args, { env: { ...env, NODE_OPTIONS: `--require=${file}` }, input })
  }

  beforeEach(() => {
    double.answer('views', ok(viewed()))
    double.answer('decisions', ok(request(approved)))
  })

  test('is made on the view that was shown, after all of it', async () => {
    const warnings = [{ code: 'asks-often', words: 'This agent asks unusually often.' }]
    double.answer('views', ok(viewed(request({ warnings }))))
    const { code, stderr } = await cli('approve', requestId, '--reason', 'seen', '--yes')
    expect(code).toBe(0)
    const parts = [action.target, action.environment, 'rows: 120000', 'Quarterly report', 'deploy-bot', digest]
    for (const part of [...parts, 'This agent asks unusually often.']) expect(joined(stderr)).toContain(part)
    expect(double.sent('decisions')).toEqual([{ verdict: 'approve', view, reason: 'seen' }])
  })

  test('has every page shown before', async () => {
    double.answer('views', ...[1, 2, 3].map((page) => ok(viewed(request(), { page, pages: 3 }))))
    expect(await cli('approve', requestId, '--yes')).toMatchObject({ code: 0 })
    expect(double.sent('views')).toEqual([{ page: 1 }, { page: 2 }, { page: 3 }])
    expect(double.seen.map(({ call }) => call)).toEqual(['views', 'views', 'views', 'decisions'])
  })

  test('is asked for on a terminal, and anything but yes makes none', async () => {
    expect(await typing('yes\n', 'approve', requestId)).toMatchObject({ code: 0 })
    expect(await typing('yes\n', 'deny', requestId, '--reason', 'no')).toMatchObject({ code: 0 })
    expect(double.sent('decisions')).toEqual([
      { verdict: 'approve', view },
      { verdict: 'deny', view, reason: 'no' },
    ])
    for (const typed of ['', '\n', 'y\n', 'no\n'])
      expect(await typing(typed, 'approve', requestId)).toMatchObject({ code: 75 })
    expect(double.sent('decisions')).toHaveLength(2)
  })

  test('without a terminal needs --yes, and otherwise nothing is recorded as shown', async () => {
    for (const args of [['approve'], ['deny', '--reason', 'no'], ['approve', '--confirm', 'customers']]) {
      const [command = '', ...options] = args
      const refused = await cli(command, requestId, ...options)
      expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('--yes') as string })
    }
    expect(double.seen).toEqual([])
  })

  test('to deny needs a reason', async () => {
    expect(await cli('deny', requestId, '--yes')).toMatchObject({ code: 78 })
    expect(double.seen).toEqual([])
    double.answer('decisions', ok(request(stopped('denied'))))
    expect(await cli('deny', requestId, '--reason', 'too much', '--yes')).toMatchObject({ code: 0 })
    expect(double.sent('decisions')).toEqual([{ verdict: 'deny', view, reason: 'too much' }])
  })

  test('to approve tier high needs a confirmation, even with --yes, and to deny it does not', async () => {
    double.answer('views', ok(viewed(request(high))))
    const refused = await cli('approve', requestId, '--yes')
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('--confirm') as string })
    expect(double.sent('decisions')).toEqual([])
    await cli('approve', requestId, '--confirm', 'customers', '--yes')
    await cli('deny', requestId, '--reason', 'no', '--yes')
    await typing('customers\n', 'approve', requestId, '--yes')
    expect(double.sent('decisions')).toEqual([
      { verdict: 'approve', view, confirm: 'customers' },
      { verdict: 'deny', view, reason: 'no' },
      { verdict: 'approve', view, confirm: 'customers' },
    ])
  })

  test.each([
    ['another digest than that of the action it shows', { digest: `sha256:${'0'.repeat(64)}` }],
    ['no action any more', { target: undefined, environment: undefined, params: undefined }],
  ])('is not made on a request with %s', async (_what, change) => {
    double.answer('views', ok(viewed({ ...request(), ...change })))
    expect(await cli('approve', requestId, '--yes')).toMatchObject({ code: 77 })
    expect(double.sent('decisions')).toEqual([])
  })

  test('is not made on pages of different requests or views', async () => {
    const other = request({ params: { rows: 1 } })
    for (const second of [viewed(other), viewed(request(), { view: `sha256:${'8'.repeat(64)}` })]) {
      double.answer('views', ok(viewed(request(), { pages: 2 })), ok({ ...second, pages: 2 }))
      expect(await cli('approve', requestId, '--yes')).toMatchObject({ code: 77 })
    }
    expect(double.sent('decisions')).toEqual([])
  })

  test('is not made by a person who may not, and an approval not through a door that may not', async () => {
    const refusal = { code: 'self-approval', words: 'Your own agent asked.' }
    double.answer('views', ok(viewed(request(), { view: undefined, refusal })))
    for (const args of [['approve'], ['deny', '--reason', 'no']]) {
      const [command = '', ...options] = args
      const { code, stderr } = await cli(command, requestId, ...options, '--yes')
      expect(code).toBe(77)
      expect(joined(stderr)).toContain('Your own agent asked.')
    }
    double.answer('views', ok(viewed(request(), { refusal: { code: 'not-permitted', words: 'Only via teams.' } })))
    expect(await cli('approve', requestId, '--yes')).toMatchObject({ code: 77 })
    expect(double.sent('decisions')).toEqual([])
    expect(await cli('deny', requestId, '--reason', 'no', '--yes')).toMatchObject({ code: 0 })
  })

  describe('on several requests of one agent', () => {
    const ids = [1, 2, 3].map((digit) => requestId.replace('0-07', `${digit}-07`))
    const idIn = ({ path }: { readonly path: string }) => /requests\/([^/]+)/.exec(path)?.[1] ?? ''
    const targets = new Map(ids.map((id, i) => [id, `prod/postgres/table-${i}`]))
    const of = (id: string, more: JsonObject = {}) => request({ id, target: targets.get(id) ?? '', ...more })
    const decided = () => double.seen.filter(({ call }) => call === 'decisions').map(idIn)

    beforeEach(() => {
      double.answer('read', (seen) => ok(of(idIn(seen))))
      double.answer('views', (seen) => ok(viewed(of(idIn(seen)), { view: `sha256:${idIn(seen).at(-4)?.repeat(64)}` })))
      double.answer('decisions', (seen) => ok(of(idIn(seen), approved)))
    })

    test('is asked for each, after all of it, and sent with its own view', async () => {
      const { code, stderr } = await typing('yes\nno\nyes\n', 'approve', ...ids)
      expect(code).toBe(75)
      expect(decided()).toEqual([ids[0], ids[2]])
      expect(double.sent('decisions')).toEqual(
        [1, 3].map((digit) => ({ verdict: 'approve', view: `sha256:${String(digit).repeat(64)}` })),
      )
      expect(double.seen.map(({ call }) => call)).toEqual([
        ...['read', 'read', 'read', 'views', 'decisions', 'views', 'views', 'decisions'],
      ])
      for (const target of targets.values()) expect(joined(stderr)).toContain(target)
    })

    test('is refused for one without harm to the others', async () => {
      double.answer('decisions', (seen) =>
        idIn(seen) === ids[0] ? problem(409, 'not-pending') : ok(of(idIn(seen), stopped('denied'))),
      )
      const { code, stdout } = await typing('yes\nyes\n', 'deny', ...ids.slice(0, 2), '--reason', 'no', '--json')
      expect(code).toBe(75)
      expect(decided()).toEqual(ids.slice(0, 2))
      const { exit, decisions } = JSON.parse(stdout) as { exit: number; decisions: readonly JsonObject[] }
      expect(exit).toBe(75)
      expect(decisions.map((one) => [one['id'], one['exit']])).toEqual([
        [ids[0], 75],
        [ids[1], 0],
      ])
    })

    test('ends where the person leaves', async () => {
      expect(await typing('yes\n', 'approve', ...ids)).toMatchObject({ code: 75 })
      expect(decided()).toEqual([ids[0]])
      expect(double.seen.filter(({ call }) => call === 'views')).toHaveLength(2)
    })

    test('is never a blanket one', async () => {
      for (const option of [['--yes'], ['--confirm', 'customers']])
        expect(await typing('yes\nyes\n', 'approve', ...ids, ...option)).toMatchObject({ code: 78 })
      expect(await cli('approve', ...ids)).toMatchObject({ code: 78 })
      expect(double.seen).toEqual([])
    })

    test('is refused for several agents, for the same request twice, and for six', async () => {
      const other = { agent: { id: 'b0000000-0000-4000-8000-000000000002', name: 'deploy-bot' } }
      double.answer('read', (seen) => ok(of(idIn(seen), idIn(seen) === ids[1] ? other : {})))
      expect(await typing('yes\nyes\nyes\n', 'approve', ...ids)).toMatchObject({ code: 78 })
      expect(await typing('yes\n', 'approve', requestId, requestId)).toMatchObject({ code: 78 })
      const six = [1, 2, 3, 4, 5, 6].map((digit) => requestId.replace('0-07', `${digit}-07`))
      expect(await typing('yes\n', 'approve', ...six)).toMatchObject({ code: 78 })
      expect(await cli('show', ...ids)).toMatchObject({ code: 78 })
      expect(double.seen.filter(({ call }) => call === 'views')).toEqual([])
    })
  })

  test.each([
    ['self-approval', problem(403, 'self-approval'), 77],
    ['not-pending', problem(409, 'not-pending'), 75],
    ['invalid-input', problem(400, 'invalid-input', { pointer: '/confirm' }), 78],
  ])('that is refused as %s reports it', async (code, reply, exit) => {
    double.answer('decisions', reply)
    const ended = await cli('approve', requestId, '--yes')
    expect(ended.code).toBe(exit)
    expect(joined(ended.stderr)).toContain(`: The detail. (${code})`)
  })
})
