import { inspect } from 'node:util'
import { Countersign, type CountersignSettings, digestOf } from '../../src/client/countersign.ts'
import { explain, isFailure, Refused, Stopped, Unreachable } from '../../src/client/failure.ts'
import { isLasting, Problem, problemCodes } from '../../src/core/data/problem.ts'
import { stopCodes } from '../../src/core/request/nextStep.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import {
  action,
  approved,
  type Double,
  ok,
  problem,
  type Reply,
  request,
  requestId,
  startDouble,
  stopped,
} from '../cli/double.ts'

let double: Double
beforeAll(async () => {
  double = await startDouble()
})
beforeEach(() => {
  double.reset()
  approving()
})
afterAll(() => double.end())

type Sent = JsonObject & { readonly redemption: string }

/** The service approves, redeems, and takes reports. */
function approving(): void {
  double.answer('ask', () => ok(double.asked(), 201))
  double.answer('read', () => ok(double.asked(approved)))
  double.answer('redeem', ({ body }) => ok(executing(body as Sent)))
  double.answer('outcome', ({ body }) => ok(double.asked(stopped((body as { result: string }).result))))
  double.answer('cancel', () => ok(double.asked(stopped('cancelled'))))
}

const executing = ({ redemption }: Sent) => double.asked({ status: 'redeemed', next: 'execute', redemption })
const used = (more: JsonObject = {}) => double.asked({ status: 'redeemed', next: 'report', ...more })

const client = (more: Partial<CountersignSettings> = {}) =>
  new Countersign({ url: double.url, token: 'the-token', patience: 0, queue: 0, ...more })

const options = { reason: 'Quarterly report', key: 'agent:run:call' }
const effects: unknown[] = []
beforeEach(() => void (effects.length = 0))
const run = (asked: typeof action): string => {
  effects.push(asked)
  return 'done'
}
const gate = (more: object = {}, settings: Partial<CountersignSettings> = {}) =>
  client(settings).gate(action, { ...options, ...more }, run)

const caught = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work
  } catch (cause) {
    return cause
  }
  throw new Error('Nothing was thrown.')
}
const calls = () => double.seen.map(({ call }) => call)

describe('a gate', () => {
  test('asks, waits, redeems, runs and reports, in this order', async () => {
    expect(await gate()).toBe('done')
    expect(calls()).toEqual(['ask', 'read', 'redeem', 'outcome'])
    expect(effects).toEqual([action])
    expect(double.seen[0]?.headers).toMatchObject({ authorization: 'Bearer the-token', 'idempotency-key': options.key })
    const [asked] = double.sent('ask') as [Sent]
    expect(asked).toEqual({ ...action, reason: options.reason, redemption: expect.any(String) as string })
    expect(double.sent('redeem')).toMatchObject([{ redemption: asked.redemption }])
    expect(double.sent('outcome')).toEqual([{ result: 'succeeded' }])
  })

  test('of an allowed action is one call, and a report', async () => {
    double.answer('ask', ({ body }) => ok(executing(body as Sent), 201))
    expect(await gate()).toBe('done')
    expect(calls()).toEqual(['ask', 'outcome'])
  })

  test('runs nothing on the word of another redemption', async () => {
    double.answer('ask', () => ok(executing({ redemption: 'another' }), 201))
    expect(await caught(gate())).toBeInstanceOf(Unreachable)
    double.answer('ask', () => ok(double.asked(), 201))
    double.answer('redeem', () => ok(executing({ redemption: 'another' })))
    expect(await caught(gate())).toMatchObject({ name: 'Unreachable', redeemed: 'perhaps' })
    expect(effects).toEqual([])
  })

  test('runs what was approved, whatever its caller does to the params meanwhile', async () => {
    const params = { rows: 1, tables: ['accounts'] }
    double.answer('read', () => {
      params.rows = 2
      params.tables.push('secrets')
      return ok(double.asked(approved))
    })
    await client().gate({ ...action, params }, options, (asked) => void effects.push(asked.params))
    expect(effects).toEqual([{ rows: 1, tables: ['accounts'] }])
    expect(Object.isFrozen(effects[0]) && Object.isFrozen((effects[0] as typeof params).tables)).toBe(true)
  })

  test('runs nothing if the request is for another action', async () => {
    double.answer('ask', () => ok(request({ params: { rows: 1 } }), 201))
    expect(await caught(gate())).toMatchObject({ name: 'Refused', code: 'digest-mismatch' })
    expect(calls()).toEqual(['ask'])
  })

  test('reads again, once, if the grant has ended', async () => {
    double.answer('redeem', problem(403, 'grant-invalid'), ({ body }) => ok(executing(body as Sent)))
    expect(await gate()).toBe('done')
    expect(calls()).toEqual(['ask', 'read', 'redeem', 'read', 'redeem', 'outcome'])
    double.answer('redeem', problem(403, 'grant-invalid'))
    expect(await caught(gate())).toMatchObject({ code: 'grant-invalid' })
  })

  test('waits for a request of its own that is pending under another key, if it joins', async () => {
    double.answer('ask', problem(409, 'already-pending', { request: requestId }))
    expect(await caught(gate())).toMatchObject({ code: 'already-pending', request: requestId })
    expect(await gate({ join: true })).toBe('done')
  })

  test.each([
    ['an option that does not exist', { onabort: 'leave' }],
    ['a value that an option does not have', { onAbort: 'keep' }],
    ['a call without an id', { key: '' }],
  ])('refuses %s, and asks for nothing', async (_what, more) => {
    expect(await caught(gate(more))).toMatchObject({ name: 'Refused', code: 'invalid-input' })
    expect(calls()).toEqual([])
  })
})

