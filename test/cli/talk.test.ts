import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/core/data/json.ts'
import {
  action,
  answer,
  approved,
  type Double,
  ok,
  problem,
  question,
  request,
  requestId,
  startDouble,
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

const person = 'c0000000-0000-4000-8000-000000000002'
/** Texts that would move the cursor, colour, hide or turn what a terminal shows, and markup that a card would draw. */
const hostile =
  '\u001b[2J\u001b]0;title\u0007\u009b31m\rstatus           approved\u202e\u200b [link](https://x.example) **bold**'
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/

const asked = (more: JsonObject = {}): JsonObject => request({ next: 'answer', questions: [question(1)], ...more })
const answered = (): JsonObject => request({ questions: [question(1, { answer: answer('FIN-881') })] })
const glass = (more: JsonObject = {}): JsonObject => ({
  by: person,
  name: 'oncall-1',
  at: '2026-01-31T09:33:00.000Z',
  reason: 'The site is down.',
  reviewBy: '2026-02-01T09:33:00.000Z',
  ...more,
})

describe('a question', () => {
  test('is asked with the view that was shown, after the request was', async () => {
    double.answer('views', ok(viewed()))
    double.answer('questions', ok(asked({ next: 'wait' })))
    const { code, stderr, stdout } = await cli('question', requestId, 'Why all rows?')
    expect(code).toBe(0)
    expect(stderr).toContain(action.target)
    expect(stdout).toContain('A person asks (dba): dba-1')
    expect(double.sent('questions')).toEqual([{ question: 'Why all rows?', view }])
  })

  test('is not asked about another action than the digest is of, or by who may not decide', async () => {
    double.answer('views', ok(viewed(request({ digest: `sha256:${'0'.repeat(64)}` }))))
    expect(await cli('question', requestId, 'Why?')).toMatchObject({ code: 77 })
    double.answer('views', ok(viewed(request(), { view: undefined, refusal: { code: 'not-permitted', words: 'No.' } })))
    expect(await cli('question', requestId, 'Why?')).toMatchObject({ code: 77, stdout: '' })
    expect(double.sent('questions')).toEqual([])
  })

  test.each([
    ['without words', '', /1 to 500/],
    ['that is too long', 'x'.repeat(501), /500/],
    ['with a control character', 'a\u0007b', /control/],
  ])('%s is refused before anything is called', async (_, text, rule) => {
    const { code, stderr } = await cli('question', requestId, text)
    expect({ code, calls: double.seen.length }).toEqual({ code: 78, calls: 0 })
    expect(stderr).toMatch(rule)
  })

  test.each([
    ['too-many', 409, 75],
    ['not-pending', 409, 75],
    ['self-approval', 403, 77],
    ['secret-in-params', 422, 78],
  ])('that the service refuses ends with its problem: %s', async (code, status, exit) => {
    double.answer('views', ok(viewed()))
    double.answer('questions', problem(status, code))
    const ended = await cli('question', requestId, 'Why?', '--json')
    expect(ended.code).toBe(exit)
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { problem: { code } } })
  })
})

