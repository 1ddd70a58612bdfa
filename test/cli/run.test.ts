import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { actionDigest } from '../../src/core/action/action.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { action, approved, type Double, ok, problem, request, requestId, startDouble, stopped } from './double.ts'
import { buildProgram, type Ended, joined, type Program, type RunOptions, type StartOptions } from './program.ts'
import { someOf } from '../support/whole.ts'

let double: Double
let program: Program
let marker: string

beforeAll(async () => {
  program = await buildProgram()
  marker = join(program.folder, 'ran')
  node = join(program.folder, 'node')
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 })
  double = await startDouble()
})
beforeEach(() => {
  rmSync(marker, { force: true })
  double.reset()
  approving()
})
afterAll(async () => {
  program.end()
  await double.end()
})

/** What the service does when all goes well, with changes to what it answers at the end of waiting. */
function approving(change: JsonObject = approved): void {
  double.answer('ask', () => ok(double.asked(), 201))
  double.answer('read', () => ok(double.asked(change)))
  double.answer('redeem', () => ok(double.asked({ status: 'redeemed', next: 'execute' })))
  double.answer('outcome', ({ body }) => ok(double.asked(stopped((body as { result: string }).result))))
  double.answer('cancel', () => ok(double.asked(stopped('cancelled'))))
}

const bound = (): unknown =>
  (double.sent('ask').at(-1) as typeof action & { params: JsonObject }).params['countersign.run']

/** A small program named like node, so that no test hashes the large one. */
let node: string
const touch = (then = ''): readonly string[] => [
  node,
  '-e',
  `require('node:fs').writeFileSync(${JSON.stringify(marker)}, ''); ${then}`,
]

const flags = ['--action', action.action, '--target', action.target, '--environment', action.environment]
const told = [...flags, '--param', 'rows=120000', '--reason', 'Quarterly report']

interface Flags {
  readonly flags?: readonly string[]
}