describe('under a standing approval of its own', () => {
  const scope = { for: 3600, uses: 20, vary: { params: { rows: 5000 } } }
  const id = requestId.replace(/^.{4}/, '01aa')
  const standing = { sample: action, scope, reason: 'Quarterly reports', key: 'agent:run' }
  const approval = (more: JsonObject): JsonObject => ({
    ...double.asked(more),
    ...{ id, digest: digestOf({ ...action, standing: scope }) },
  })
  const bodies: JsonObject[] = []
  const answering = (first: JsonObject) => {
    bodies.length = 0
    double.answer('ask', ({ body }) => {
      bodies.push(body as JsonObject)
      return 'standing' in (body as JsonObject) ? ok(approval(first)) : ok(double.asked({ ...approved, under: id }))
    })
  }

  test('it is asked for, found by its key, and used', async () => {
    answering({ status: 'approved', next: 'use', approvedAt: '2026-01-31T09:30:00.000Z' })
    expect(await gate({ standing })).toBe('done')
    expect(calls()).toEqual(['ask', 'ask', 'redeem', 'outcome'])
    expect(bodies).toEqual([
      { ...action, standing: scope, reason: 'Quarterly reports' },
      { ...action, under: id, reason: 'Quarterly report', redemption: expect.any(String) },
    ])
  })

  test('one that was used up, or is over, is still the one of its calls, and no other is taken', async () => {
    answering({ ...stopped('ended', 'ended'), approvedAt: '2026-01-31T09:30:00.000Z' })
    expect(await gate({ standing })).toBe('done')
    expect(bodies[1]).toMatchObject({ under: id })
    double.answer('ask', ({ body }) =>
      'standing' in (body as JsonObject)
        ? ok(approval({ ...stopped('ended', 'ended'), approvedAt: '2026-01-31T09:30:00.000Z' }))
        : problem(409, 'standing-over'),
    )
    expect(await caught(gate({ standing }))).toMatchObject({ name: 'Refused', code: 'standing-over' })
    expect(effects).toHaveLength(1)
  })

  test('one that people denied is not used, and neither is one for something else', async () => {
    answering(stopped('denied'))
    expect(await caught(gate({ standing }))).toMatchObject({ name: 'Stopped', code: 'denied' })
    answering({ status: 'approved', next: 'use' })
    expect(await caught(gate({ standing: { ...standing, scope: { ...scope, uses: 21 } } }))).toMatchObject({
      code: 'digest-mismatch',
    })
    expect(await caught(gate({ standing, under: id }))).toMatchObject({ code: 'invalid-input' })
    expect([bodies.length, effects]).toEqual([1, []])
  })
})