describe('an answer', () => {
  test('goes to the only open question, if none is named', async () => {
    const questions = [question(1, { answer: answer('x') }), question(2)]
    double.answer('read', ok(asked({ questions })))
    double.answer('answers', ok(answered()))
    expect(await cli('answer', requestId, 'FIN-881')).toMatchObject({ code: 0 })
    expect(double.sent('answers')).toEqual([{ question: '2'.repeat(64), answer: 'FIN-881' }])
  })

  test.each([
    ['its number', '2'],
    ['its id', '2'.repeat(64)],
  ])('names its question by %s', async (_, named) => {
    double.answer('read', ok(asked({ questions: [question(1), question(2)] })))
    double.answer('answers', ok(answered()))
    expect(await cli('answer', requestId, named, 'FIN-881')).toMatchObject({ code: 0 })
    expect(double.sent('answers')).toEqual([{ question: '2'.repeat(64), answer: 'FIN-881' }])
  })

  test.each([
    ['one of several is not named', [question(1), question(2)], ['FIN-881'], 78, /numbers are 1, 2/],
    ['the named one does not exist', [question(1)], ['3', 'FIN-881'], 78, /"3" is no question/],
    ['all are answered', [question(1, { answer: answer('x') })], ['FIN-881'], 75, /no open question/],
    ['none was asked', [], ['FIN-881'], 75, /asked no question/],
  ] as const)('is not sent if %s', async (_, questions, operands, exit, words) => {
    double.answer('read', ok(request({ questions: [...questions] })))
    const { code, stderr } = await cli('answer', requestId, ...operands)
    expect(code).toBe(exit)
    expect(stderr).toMatch(words)
    expect(double.sent('answers')).toEqual([])
  })

  test.each([
    ['not-pending', 75],
    ['already-answered', 75],
  ])('that comes late or twice is refused by name: %s', async (code, exit) => {
    double.answer('read', ok(asked()))
    double.answer('answers', problem(409, code))
    const ended = await cli('answer', requestId, 'FIN-881')
    expect(ended.code).toBe(exit)
    expect(ended.stderr).toContain(code)
  })

  test('has at most 1000 characters, and is needed', async () => {
    expect((await cli('answer', requestId, 'x'.repeat(1001))).stderr).toMatch(/1,000/)
    expect((await cli('answer', requestId)).stderr).toMatch(/TEXT is missing/)
    expect((await cli('answer', requestId, '1', 'two', 'three')).stderr).toMatch(/unexpected "three"/)
    expect(double.seen).toEqual([])
  })
})