const argsOf = (command: readonly string[], { flags = [] }: Flags) => ['run', ...told, ...flags, '--', ...command]
const given = <Options extends RunOptions | StartOptions>(options: Options) => ({
  ...options,
  env: { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0', ...options.env },
})
const run = (command: readonly string[], options: RunOptions & Flags = {}) =>
  program.run(argsOf(command, options), given(options))

/** In a process of its own, which can be sent signals. */
const start = (command: readonly string[], options: StartOptions & Flags = {}) =>
  program.start(argsOf(command, options), given(options))

const digestOf = (path: string) => ({
  path,
  size: statSync(path).size,
  sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
})

const calls = (): readonly string[] => double.seen.map((seen) => seen.call)

const lastLine = ({ stderr }: Ended): unknown => JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')

test('asks, waits, redeems, runs, reports, in this order', async () => {
  let ranEarly = true
  double.answer('redeem', () => {
    ranEarly = existsSync(marker)
    return ok(double.asked({ status: 'redeemed', next: 'execute' }))
  })
  const ended = await run(touch(`process.stdout.write('output')`))
  expect(ended).toMatchObject({ code: 0, stdout: 'output' })
  expect(calls()).toEqual(['ask', 'read', 'redeem', 'outcome'])
  expect(ranEarly).toBe(false)
  const [asked, read] = double.seen
  expect(asked?.headers).toMatchObject({ authorization: 'Bearer token', 'content-type': 'application/json' })
  expect(asked?.headers['idempotency-key']).toMatch(/^[\x21-\x7e]{20,255}$/)
  expect(asked?.headers).not.toHaveProperty('prefer')
  expect(read?.headers['prefer']).toMatch(/^wait=[1-6]\d?$/)
  expect(double.sent('outcome')).toEqual([{ result: 'succeeded', summary: 'exit code 0' }])
})

test('binds path, arguments and working directory, and redeems with their digest', async () => {
  await run([node, '-e', '0', 'a b', '$HOME', ';'])
  const command = bound() as JsonObject
  expect(command).toEqual({
    ...{ path: node, args: ['-e', '0', 'a b', '$HOME', ';'], cwd: program.folder },
    files: [digestOf(node), digestOf('/bin/sh')],
    unbound: expect.arrayContaining([expect.stringContaining('environment variables') as string]) as string[],
  })
  const asked = { ...action, params: { rows: 120_000, 'countersign.run': command } }
  const redemption = expect.stringMatching(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  ) as string
  expect(double.sent('ask')).toEqual([{ ...asked, reason: 'Quarterly report', redemption }])
  const [sent] = double.sent('ask') as readonly { readonly redemption: string }[]
  expect(double.sent('redeem')).toEqual([
    { grant: 'header.payload.signature', digest: actionDigest(asked), redemption: sent?.redemption },
  ])
})

describe('what runs is what was approved', () => {
  const put = (name: string, text: string): string => {
    const path = join(program.folder, name)
    writeFileSync(path, text, { mode: 0o755 })
    return path
  }

  test.each([
    ['the executable', ['./kept'], [], 'kept'],
    ['the script of an interpreter', ['sh', 'kept'], [], 'kept'],
    ['a file that is named', ['./other'], ['--bind', 'kept'], 'kept'],
  ])('%s is compared before the redeem, and the request withdrawn', async (_what, command, more) => {
    const kept = put('kept', '#!/bin/sh\necho BENIGN\n')
    put('other', '#!/bin/sh\necho OTHER\n')
    double.answer('read', () => {
      put('kept', '#!/bin/sh\necho MUTATED\n')
      return ok(double.asked(approved))
    })
    const ended = await run(command, { flags: more })
    expect(ended).toMatchObject({ code: 75, stdout: '' })
    expect(joined(ended.stderr)).toContain(kept)
    expect(calls()).toEqual(['ask', 'read', 'cancel'])
  })

  test('a change ends the wait at once, though nobody has decided', async () => {
    const kept = put('kept', '#!/bin/sh\necho BENIGN\n')
    double.answer('read', () => {
      put('kept', '#!/bin/sh\necho MUTATED\n')
      return 'silent'
    })
    const ended = await run([kept])
    expect(ended).toMatchObject({ code: 75, stdout: '' })
    expect(joined(ended.stderr)).toContain(kept)
    expect(calls()).toEqual(['ask', 'read', 'cancel'])
  })

  test('a change during the redeem stops the start, and is reported', async () => {
    const kept = put('kept', '#!/bin/sh\necho BENIGN\n')
    double.answer('redeem', () => {
      put('kept', '#!/bin/sh\necho MUTATED\n')
      return ok(double.asked({ status: 'redeemed', next: 'execute' }))
    })
    const ended = await run([kept])
    expect(ended).toMatchObject({ code: 126, stdout: '' })
    expect(joined(ended.stderr)).toContain(kept)
    expect(double.sent('outcome')).toEqual([{ result: 'failed', summary: 'could not be started: changed' }])
  })

  test('a folder that is gone is named', async () => {
    const gone = join(program.folder, 'gone')
    mkdirSync(gone)
    double.answer('read', () => {
      rmdirSync(gone)
      return ok(double.asked(approved))
    })
    const ended = await run(['/bin/pwd'], { cwd: gone })
    expect(ended).toMatchObject({ code: 75, stdout: '' })
    expect(joined(ended.stderr)).toContain(`the working folder ${gone} is gone`)
  })

  test.each([
    ['no file', '.'],
    ['a file that is not there', 'nowhere'],
  ])('%s is not bound', async (_what, file) => {
    expect(await run(['/bin/true'], { flags: ['--bind', file] })).toMatchObject({ code: 78 })
    expect(calls()).toEqual([])
  })

  test('arguments that are no UTF-8 are refused before the ask', async () => {
    const script = `exec "$0" '${join(program.folder, 'countersign.cjs')}' "$@" -- printf %s "$(printf 'caf\\351.txt')"`
    const ended = await program.start(['-c', script, process.execPath, 'run', ...told], {
      instead: '/bin/sh',
      env: { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0' },
    })
    expect(ended).toMatchObject({ code: 78, stdout: '' })
    expect(calls()).toEqual([])
    const typed = await run(['printf', '%s', 'caf\ufffd.txt'])
    expect(typed).toMatchObject({ code: 0, stdout: 'caf\ufffd.txt' })
  })
})

test('passes arguments on without a shell', async () => {
  const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))'
  const words = ['$HOME', '`id`', 'a  b', '', '; exit 9', '*', "'", '--json']
  const { stdout } = await run([node, '-e', script, '--', ...words])
  expect(JSON.parse(stdout)).toEqual(words)
})