describe('every end reaches the caller', () => {
  const ends = stopCodes.filter((code) => code !== 'succeeded' && code !== 'failed')
  test.each(ends)('%s, when it is decided', async (code) => {
    double.answer('read', () => ok(double.asked(stopped('denied', code))))
    const cause = await caught(gate())
    expect(cause).toMatchObject({ name: 'Stopped', code, request: { id: requestId } })
    expect((cause as Stopped).mayAskAgain).toBe(['expired', 'cancelled', 'lapsed', 'ended', 'tampered'].includes(code))
    expect(effects).toEqual([])
  })

  test.each([
    ['already-redeemed', 409, () => used(), 'already-redeemed'],
    ['not-redeemable', 409, () => double.asked(stopped('revoked')), 'revoked'],
    ['not-redeemable', 409, () => double.asked(stopped('lapsed')), 'lapsed'],
    ['forbidden-by-policy', 403, () => double.asked(stopped('revoked', 'forbidden-by-policy')), 'forbidden-by-policy'],
  ])('%s, when it is redeemed', async (code, status, then, expected) => {
    double.answer(
      'read',
      () => ok(double.asked(approved)),
      () => ok(then()),
    )
    double.answer('redeem', problem(status, code))
    expect(await caught(gate())).toMatchObject({ name: 'Stopped', code: expected })
    expect(effects).toEqual([])
  })

  test.each(['redeemed', 'succeeded', 'failed'])('a request that is %s is not run again', async (status) => {
    double.answer('ask', () => ok(status === 'redeemed' ? used() : double.asked(stopped(status))))
    const cause = await caught(gate())
    expect(cause).toMatchObject({ name: 'Stopped', code: 'already-redeemed', request: { status } })
    expect(explain(cause as Stopped)).toMatch(/^Not executed again/)
    expect(effects).toEqual([])
  })

  test.each(problemCodes)('the problem %s', async (code) => {
    const { status } = new Problem(code, '')
    const details = { pointer: '/params/rows', request: requestId }
    double.answer('ask', problem(status, code, details, { 'retry-after': '7' }))
    expect(await caught(gate())).toMatchObject({ name: 'Refused', code, status, ...details, retryAfter: 7 })
    // Another token helps where the token is refused, and not where the person has to prove something.
    expect(calls()).toEqual(['ask', ...(status === 401 && code !== 'step-up' ? ['ask'] : [])])
  })

  test.each<[string, Reply]>([
    ['no answer', 'broken'],
    ['a page', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['half a body', 'half'],
    [
      'a body of more than 1 MiB',
      { status: 200, body: `${' '.repeat(1_048_577)}${JSON.stringify(request(approved))}` },
    ],
    ['a member that occurs twice', { status: 200, body: `{"next":"redeem",${JSON.stringify(request()).slice(1)}` }],
    ['a redirect', { status: 302, body: '', headers: { location: '/api/requests' } }],
    ['approvals that are none', ok(request({ approvals: { required: [null], decisions: [] } }))],
    ['approvals of nobody', ok(request({ approvals: { required: [{}], decisions: [] } }))],
    ['votes that are none', ok(request({ approvals: { required: [], decisions: [null] } }))],
    ['a fault without a code', { status: 500, body: { title: 'A bug', status: 500 } }],
    ['a gateway', { status: 502, body: '<html>' }],
    ['a step that is not known', ok(request({ next: 'dance', status: 'dancing' }))],
    ['another request', ok(request({ id: '01kaqz3v8m0000000000000001-07', ...approved }))],
  ])('%s', async (_what, reply) => {
    double.answer('read', reply)
    const cause = await caught(gate())
    expect(cause).toMatchObject({ name: 'Unreachable', redeemed: 'no', request: { id: requestId } })
    expect(effects).toEqual([])
  })

  test('a redemption without an answer may have arrived', async () => {
    double.answer('redeem', 'broken')
    expect(await caught(gate())).toMatchObject({ name: 'Unreachable', redeemed: 'perhaps' })
    double.answer('redeem', problem(503, 'unavailable'))
    expect(await caught(gate())).toMatchObject({ name: 'Refused', code: 'unavailable', redeemed: 'perhaps' })
    expect(effects).toEqual([])
  })

  test('a request of which no approver could be told is withdrawn', async () => {
    double.answer('read', () => ok(double.asked({ delivery: 'undeliverable' })))
    expect(await caught(gate())).toMatchObject({ name: 'Stopped', code: 'cancelled', mayAskAgain: true })
    expect(calls()).toEqual(['ask', 'read', 'cancel'])
  })

  test('a model reads the code, the words and the reason of the denial', async () => {
    const decisions = [{ approver: 'id-of-a-person', name: 'Dana', verdict: 'deny', reason: 'Not on a Friday.' }]
    const approvals = { required: [], decisions }
    double.answer('read', () => ok(double.asked({ ...stopped('denied'), approvals })))
    const words = explain((await caught(gate())) as Stopped)
    expect(words).toBe('Not executed (denied): It is denied. Not on a Friday.')
  })
})

describe('no error shows', () => {
  test.each<[string, () => void]>([
    ['what was asked for, or why: a denial', () => double.answer('read', () => ok(double.asked(stopped('denied'))))],
    ['what was asked for, or why: a refusal', () => double.answer('ask', problem(422, 'secret-in-params'))],
    ['what was asked for, or why: silence', () => double.answer('read', 'broken')],
  ])('%s', async (_what, tell) => {
    tell()
    const cause = await caught(gate())
    expect(isFailure(cause)).toBe(true)
    const shown = `${inspect(cause, { depth: 9 })}${JSON.stringify(cause)}${String(cause)}`
    for (const secret of ['120000', options.reason, 'the-token', 'Quarterly']) expect(shown).not.toContain(secret)
  })

  test('a token that an issuer quotes', async () => {
    const secret = 'the-secret-of-the-client'
    const body = { error: 'invalid_client', error_description: `No client has ${secret}.` }
    double.answer('token', { status: 401, body })
    const agent = Countersign.fromEnvironment({
      ...{ COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN_URL: `${double.url}/token`, COUNTERSIGN_PATIENCE: '0' },
      ...{ COUNTERSIGN_CLIENT_ID: 'agent', COUNTERSIGN_CLIENT_SECRET: secret },
    })
    const cause = await caught(agent.gate(action, options, run))
    expect(cause).toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('invalid_client') as string,
    })
    expect(inspect(cause, { depth: 9 })).not.toContain(secret)
  })

  test('what a fetch of the host says of a call', async () => {
    const fetch = () => Promise.reject(new TypeError('Invalid header: Bearer the-token'))
    const cause = await caught(gate({}, { fetch }))
    expect(cause).toBeInstanceOf(Unreachable)
    expect(inspect(cause, { depth: 9 })).not.toContain('the-token')
  })

  test('a token that is none', async () => {
    const cause = await caught(gate({}, { token: 'the-secret\r\nx: y' }))
    expect(cause).toMatchObject({ name: 'Refused', code: 'unauthenticated' })
    expect(inspect(cause)).not.toContain('the-secret')
    expect(calls()).toEqual([])
  })
})

