import { Broken } from '../../src/core/data/broken.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { backgroundLine, causesOf, faultOf, sinkLine } from '../../src/runtime/log.ts'
import { timer } from '../../src/runtime/timer.ts'
import { currentTrace, type Trace, traced, traceFrom } from '../../src/runtime/trace.ts'

const secret = 'canary-4d1f'

test('a fault is logged with its class, code and place, and not its message', () => {
  const cause = Object.assign(new TypeError(`cannot read ${secret}`), { code: 'ERR_SOMETHING' })
  const fault = faultOf(new Error(`failed: ${secret}`, { cause }))
  expect(fault).toMatchObject({ error: 'Error', causes: ['TypeError ERR_SOMETHING'] })
  expect(fault.stack?.[0]).toMatch(/^at .*log\.test\.ts:\d+:\d+/)
  expect(JSON.stringify(fault)).not.toContain(secret)
})

const faked = (error: Error, more: object): Error => Object.assign(error, more)

test.each<[string, unknown]>([
  ['a message that looks like a stack', new Error(`x\n    at ${secret} (/a.ts:1:1)\n    at ${secret} (/b.ts:1:1)`)],
  ['a message that was changed afterwards', faked(new Error(`\n    at ${secret} (/a.ts:1:1)`), { message: 'other' })],
  ['a name', faked(new Error('x'), { name: `Error: ${secret}` })],
  ['a code', faked(new Error('x'), { code: `${secret} and more` })],
  ['a number for a name', faked(new Error('x'), { name: 7 })],
  ['the cause of a cause', new Error('a', { cause: new Error('b', { cause: new Error(secret) }) })],
  ['a text that is thrown', secret],
  ['an object that is thrown', { message: secret }],
  ['a problem', new Problem('unavailable', secret, { cause: new Error(secret) })],
  ['evidence that does not hold', new Broken('bad-record', secret)],
])('nothing of the message is logged: %s', (_what, cause) => {
  expect(JSON.stringify(faultOf(cause))).not.toContain(secret)
  expect(backgroundLine(cause)).not.toContain('\n')
})

test('a circle of causes has an end', () => {
  const error = new Error('a')
  error.cause = error
  expect(causesOf(error).causes).toHaveLength(4)
})

test('a fault in the background is one line, with the trace that caused it', () => {
  const trace = traceFrom(null)
  const line = traced(trace, () => JSON.parse(backgroundLine(new Broken('broken-chain', secret))))
  expect(line).toEqual({ background: true, trace: trace.id, span: trace.span, error: 'evidence-broken: broken-chain' })
  expect(JSON.parse(backgroundLine(new Problem('busy', secret)))).toEqual({ background: true, error: 'busy' })
})

test('a sink that takes nothing is one line of the background, which says why and whether it is switched off', () => {
  const trace = traceFrom(null)
  expect(traced(trace, () => JSON.parse(sinkLine({ sink: 'siem', why: 'gone', isOff: true })))).toEqual({
    ...{ background: true, trace: trace.id, span: trace.span, sink: 'siem', why: 'gone', off: true },
  })
  expect(JSON.parse(sinkLine({ sink: 'siem', why: 'refused', isOff: false }))).toEqual({
    ...{ background: true, sink: 'siem', why: 'refused' },
  })
})

describe('a timer', () => {
  const lines: [level: string, line: Record<string, unknown>][] = []
  const context = {
    info: (line: string) => void lines.push(['info', JSON.parse(line)]),
    error: (line: string) => void lines.push(['error', JSON.parse(line)]),
  }
  beforeEach(() => lines.splice(0))

  test('has one line and its own trace for every run', async () => {
    const seen: (Trace | null)[] = []
    const run = timer('sweep', async () => ({ requests: seen.push(currentTrace()) }))
    await run(null, context)
    await run(null, context)
    expect(seen[0]?.id).not.toBe(seen[1]?.id)
    expect(lines).toEqual(
      seen.map((trace, i) => [
        'info',
        { timer: 'sweep', ms: expect.any(Number), trace: trace?.id, span: trace?.span, done: { requests: i + 1 } },
      ]),
    )
  })

  test('continues the trace that the host began for its run', async () => {
    const traceContext = { traceParent: `00-${'e'.repeat(32)}-${'f'.repeat(16)}-01` }
    await timer('sweep', async () => ({}))(null, { ...context, traceContext })
    expect(lines).toMatchObject([['info', { timer: 'sweep', trace: 'e'.repeat(32) }]])
  })

  test('that fails gives the reason in its line only', async () => {
    const run = timer('seal', () => Promise.reject(new RangeError(secret)))
    const error: unknown = await run(null, context).catch((cause: unknown) => cause)
    expect(lines).toMatchObject([['error', { timer: 'seal', error: 'RangeError', trace: expect.any(String) }]])
    expect(JSON.stringify(lines)).not.toContain(secret)
    expect(error).toMatchObject({ message: `The timer seal failed in trace ${String(lines[0]?.[1]['trace'])}.` })
    expect(error).not.toHaveProperty('cause')
  })
})
