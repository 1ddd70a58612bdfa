import { HttpRequest, HttpResponse, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { Problem } from '../../src/core/data/problem.ts'
import { type Answering, boundary, type Handler } from '../../src/http/boundary.ts'
import { currentTrace, parseTraceparent } from '../../src/runtime/trace.ts'
import { bot } from '../support/build.ts'
import { until } from '../support/until.ts'

const secret = 'canary-93c1'
const trace = 'a'.repeat(32)
const traceparent = `00-${trace}-${'b'.repeat(16)}-01`

interface Line {
  readonly level: string
  readonly line: Record<string, unknown>
}

/** Answers a call, and tells what was logged. */
async function called(
  handler: Handler,
  headers: [string, string][] = [['traceparent', traceparent]],
  patience?: number,
  host?: string,
) {
  const lines: Line[] = []
  const context = new InvocationContext({
    functionName: 'ask',
    ...(host !== undefined && { traceContext: { traceParent: host } }),
    logHandler: (level, ...words) => lines.push({ level, line: JSON.parse(String(words[0])) }),
  })
  const url = 'https://a.example/api/requests'
  const nativeRequest = new Request(url, { headers })
  const init = { url, method: 'GET', params: {}, nativeRequest }
  const request = new HttpRequest(init)
  const answer = new HttpResponse(await boundary('ask', handler, patience)(request, context))
  return { answer, lines }
}

/** A handler of a call whose caller nobody asks for. */
const answering =
  (answer: () => Promise<HttpResponseInit>, more: Omit<Answering, 'answer'> = {}): Handler =>
  async () => ({ ...more, answer: answer().then((response) => ({ response })) })

test('a call is one line: route, status, time, trace, and who called', async () => {
  const caller = { kind: 'agent', id: bot } as const
  const { lines } = await called(
    answering(async () => ({ status: 201, jsonBody: { reason: secret } }), { who: caller }),
  )
  const span = expect.stringMatching(/^[0-9a-f]{16}$/)
  const line = { route: 'ask', status: 201, ms: expect.any(Number), trace, span, caller }
  expect(lines).toEqual([{ level: 'information', line }])
})

test('a problem is one line with its code and what caused it, and a document with the trace', async () => {
  const cause = Object.assign(new Error(secret), { name: 'RestError', code: 'ServerBusy' })
  const refused = answering(
    async () => {
      throw new Problem('unavailable', 'Try again.', { cause, retryAfter: 1 })
    },
    { who: { kind: 'agent', id: bot } },
  )
  const { answer, lines } = await called(refused)
  expect(lines).toMatchObject([{ line: { caller: { kind: 'agent', id: bot } } }])
  expect(lines).toMatchObject([{ line: { status: 503, code: 'unavailable', causes: ['RestError ServerBusy'], trace } }])
  expect(JSON.stringify(lines)).not.toContain(secret)
  expect(await answer.json()).toMatchObject({ code: 'unavailable', instance: trace })
})

test.each([
  [undefined, 'Bearer'],
  ['none', 'Bearer'],
  ['unreadable', 'Bearer error="invalid_token", error_description="unreadable"'],
  ['expired', 'Bearer error="invalid_token", error_description="expired"'],
  ['foreign', 'Bearer error="invalid_token", error_description="not for this service"'],
] as const)('a refused token is answered as RFC 6750 has it: %s', async (token, challenge) => {
  const { answer } = await called(async () => {
    throw new Problem('unauthenticated', 'Sign in.', { claim: 'aud', ...(token && { token }) })
  })
  expect(answer.headers.get('www-authenticate')).toBe(challenge)
})

test('a row that is too new is named in the log line only', async () => {
  const newer = { shard: '03', row: 'request-x', request: 'x', version: 2 }
  const { answer, lines } = await called(async () => {
    throw new Problem('newer-format', 'A newer version wrote this.', { newer })
  })
  expect(lines).toMatchObject([{ level: 'information', line: { status: 503, code: 'newer-format', newer } }])
  expect(answer.headers.has('retry-after')).toBe(false)
  expect(await answer.text()).not.toContain('request-x')
})

test('rows that are left out of an answer are named in the log line', async () => {
  const newer = [{ shard: '03', row: 'head', version: 2 }]
  const { lines } = await called(async () => ({ answer: Promise.resolve({ response: { status: 200 }, newer }) }))
  expect(lines).toMatchObject([{ line: { status: 200, newer } }])
})

test.each([
  ['later', async () => Promise.reject(new TypeError(secret))],
  [
    'at once',
    (): never => {
      throw new TypeError(secret)
    },
  ],
])('a bug, thrown %s, is one line with its class, and a bare 500', async (_when, handler) => {
  const { answer, lines } = await called(handler)
  expect(lines).toMatchObject([
    { level: 'error', line: { route: 'ask', status: 500, error: 'TypeError', stack: expect.any(Array) } },
  ])
  const text = await answer.text()
  expect(JSON.parse(text)).toEqual({ type: 'about:blank', title: 'Internal error', status: 500, instance: trace })
  expect(text + JSON.stringify(lines)).not.toContain(secret)
})

test.each([
  ['before it is known who calls', () => new Promise<never>(() => {})],
  ['when it is known who calls', answering(() => new Promise<never>(() => {}))],
])('a call that takes too long ends with a problem, without waiting for the work: %s', async (_when, handler) => {
  const { answer, lines } = await called(handler, [], 20)
  expect(await answer.json()).toMatchObject({ status: 503, code: 'unavailable' })
  expect(answer.headers.get('retry-after')).toBe('2')
  expect(lines).toMatchObject([{ line: { status: 503, code: 'unavailable' } }])
})

test('a bug after the answer gets its own line', async () => {
  let fail: (cause: unknown) => void = () => {}
  const { lines } = await called(() => new Promise((_, reject) => (fail = reject)), [['traceparent', traceparent]], 20)
  expect(lines).toHaveLength(1)
  fail(new TypeError(secret))
  await until(
    () => lines.length,
    (count) => count === 2,
  )
  expect(lines[1]).toMatchObject({ level: 'error', line: { background: true, trace, error: 'TypeError' } })
  expect(JSON.stringify(lines)).not.toContain(secret)
})

test('a call that waits has that time in addition to the time of its work', async () => {
  const slow = async () => {
    await new Promise((done) => setTimeout(done, 60))
    return { status: 200 }
  }
  expect((await called(answering(slow, { waits: 3_600 }), [], 20)).answer.status).toBe(200)
  const endless = answering(() => new Promise<never>(() => {}), { waits: 0.02 })
  expect((await called(endless, [], 20)).answer.status).toBe(503)
})

test('a problem inside an answer to Teams is in the line', async () => {
  const { lines } = await called(async () => ({
    answer: Promise.resolve({ response: { status: 200 }, code: 'self-approval' }),
  }))
  expect(lines).toMatchObject([{ line: { status: 200, code: 'self-approval' } }])
})

test('a given trace goes on in the work and in the answer', async () => {
  let seen: string | undefined
  const work = answering(async () => {
    seen = currentTrace()?.id
    return { status: 200, headers: { 'x-other': 'kept' } }
  })
  const { answer, lines } = await called(work)
  expect(seen).toBe(trace)
  expect(answer.headers.get('x-other')).toBe('kept')
  expect(parseTraceparent(answer.headers.get('traceparent') ?? '')).toEqual({
    ...{ id: trace, sampled: true },
    parent: lines[0]?.line['span'],
  })
})

test('a call without a trace continues that of the host, so that its telemetry and the log have one id', async () => {
  const host = `00-${'e'.repeat(32)}-${'f'.repeat(16)}-01`
  const { answer, lines } = await called(
    answering(async () => ({ status: 200 })),
    [],
    undefined,
    host,
  )
  expect(lines).toMatchObject([{ line: { trace: 'e'.repeat(32) } }])
  expect(parseTraceparent(answer.headers.get('traceparent') ?? '')).toMatchObject({ id: 'e'.repeat(32) })
})

test.each<[string, [string, string][]]>([
  ['none', []],
  ['one that is malformed', [['traceparent', secret]]],
  ['two', [traceparent, `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`].map((value) => ['traceparent', value])],
  ['the same twice', [traceparent, traceparent].map((value) => ['traceparent', value])],
])('a call with %s gets its own trace', async (_what, headers) => {
  const { answer, lines } = await called(
    answering(async () => ({ status: 200 })),
    headers,
  )
  const { id } = parseTraceparent(answer.headers.get('traceparent') ?? '') ?? {}
  expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect([trace, 'c'.repeat(32)]).not.toContain(id)
  expect(lines).toMatchObject([{ line: { trace: id } }])
  expect(JSON.stringify(lines)).not.toContain(secret)
})

describe('a streamed answer', () => {
  let isOver = false
  async function* body(fails: boolean): AsyncIterable<Uint8Array> {
    try {
      yield Buffer.from('first')
      if (fails) throw new RangeError(secret)
      yield Buffer.from('last')
    } finally {
      isOver = true
    }
  }

  test('arrives unchanged', async () => {
    const { answer, lines } = await called(answering(async () => ({ body: body(false) })))
    expect(await answer.text()).toBe('firstlast')
    expect(lines).toHaveLength(1)
  })

  test('that breaks off gets another line, and the host learns nothing else', async () => {
    const { answer, lines } = await called(answering(async () => ({ body: body(true) })))
    await expect(answer.text()).rejects.not.toThrow(secret)
    expect(lines).toMatchObject([
      { line: { status: 200 } },
      { level: 'error', line: { route: 'ask', brokenOff: true, trace, error: 'RangeError' } },
    ])
    expect(JSON.stringify(lines)).not.toContain(secret)
  })

  test('ends when its reader leaves', async () => {
    isOver = false
    const { answer } = await called(answering(async () => ({ body: body(false) })))
    const reader = answer.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(isOver).toBe(true)
  })
})