describe('the outcome', () => {
  class DiskFull extends Error {
    override name = 'DiskFull'
  }
  const failing = (more: object = {}) =>
    client().gate(action, { ...options, ...more }, () => {
      throw new DiskFull('/secret/path')
    })

  test('of what threw is its name, and the error is thrown on', async () => {
    await expect(failing()).rejects.toThrow('/secret/path')
    expect(double.sent('outcome')).toEqual([{ result: 'failed', summary: 'DiskFull' }])
  })

  test('is what the host reads from the result', async () => {
    const output = { sha256: '0'.repeat(64), size: 3 }
    await gate({ outcome: () => ({ result: 'failed', summary: `exit 1\u0007${'x'.repeat(600)}`, output }) })
    expect(double.sent('outcome')).toMatchObject([{ result: 'failed', output }])
    const [{ summary }] = double.sent('outcome') as [{ summary: string }]
    expect(summary).toHaveLength(500)
    expect(summary.startsWith('exit 1 x')).toBe(true)
  })

  test.each([
    ['secret-in-params', 422],
    ['invalid-input', 400],
  ])('is reported without its summary after %s', async (code, status) => {
    double.answer('outcome', problem(status, code), () => ok(double.asked(stopped('succeeded'))))
    expect(await gate({ outcome: () => ({ summary: 'password=hunter2' }) })).toBe('done')
    expect(double.sent('outcome')).toEqual([
      { result: 'succeeded', summary: 'password=hunter2' },
      { result: 'succeeded' },
    ])
  })

  test('that cannot be reported, or not be read, is told to the host, and what ran is returned', async () => {
    const told: unknown[] = []
    const onUnreported = (cause: unknown, { id }: { id: string }) => void told.push([cause, id])
    double.answer('outcome', problem(409, 'already-reported'))
    expect(await gate({ onUnreported })).toBe('done')
    expect(told).toMatchObject([[{ code: 'already-reported' }, requestId]])
    await expect(failing({ onUnreported })).rejects.toThrow(DiskFull)
    double.reset()
    approving()
    const outcome = () => {
      throw new TypeError('of the host')
    }
    expect(await gate({ onUnreported, outcome })).toBe('done')
    expect(double.sent('outcome')).toEqual([])
    expect(told).toHaveLength(3)
  })
})