describe('what is shown of a talk', () => {
  test('has questions and answers as what people and agents say, numbered', async () => {
    const questions = [
      question(1, { answer: answer('FIN-881') }),
      question(2, { answer: answer('It is monthly.', { by: { kind: 'person', id: person, name: 'owner-1' } }) }),
      question(3),
    ]
    double.answer('read', ok(asked({ questions })))
    const { stdout } = await cli('show', requestId)
    expect(stdout).toMatch(/^question 1 +A person asks \(dba\): dba-1 \(c0/m)
    expect(stdout).toMatch(/^answer 1 +b0000000.* \(written by the agent, not verified\)$/m)
    expect(stdout).toMatch(/^answer 2 +owner-1 .* \(for the agent, not verified\)$/m)
    expect(stdout).toMatch(/\| not answered yet$/m)
    expect(stdout).toMatch(new RegExp(`^next +countersign answer ${requestId} TEXT$`, 'm'))
  })

  test('lets no text pass for a field, and shows what is hidden in it', async () => {
    const questions = [question(1, { text: hostile, name: hostile, groups: [hostile], answer: answer(hostile) })]
    const prompts = { remindedAt: hostile, groups: [hostile], escalatesAt: hostile, joined: [hostile] }
    double.answer('read', ok(request({ questions, prompts, glass: glass({ name: hostile, reason: hostile }) })))
    const { stdout } = await cli('show', requestId)
    expect(stdout).not.toMatch(unsafe)
    expect(stdout).not.toMatch(/^status +approved/m)
    expect(joined(stdout)).toContain('⟦U+001B⟧[2J')
    expect(stdout).toContain('⟦U+202E⟧')
  })

  test('has prompts, a broken glass, and its review', async () => {
    const prompts = {
      remindedAt: '2026-01-31T09:45:00.000Z',
      escalatesAt: '2026-01-31T10:00:00.000Z',
      groups: ['oncall'],
    }
    double.answer('read', ok(request({ prompts, glass: glass() })))
    const { stdout } = await cli('show', requestId)
    expect(stdout).toMatch(/^reminded +2026-01-31T09:45/m)
    expect(stdout).toMatch(/^escalates +2026-01-31T10:00:00.000Z: then oncall may approve, too$/m)
    expect(stdout).toMatch(/^glass broken +approved alone by oncall-1 \(c0/m)
    expect(stdout).toMatch(/^review +due by 2026-02-01T09:33:00.000Z/m)
    const review = {
      by: person,
      name: 'sec-1',
      at: '2026-01-31T12:00:00.000Z',
      finding: 'justified',
      reason: 'It was.',
    }
    double.answer('read', ok(request({ prompts: { joined: ['oncall'] }, glass: glass({ review }) })))
    const after = (await cli('show', requestId)).stdout
    expect(after).toMatch(/^escalated +oncall may approve, too$/m)
    expect(after).toMatch(/^reviewed +justified, by sec-1/m)
  })

  test('says of a vote from before the answer that it counts no more', async () => {
    const decisions = [{ verdict: 'approve', approver: person, name: 'dba-1', current: false }]
    const approvals = { required: [{ groups: ['dba'], quorum: 2, have: 0 }], decisions }
    double.answer('read', ok(request({ approvals })))
    expect((await cli('show', requestId)).stdout).toMatch(/approved by .*counts no more/)
  })

  test('has the answer before a vote on it', async () => {
    double.answer('views', ok(viewed(answered())))
    double.answer('decisions', ok(request({ ...approved, questions: [question(1, { answer: answer('FIN-881') })] })))
    const { stderr, code } = await cli('approve', requestId, '--yes')
    expect(code).toBe(0)
    expect(stderr).toContain('| FIN-881')
    expect(double.sent('decisions')).toEqual([{ verdict: 'approve', view }])
  })
})

describe('a wait', () => {
  test('ends at a question that the agent answers, and says how to', async () => {
    double.answer('read', ok(request()), ok(asked()))
    const { code, stdout, stderr } = await cli('wait', requestId)
    expect(code).toBe(75)
    expect(stderr).toContain('A person asks (dba): “Why all rows?”')
    expect(stdout).toMatch(new RegExp(`^next +countersign answer ${requestId} TEXT$`, 'm'))
  })

  test('goes on past a question that others answer, and says what is new once', async () => {
    const open = request({ questions: [question(1)] })
    const next = { questions: [question(1, { answer: answer('FIN-881') })], prompts: { joined: ['oncall'] } }
    double.answer('read', ok(request()), ok(open), ok(request({ ...approved, ...next })))
    const { code, stderr } = await cli('wait', requestId)
    expect(code).toBe(0)
    expect(stderr.match(/A person asks/g)).toHaveLength(1)
    expect(stderr).toContain('answered by the agent: “FIN-881”')
    expect(stderr).toContain('oncall may approve, too')
  })
})

describe('a run', () => {
  const run = (...args: readonly string[]) =>
    cli(
      'run',
      ...[
        '--action',
        'tool.x',
        '--target',
        'prod/t',
        '--environment',
        'test',
        '--reason',
        'x',
        '--idempotency-key',
        'k',
      ],
      ...[...args, '--', 'true'],
    )

  test('ends at a question that the agent answers, withdraws nothing, and goes on with its key', async () => {
    double.answer('ask', () => ok(double.asked({ next: 'answer', questions: [question(1)] }), 201))
    const { code, stderr } = await run()
    expect(code).toBe(75)
    expect(stderr).toContain('A person asks (dba): “Why all rows?”')
    expect(joined(stderr)).toContain(
      `countersign answer ${requestId} TEXT; then the same command with --idempotency-key k`,
    )
    expect(double.seen.map(({ call }) => call)).toEqual(['ask'])
  })

  test('tells the question to programs', async () => {
    double.answer('ask', () => ok(double.asked({ next: 'answer', questions: [question(1)] }), 201))
    const { code, stderr } = await run('--json')
    const told = JSON.parse(stderr) as JsonObject
    expect(code).toBe(75)
    expect(told).toMatchObject({ exit: 75, request: { next: 'answer', questions: [{ id: '1'.repeat(64) }] } })
  })
})

describe('a broken glass', () => {
  const breakIt = (...args: readonly string[]) =>
    cli('break-glass', requestId, '--reason', 'The site is down.', ...args)

  test('rests on every page, a reason, and what was typed', async () => {
    double.answer('views', ok(viewed(request(), { pages: 2 })))
    double.answer('break-glass', ok(request({ ...approved, glass: glass() })))
    const { code, stdout } = await breakIt('--confirm', 'customers')
    expect(code).toBe(0)
    expect(stdout).toContain('glass broken')
    expect(double.sent('views')).toEqual([{ page: 1 }, { page: 2 }])
    expect(double.sent('break-glass')).toEqual([{ reason: 'The site is down.', view, confirm: 'customers' }])
  })

  test('is offered although the person may not approve otherwise', async () => {
    double.answer('views', ok(viewed(request(), { refusal: { code: 'not-permitted', words: 'Not of dba.' } })))
    double.answer('break-glass', ok(request({ ...approved, glass: glass() })))
    expect(await breakIt('--confirm', 'customers')).toMatchObject({ code: 0 })
  })

  test('needs a reason and, without a terminal, what would be typed, before anything is shown', async () => {
    expect((await breakIt()).stderr).toMatch(/--confirm is missing/)
    expect((await cli('break-glass', requestId, '--confirm', 'customers')).stderr).toMatch(/--reason is missing/)
    expect((await cli('break-glass', requestId, '--reason', '', '--confirm', 'customers')).code).toBe(78)
    expect(double.seen).toEqual([])
  })

  test('asks on a terminal what is to be typed', async () => {
    double.answer('views', ok(viewed()))
    double.answer('break-glass', ok(request({ ...approved, glass: glass() })))
    const { code, stderr } = await onTerminal('customers\n', 'break-glass', requestId, '--reason', 'Down.')
    expect(code).toBe(0)
    expect(stderr).toContain('type the last segment of the target')
    expect(double.sent('break-glass')).toMatchObject([{ confirm: 'customers' }])
  })

  test('says how to sign in, where the service wants a step-up', async () => {
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } })
    double.answer('views', ok(viewed(request(), { stepUp: { claims } })))
    const { code, stderr } = await breakIt('--confirm', 'customers')
    expect(code).toBe(78)
    expect(joined(stderr)).toContain(`countersign login --context c1 -- countersign break-glass ${requestId}`)
    expect(double.sent('break-glass')).toEqual([])
  })
})