test("passes the environment on, without the agent's credentials", async () => {
  const script = 'process.stdout.write(JSON.stringify(process.env))'
  const given = {
    COUNTERSIGN_TOKEN: 'token',
    COUNTERSIGN_CLIENT_SECRET: 'secret',
    COUNTERSIGN_TOKEN_COMMAND: 'echo token',
    COUNTERSIGN_CLIENT_ID: 'id',
    MINE: 'x',
  }
  const { stdout } = await run([node, '-e', script], { env: given })
  const inherited = JSON.parse(stdout) as Record<string, string>
  expect(inherited).toMatchObject({ MINE: 'x', COUNTERSIGN_CLIENT_ID: 'id', COUNTERSIGN_URL: double.url })
  expect(inherited).not.toHaveProperty('COUNTERSIGN_TOKEN')
  expect(inherited).not.toHaveProperty('COUNTERSIGN_CLIENT_SECRET')
  expect(inherited).not.toHaveProperty('COUNTERSIGN_TOKEN_COMMAND')
})

test('resolves a name on the PATH to an executable file', async () => {
  const [first, second] = [join(program.folder, 'first'), join(program.folder, 'second')]
  for (const folder of [first, second]) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'tool'), `#!/bin/sh\necho ${folder}\n`)
  }
  chmodSync(join(second, 'tool'), 0o755)
  const { stdout } = await run(['tool'], { env: { PATH: `${first}:${program.folder}:${second}` } })
  expect(stdout).toBe(`${second}\n`)
  expect(bound()).toMatchObject({ path: join(second, 'tool') })
  await run(['second/tool'])
  expect(bound()).toMatchObject({ path: join(second, 'tool') })
})

test('shows the required approvers, the id, the deadline, and each approval', async () => {
  const required = [
    { groups: ['dba'], quorum: 2, have: 0 },
    { groups: ['security', 'oncall'], quorum: 1, have: 0 },
  ]
  const one = { approvals: { required: required.map((slot, i) => ({ ...slot, have: 1 - i })), decisions: [] } }
  double.answer('ask', () => ok(double.asked({ approvals: { required, decisions: [] } }), 201))
  double.answer(
    'read',
    () => ok(double.asked(one)),
    () => ok(double.asked(stopped('expired'))),
  )
  const { stderr, code } = await run(touch())
  expect(code).toBe(75)
  for (const part of [requestId, 'dba: 0 of 2', 'security or oncall: 0 of 1', '2026-01-31T10:30', 'dba: 1 of 2'])
    expect(joined(stderr)).toContain(part)
})

test.each([
  ['denied', stopped('denied'), 77],
  ['revoked', stopped('revoked'), 77],
  ['expired', stopped('expired'), 75],
  ['lapsed', stopped('lapsed'), 75],
  ['cancelled', stopped('cancelled'), 75],
  ['redeemed', { status: 'redeemed', next: 'report' }, 75],
  ['succeeded', stopped('succeeded'), 75],
])('the command of a request that ends %s is not run', async (_status, change, code) => {
  approving(change)
  expect(await run(touch())).toMatchObject({ code, stdout: '' })
  expect(calls()).toEqual(['ask', 'read'])
  expect(existsSync(marker)).toBe(false)
})

test('a denial is reported with its person and reason', async () => {
  const denial = {
    approver: 'c0000000-0000-4000-8000-000000000001',
    name: 'dba-1',
    verdict: 'deny',
    reason: 'Not today',
  }
  approving({ ...stopped('denied'), approvals: { required: [], decisions: [denial] } })
  const stderr = joined((await run(touch())).stderr)
  for (const part of [denial.approver, 'dba-1', 'Not today']) expect(stderr).toContain(part)
})

test.each([
  ['forbidden by policy', () => ok(double.asked(stopped('denied', 'forbidden-by-policy')), 201), 77],
  ['covered by no policy', () => ok(double.asked(stopped('denied', 'no-policy')), 201), 77],
  ['not permitted', problem(403, 'not-permitted'), 77],
  ['approvable by nobody', problem(422, 'no-eligible-approver'), 77],
  ['pending already', problem(409, 'already-pending', { request: requestId }), 75],
  ['one too many', problem(429, 'too-many', {}, { 'retry-after': '60' }), 75],
  ['cooling down', problem(429, 'cooling-down', {}, { 'retry-after': '60' }), 75],
  ['not valid', problem(400, 'invalid-input', { pointer: '/params/rows' }), 78],
  ['a secret', problem(422, 'secret-in-params'), 78],
  ['signed in badly', problem(401, 'unauthenticated'), 78],
  ['not answered in time', problem(503, 'busy', {}, { 'retry-after': '60' }), 69],
  ['a bug of the service', problem(500, 'bug'), 69],
])('an ask that is %s ends before the command runs', async (_what, reply, code) => {
  double.answer('ask', reply)
  expect(await run(touch())).toMatchObject({ code, stdout: '' })
  expect(calls()).toEqual(['ask'])
  expect(existsSync(marker)).toBe(false)
})