describe('a lost answer', () => {
  test.each(['ask', 'redeem', 'outcome'] as const)(
    'to %s is asked for again, and the action runs once',
    async (call) => {
      const answers = {
        ask: () => ok(double.asked(), 201),
        redeem: ({ body }: { body: unknown }) => ok(executing(body as Sent)),
        outcome: () => ok(double.asked(stopped('succeeded'))),
      }
      double.answer(call, 'broken', answers[call])
      expect(await gate({}, { patience: 30 })).toBe('done')
      expect(effects).toHaveLength(1)
      const sent = double.sent(call)
      expect(sent).toHaveLength(2)
      expect(sent[0]).toEqual(sent[1])
    },
  )

  test('because people are busy is asked for again for longer than any other', async () => {
    const busy = problem(429, 'too-many', {}, { 'retry-after': '0' })
    double.answer('ask', busy, busy, () => ok(double.asked(), 201))
    expect(await gate({}, { queue: 30 })).toBe('done')
    double.answer('ask', problem(429, 'cooling-down', {}, { 'retry-after': '0' }), () => ok(double.asked(), 201))
    expect(await caught(gate({}, { queue: 30, patience: 30 }))).toMatchObject({ code: 'cooling-down' })
  })

  test('of a problem that lasts is not asked for again', async () => {
    for (const code of problemCodes.filter(isLasting)) {
      double.answer('ask', problem(503, code), () => ok(double.asked(), 201))
      expect(await caught(gate({}, { patience: 30 }))).toMatchObject({ code })
    }
  })
})

describe('an abort', () => {
  /** Aborts while the service holds an answer back. */
  const aborted = (more: object = {}) => {
    const controller = new AbortController()
    double.answer('read', async () => {
      controller.abort(new Error('The host stops.'))
      return new Promise<Reply>(() => undefined)
    })
    return gate({ signal: controller.signal, ...more })
  }

  test('withdraws the request', async () => {
    await expect(aborted()).rejects.toThrow('The host stops.')
    expect(calls()).toEqual(['ask', 'read', 'cancel'])
  })

  test('leaves the request to hosts that come back, and the same key goes on', async () => {
    await expect(aborted({ onAbort: 'leave' })).rejects.toThrow('The host stops.')
    expect(calls()).toEqual(['ask', 'read'])
    double.answer('read', () => ok(double.asked(approved)))
    expect(await gate()).toBe('done')
  })

  test('before anything was asked for asks for nothing', async () => {
    await expect(gate({ signal: AbortSignal.abort(new Error('Before.')) })).rejects.toThrow('Before.')
    expect(calls()).toEqual([])
  })

  test.each(['redeem', 'ask'] as const)('during %s, which redeems, is reported, and nothing runs', async (call) => {
    const controller = new AbortController()
    double.answer(call, ({ body }) => {
      controller.abort(new Error('The host stops.'))
      return ok(executing(body as Sent))
    })
    await expect(gate({ signal: controller.signal })).rejects.toThrow('The host stops.')
    expect(double.sent('outcome')).toEqual([{ result: 'failed', summary: 'aborted before it was started' }])
    expect(effects).toEqual([])
  })
})