describe('a review', () => {
  const review = (...args: readonly string[]) => cli('review', requestId, ...args)

  test('is sent after the request and its glass were shown', async () => {
    double.answer('read', ok(request({ glass: glass() })))
    double.answer('review', ok(request({ glass: glass() })))
    const { code, stderr } = await review('unjustified', '--reason', 'It could wait.', '--yes')
    expect(code).toBe(0)
    expect(stderr).toContain('The site is down.')
    expect(double.sent('review')).toEqual([{ finding: 'unjustified', reason: 'It could wait.' }])
  })

  test.each([
    ['another finding', ['fine', '--reason', 'x', '--yes'], /none of justified, unjustified/],
    ['no finding', ['--reason', 'x', '--yes'], /justified\|unjustified is missing/],
    ['no reason', ['justified', '--yes'], /--reason is missing/],
    ['nobody to ask', ['justified', '--reason', 'x'], /--yes is missing/],
  ] as const)('is refused with %s', async (_, args, words) => {
    const { code, stderr } = await review(...args)
    expect(code).toBe(78)
    expect(stderr).toMatch(words)
    expect(double.seen).toEqual([])
  })

  test('is not sent where no glass was broken, or after anything but yes', async () => {
    double.answer('read', ok(request()))
    expect(await review('justified', '--reason', 'x', '--yes')).toMatchObject({ code: 75 })
    double.answer('read', ok(request({ glass: glass() })))
    expect(await onTerminal('no\n', 'review', requestId, 'justified', '--reason', 'x')).toMatchObject({ code: 75 })
    expect(double.sent('review')).toEqual([])
  })
})

/** Calls the program as on a terminal, on which this is typed. */
function onTerminal(input: string, ...args: readonly string[]) {
  const file = join(program.folder, 'terminal.cjs')
  writeFileSync(file, 'for (const stream of [process.stdin, process.stderr]) stream.isTTY = true')
  return program.run(args, {
    env: { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', NODE_OPTIONS: `--require=${file}`, NO_COLOR: '1' },
    input,
  })
}