test('a request that reached no approver is cancelled', async () => {
  approving({ delivery: 'undeliverable' })
  expect(await run(touch())).toMatchObject({ code: 75 })
  expect(calls()).toEqual(['ask', 'read', 'cancel'])
})

test('an action that policy allows is redeemed by the ask, and runs at once', async () => {
  double.answer('ask', () => ok(double.asked({ status: 'redeemed', next: 'execute' }), 201))
  const ended = await run(touch())
  expect(ended).toMatchObject({ code: 0 })
  expect(joined(ended.stderr)).toContain(`request ${requestId}: ${action.action}`)
  expect(calls()).toEqual(['ask', 'outcome'])
  expect(existsSync(marker)).toBe(true)
})

test('an action that policy allows, and the ask does not redeem, is redeemed at once', async () => {
  double.answer('ask', () => ok(double.asked(approved), 201))
  expect(await run(touch())).toMatchObject({ code: 0 })
  expect(calls()).toEqual(['ask', 'redeem', 'outcome'])
})

test.each([
  ['by another attempt', { redemption: '00000000-0000-4000-8000-000000000000' }, 69],
  ['for another action', { digest: `sha256:${'0'.repeat(64)}` }, 77],
])('an ask that was redeemed %s runs nothing', async (_what, change, code) => {
  double.answer('ask', () => ok(double.asked({ status: 'redeemed', next: 'execute', ...change }), 201))
  expect(await run(touch())).toMatchObject({ code })
  expect(calls()).toEqual(['ask'])
  expect(existsSync(marker)).toBe(false)
})

test("a digest other than the command's is never redeemed", async () => {
  approving({ ...approved, digest: `sha256:${'0'.repeat(64)}` })
  expect(await run(touch())).toMatchObject({ code: 77 })
  expect(calls()).toEqual(['ask', 'read'])
  expect(existsSync(marker)).toBe(false)
})

test.each([
  ['is not told to execute', () => ok(double.asked({ status: 'redeemed', next: 'report' })), 69],
  ['is told to execute another action', ok(request({ status: 'redeemed', next: 'execute' })), 69],
  ['was redeemed by another caller', problem(409, 'already-redeemed'), 75],
  ['has another digest for the service', problem(403, 'digest-mismatch'), 77],
  ['gets no answer', 'broken' as const, 69],
  ['gets an answer that is not JSON', ok('<html>'), 69],
])('a redeem that %s runs nothing', async (_what, reply, code) => {
  double.answer('redeem', reply)
  expect(await run(touch())).toMatchObject({ code })
  expect(calls()).not.toContain('outcome')
  expect(existsSync(marker)).toBe(false)
})

test('an approval without a grant runs nothing', async () => {
  approving({ status: 'approved', next: 'redeem' })
  expect(await run(touch())).toMatchObject({ code: 69 })
  expect(existsSync(marker)).toBe(false)
})

test('a redeem whose answer is lost is repeated with the same redemption, and the command runs once', async () => {
  double.answer('redeem', 'broken', () => ok(double.asked({ status: 'redeemed', next: 'execute' })))
  const log = join(program.folder, 'log')
  const append = `require('node:fs').appendFileSync(${JSON.stringify(log)}, 'ran\\n')`
  expect(await run([node, '-e', append], { env: { COUNTERSIGN_PATIENCE: '5' } })).toMatchObject({ code: 0 })
  const [first, second, ...more] = double.sent('redeem')
  expect(second).toEqual(first)
  expect(more).toEqual([])
  expect(readFileSync(log, 'utf8')).toBe('ran\n')
})