describe('after a crash', () => {
  test('the host says what became of the action, which is reported', async () => {
    double.answer('ask', () => ok(used()))
    const onUsed = ({ id }: { id: string }) => ({
      result: 'succeeded' as const,
      summary: 'found',
      value: `value of ${id}`,
    })
    expect(await gate({ onUsed })).toBe(`value of ${requestId}`)
    expect(double.sent('outcome')).toEqual([{ result: 'succeeded', summary: 'found' }])
    expect(await caught(gate({ onUsed: () => undefined }))).toMatchObject({ code: 'already-redeemed' })
    double.answer('ask', () => ok(double.asked(stopped('succeeded'))))
    expect(await caught(gate({ onUsed }))).toMatchObject({ code: 'already-redeemed' })
    expect(effects).toEqual([])
  })

  test('a redemption that the host kept runs the action again, and no other does', async () => {
    const redemption = '6f9619ff-8b86-4d01-b42d-00c04fc964ff'
    double.answer('ask', () => ok(used({ redemption })))
    expect(await caught(gate({ redemption: '00000000-0000-4000-8000-000000000000' }))).toMatchObject({
      code: 'already-redeemed',
    })
    expect(await caught(gate())).toMatchObject({ code: 'already-redeemed' })
    expect(effects).toEqual([])
    expect(await gate({ redemption: redemption.toUpperCase() })).toBe('done')
    double.answer('ask', () => ok(double.asked({ ...stopped('succeeded'), redemption })))
    expect(await caught(gate({ redemption }))).toMatchObject({ code: 'already-redeemed' })
    expect(effects).toHaveLength(1)
  })

  test('the word of a host that it may execute counts for nothing, whatever redemption it kept', async () => {
    const redemption = '6f9619ff-8b86-4d01-b42d-00c04fc964ff'
    const given = request({ status: 'redeemed', next: 'execute', redemption }) as never
    for (const [read, ...codes] of [
      [{ status: 'redeemed', next: 'report' }, 'already-redeemed', 'already-redeemed'],
      [stopped('denied'), 'denied', 'denied'],
      [{ status: 'redeemed', next: 'report', redemption, params: {} }, 'already-redeemed', 'digest-mismatch'],
    ] as const) {
      double.answer('read', () => ok(request(read)))
      const causes = [{}, { redemption }].map((kept) => caught(client().execute(given, action, kept, run)))
      expect(await Promise.all(causes)).toMatchObject(codes.map((code) => ({ code })))
    }
    expect(effects).toEqual([])
    // The service says that this redemption claimed it, and that nothing was reported.
    double.answer('read', () => ok(request({ status: 'redeemed', next: 'report', redemption })))
    expect(await client().execute(given, action, { redemption }, run)).toBe('done')
    expect(effects).toHaveLength(1)
  })
})

test('a token does not follow a redirect', async () => {
  double.answer('ask', { status: 307, body: '', headers: { location: `${double.url}/token` } })
  expect(await caught(gate())).toBeInstanceOf(Unreachable)
  expect(calls()).toEqual(['ask'])
})

test('a refused token is renewed, once', async () => {
  const asked: boolean[] = []
  const token = (renew: boolean) => {
    asked.push(renew)
    return renew ? 'new' : 'old'
  }
  double.answer('ask', problem(401, 'unauthenticated'), () => ok(double.asked(), 201))
  expect(await gate({}, { token })).toBe('done')
  expect(asked.slice(0, 2)).toEqual([false, true])
})

test('a waiting client holds one connection, and has one call open at a time', async () => {
  let [open, most] = [0, 0]
  const held = async (): Promise<Reply> => {
    most = Math.max(most, ++open)
    await new Promise((done) => setImmediate(done))
    open--
    return ok(double.asked())
  }
  double.answer('read', held, held, () => ok(double.asked(approved)))
  expect(await gate()).toBe('done')
  expect(most).toBe(1)
  expect(double.connections()).toBeLessThanOrEqual(1)
  expect(calls()).toEqual(['ask', 'read', 'read', 'read', 'redeem', 'outcome'])
})

test('its own requests are listed', async () => {
  const fetched: string[] = []
  const fake = async (url: URL) => {
    fetched.push(url.href)
    return Response.json({ requests: [request()], cursor: 'next' })
  }
  const list = await client({ fetch: fake }).mine({ status: 'pending', limit: 5 })
  expect(list).toMatchObject({ requests: [{ id: requestId }], cursor: 'next' })
  expect(fetched).toEqual([`${double.url}/api/requests?status=pending&limit=5`])
})

test('the address and the numbers are checked when a client is made', () => {
  expect(() => client({ url: 'http://countersign.example' })).toThrow(/url starts with https/)
  expect(() => client({ patience: Number.NaN })).toThrow(/patience/)
  expect(() => Countersign.fromEnvironment({})).toThrow(/COUNTERSIGN_URL is not set/)
  expect(() => Countersign.fromEnvironment({ COUNTERSIGN_URL: double.url })).toThrow(/COUNTERSIGN_TOKEN/)
  expect(new Refused('busy', '').status).toBe(400)
})