describe('the exit code', () => {
  test("is the command's own", async () => {
    expect(await run([node, '-e', 'process.exit(3)'])).toMatchObject({ code: 3 })
    expect(double.sent('outcome')).toEqual([{ result: 'failed', summary: 'exit code 3' }])
  })

  test('is 128 and the number of the signal that ended the command', async () => {
    expect(await run([node, '-e', `process.kill(process.pid, 'SIGKILL')`])).toMatchObject({ code: 137 })
    expect(double.sent('outcome')).toEqual([{ result: 'failed', summary: 'signal SIGKILL' }])
  })

  test.each([
    ['127 for a command that is gone', unlinkSync, 127, 'ENOENT'],
    ['126 for one that may not be executed any more', (path: string) => chmodSync(path, 0o644), 126, 'EACCES'],
  ])('is %s after the redeem', async (_what, spoil, code, fault) => {
    const tool = join(program.folder, 'spoilt')
    writeFileSync(tool, '#!/bin/sh\n', { mode: 0o755 })
    double.answer('redeem', () => {
      spoil(tool)
      return ok(double.asked({ status: 'redeemed', next: 'execute' }))
    })
    expect(await run([tool])).toMatchObject({ code })
    expect(double.sent('outcome')).toEqual([{ result: 'failed', summary: `could not be started: ${fault}` }])
  })

  test.each([
    ['is refused', problem(409, 'already-reported')],
    ['does not arrive', 'broken' as const],
  ])("stays the command's if the report %s, and a warning is printed", async (_what, reply) => {
    double.answer('outcome', reply)
    const ended = await run([node, '-e', 'process.exit(4)'], { flags: ['--json'] })
    expect(ended.code).toBe(4)
    expect(joined(ended.stderr)).toMatch(new RegExp(`countersign: exit code 4.*${requestId}`))
    expect(lastLine(ended)).toMatchObject({ exit: 4, reported: false, command: { exitCode: 4 } })
  })
})

describe('a signal', () => {
  test.each(someOf(['SIGINT', 'SIGTERM', 'SIGHUP'] as const))(
    '%s while waiting cancels the request',
    async (signal) => {
      const cut = interruptAt('read', signal)
      const ended = await start(touch(), cut)
      expect(ended).toMatchObject({ code: 75 })
      expect(ended.stderr).toContain('cancelled')
      expect(double.sent('cancel')).toEqual([{ reason: `Interrupted by ${signal}.` }])
      expect(existsSync(marker)).toBe(false)
    },
  )

  test('while asking cancels the request once its id is known', async () => {
    const cut = interruptAt('ask', 'SIGINT')
    expect(await start(touch(), cut)).toMatchObject({ code: 75 })
    expect(calls()).toEqual(['ask', 'cancel'])
  })

  test('while the ask is repeated ends it, and names the key of a request that may have arrived', async () => {
    double.answer('ask', 'broken')
    const ended = await start(touch(), {
      flags: ['--idempotency-key', 'run-4711'],
      env: { COUNTERSIGN_PATIENCE: '60' },
      started: (child) =>
        child.stderr?.on('data', (text) => `${text}`.includes('trying again') && child.kill('SIGINT')),
    })
    expect(ended).toMatchObject({ code: 75 })
    expect(joined(ended.stderr)).toMatch(/Interrupted by SIGINT.*Nothing was run.*run-4711/)
    expect(existsSync(marker)).toBe(false)
  })

  test('while redeeming runs nothing, and reports that', async () => {
    const cut = interruptAt('redeem', 'SIGINT')
    expect(await start(touch(), cut)).toMatchObject({ code: 75 })
    expect(double.sent('outcome')).toMatchObject([{ result: 'failed' }])
    expect(existsSync(marker)).toBe(false)
  })

  test('while an ask redeems what policy allows runs nothing, and reports that', async () => {
    const cut = interruptAt('ask', 'SIGINT', { status: 'redeemed', next: 'execute' })
    const ended = await start(touch(), cut)
    expect(ended).toMatchObject({ code: 75 })
    expect(joined(ended.stderr)).toContain('already redeemed')
    expect(double.sent('outcome')).toMatchObject([{ result: 'failed' }])
    expect(existsSync(marker)).toBe(false)
  })

  test('ends with 75 even if the request cannot be cancelled, and says so', async () => {
    double.answer('cancel', 'broken')
    const ended = await start(touch(), interruptAt('read', 'SIGINT'))
    expect(ended).toMatchObject({ code: 75 })
    expect(joined(ended.stderr)).toContain('could not be cancelled')
  })

  test.each(someOf(['SIGTERM', 'SIGINT'] as const))('%s is passed on to the command', async (signal) => {
    const script = `process.on('${signal}', () => process.exit(5)); setInterval(() => {}, 1000); console.log('ready')`
    const ended = await start([node, '-e', script], {
      started: (child) => child.stdout?.on('data', () => child.kill(signal)),
    })
    expect(ended).toMatchObject({ code: 5 })
    expect(double.sent('outcome')).toEqual([{ result: 'failed', summary: 'exit code 5' }])
  })

  /** Sends the signal when a call arrives, and answers the call only once the program has seen it. */
  function interruptAt(
    call: 'ask' | 'read' | 'redeem',
    signal: NodeJS.Signals,
    status: JsonObject = call === 'redeem' ? { status: 'redeemed', next: 'execute' } : {},
  ): StartOptions {
    let child: ChildProcess | undefined
    double.answer(call, async () => {
      const noticed = new Promise((resolve) =>
        child?.stderr?.on('data', (text) => `${text}`.includes(signal) && resolve(0)),
      )
      child?.kill(signal)
      await noticed
      return call === 'read' ? 'silent' : ok(double.asked(status))
    })
    return {
      started: (started) => {
        child = started
      },
    }
  }
})

describe('output for machines', () => {
  test('the last line of standard error is the result, standard output is the command’s', async () => {
    const ended = await run([node, '-e', `console.log('out'); console.error('err')`], { flags: ['--json'] })
    expect(ended.stdout).toBe('out\n')
    expect(ended.stderr.split('\n')).toHaveLength(3)
    expect(lastLine(ended)).toMatchObject({
      exit: 0,
      request: { id: requestId, status: 'succeeded' },
      command: { exitCode: 0 },
      reported: true,
    })
    expect(ended.stderr).not.toContain('header.payload.signature')
  })

  test('the result goes into a file with --result', async () => {
    const file = join(program.folder, 'result.json')
    approving(stopped('denied'))
    const ended = await run(touch(), { flags: ['--result', file] })
    expect(ended.stdout).toBe('')
    const result: unknown = JSON.parse(readFileSync(file, 'utf8'))
    expect(result).toMatchObject({
      exit: 77,
      request: { status: 'denied' },
      error: { words: expect.any(String) as string },
    })
  })

  test('an unwritable file is refused before the ask', async () => {
    expect(await run(touch(), { flags: ['--result', program.folder] })).toMatchObject({ code: 78 })
    expect(calls()).toEqual([])
  })
})

test.each([
  ['a command that does not exist', ['no-such-command']],
  ['a file that is not executable', ['./countersign.cjs']],
  ['a folder', ['/']],
  ['no command', []],
])('%s is refused before the ask', async (_what, command) => {
  expect(await run(command)).toMatchObject({ code: 78, stdout: '' })
  expect(calls()).toEqual([])
})

test.each([
  ['the service fails while waiting', 'read', 'broken', 69],
  ['the token expires while waiting', 'read', problem(401, 'unauthenticated'), 78],
  ['the token expires before the redeem', 'redeem', problem(401, 'unauthenticated'), 78],
] as const)('the output names a way to go on if %s', async (_what, call, reply, code) => {
  double.answer(call, reply)
  const ended = await run(touch(), { flags: ['--idempotency-key', 'run-4711'] })
  expect(ended.code).toBe(code)
  for (const part of [requestId, 'Nothing was run', '--idempotency-key run-4711'])
    expect(joined(ended.stderr)).toContain(part)
  expect(existsSync(marker)).toBe(false)
})

test('a token from a command is renewed while waiting', async () => {
  double.answer('read', problem(401, 'unauthenticated'), () => ok(double.asked(approved)))
  const command = join(program.folder, 'token')
  writeFileSync(command, '#!/bin/sh\necho x >>"$0.count"; echo token-$(wc -l <"$0.count")\n', { mode: 0o755 })
  const env = { COUNTERSIGN_TOKEN: '', COUNTERSIGN_TOKEN_COMMAND: command }
  expect(await run(touch(), { env })).toMatchObject({ code: 0 })
  const tokens = double.seen.map(({ headers }) => headers.authorization)
  expect(tokens).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2', 'Bearer token-2', 'Bearer token-2'])
})
