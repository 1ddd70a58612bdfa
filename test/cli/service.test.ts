import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { action, type Double, ok, problem, request, requestId, startDouble } from './double.ts'
import { buildProgram, joined, type Program } from './program.ts'

let double: Double
let program: Program

beforeAll(async () => {
  program = await buildProgram()
  double = await startDouble()
})
beforeEach(() => {
  double.reset()
  double.answer('read', ok(request({ status: 'denied', next: 'stop' })))
})
afterAll(async () => {
  program.end()
  await double.end()
})

const show = (env: Readonly<Record<string, string>> = {}) =>
  program.run(['show', requestId], {
    env: { COUNTERSIGN_URL: double.url, COUNTERSIGN_PATIENCE: '0', COUNTERSIGN_TOKEN: 'token', ...env },
  })

const client = (env: Readonly<Record<string, string>> = {}) => ({
  COUNTERSIGN_TOKEN: '',
  COUNTERSIGN_TOKEN_URL: `${double.url}/token`,
  COUNTERSIGN_CLIENT_ID: 'the-client',
  COUNTERSIGN_CLIENT_SECRET: 'the-secret',
  ...env,
})

const tokens = (expiresIn: number) => {
  let count = 0
  return () => ok({ access_token: `token-${++count}`, expires_in: expiresIn, token_type: 'Bearer' })
}

const used = () => double.seen.filter((seen) => seen.call === 'read').map((seen) => seen.headers.authorization)

describe('client credentials', () => {
  test('get a token, with the scope if one is set', async () => {
    double.answer('token', tokens(3600))
    expect(await show(client())).toMatchObject({ code: 0 })
    await show(client({ COUNTERSIGN_SCOPE: 'app/.default' }))
    const form = { grant_type: 'client_credentials', client_id: 'the-client', client_secret: 'the-secret' }
    expect(double.sent('token')).toEqual([form, { ...form, scope: 'app/.default' }])
    expect(used()).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  test('give way to a given token', async () => {
    await show(client({ COUNTERSIGN_TOKEN: 'given' }))
    expect(double.sent('token')).toEqual([])
    expect(used()).toEqual(['Bearer given'])
  })

  test.each([
    ['one token for all calls while it lives', 3600, ['Bearer token-1', 'Bearer token-1']],
    ['a new one before each call when it has expired', 0, ['Bearer token-1', 'Bearer token-2']],
  ])('get %s', async (_what, expiresIn, expected) => {
    double.answer('token', tokens(expiresIn))
    double.answer('read', ok(request()), ok(request({ status: 'denied', next: 'stop' })))
    await program.run(['wait', requestId], { env: { COUNTERSIGN_URL: double.url, ...client() } })
    expect(used()).toEqual(expected)
  })

  test('get a new token once when theirs is refused', async () => {
    double.answer('token', tokens(3600))
    double.answer('read', problem(401, 'unauthenticated'), ok(request()))
    expect(await show(client())).toMatchObject({ code: 0 })
    expect(used()).toEqual(['Bearer token-1', 'Bearer token-2'])
    double.answer('read', problem(401, 'unauthenticated'))
    expect(await show(client())).toMatchObject({ code: 78 })
    expect(used()).toHaveLength(4)
  })

  test('that are refused are named, but the secret is not', async () => {
    const body = { error: 'invalid_client', error_description: '\u001b[2Jwrong' }
    double.answer('token', { status: 401, body })
    const { code, stderr } = await show(client())
    expect(code).toBe(78)
    expect(joined(stderr)).toMatch(/COUNTERSIGN_CLIENT_SECRET.*invalid_client/)
    expect(stderr).not.toMatch(/the-secret|\u001b/)
  })

  test.each([
    ['a token endpoint that fails', { status: 500, body: {} }],
    ['a token endpoint that is something else', { status: 200, body: { hello: 'world' } }],
    ['a token that would break the header', { status: 200, body: { access_token: 'a\r\nb', expires_in: 3600 } }],
  ])('end with 69 at %s', async (_what, reply) => {
    double.answer('token', reply)
    expect(await show(client())).toMatchObject({ code: 69 })
    expect(used()).toEqual([])
  })
})

describe('a command that prints a token', () => {
  /** Says how often it was run, so that every run gives another token. */
  const counting = 'echo run >> runs; echo token-$(wc -l < runs | tr -d " ")'
  const printing = (command: string, env: Readonly<Record<string, string>> = {}) => ({
    ...{ COUNTERSIGN_TOKEN: '', COUNTERSIGN_TOKEN_COMMAND: command, ...env },
  })
  const jwt = (exp: number) =>
    ['{}', JSON.stringify({ exp: Math.floor(Date.now() / 1000) + exp }), 'x']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
  const wait = (env: Readonly<Record<string, string>>) => {
    double.answer('read', ok(request()), ok(request({ status: 'denied', next: 'stop' })))
    return program.run(['wait', requestId], { env: { COUNTERSIGN_URL: double.url, ...env } })
  }

  beforeEach(() => rmSync(join(program.folder, 'runs'), { force: true }))

  test('gives one token for all calls while it lives, whatever kind it is', async () => {
    expect(await wait(printing(counting))).toMatchObject({ code: 77 })
    expect(used()).toEqual(['Bearer token-1', 'Bearer token-1'])
    double.reset()
    await wait(printing('echo run >> runs; echo "$JWT"', { JWT: jwt(3600) }))
    expect(readFileSync(join(program.folder, 'runs'), 'utf8')).toBe('run\nrun\n')
  })

  test('is run again when the token nears its end', async () => {
    await wait(printing('echo run >> runs; echo "$JWT"', { JWT: jwt(-1) }))
    expect(readFileSync(join(program.folder, 'runs'), 'utf8')).toBe('run\nrun\n')
  })

  test('is run again when its token is refused, once', async () => {
    double.answer('read', problem(401, 'unauthenticated'), ok(request()))
    expect(await show(printing(counting))).toMatchObject({ code: 0 })
    expect(used()).toEqual(['Bearer token-1', 'Bearer token-2'])
    double.answer('read', problem(401, 'unauthenticated'))
    expect(await show(printing(counting))).toMatchObject({ code: 78 })
    expect(used()).toHaveLength(4)
  })

  test('yields to a token that is given, and comes before client credentials', async () => {
    await show(printing(counting, { COUNTERSIGN_TOKEN: 'given' }))
    await show(client(printing(counting)))
    expect(used()).toEqual(['Bearer given', 'Bearer token-1'])
    expect(double.sent('token')).toEqual([])
  })

  test.each([
    ['fails', 'echo why >&2; exit 3', 69, 'exit code 3'],
    ['does not exist', 'there-is-no-such-command-7f', 78, '127'],
    ['prints nothing', 'true', 78, 'no token'],
    ['prints more than a token', 'echo secret-a secret-b', 78, 'no token'],
    ['prints two lines', 'echo secret-a; echo secret-b', 78, 'no token'],
    ['prints far too much', 'yes secret-a | head -c 100000', 78, 'no token'],
    ['reads standard input', 'cat', 78, 'no token'],
    ['is killed', 'kill -9 $$', 69, 'killed'],
  ])('that %s is named, and its output is not shown', async (_what, command, expected, words) => {
    const { code, stderr } = await show(printing(command))
    expect(code).toBe(expected)
    expect(joined(stderr)).toContain('COUNTERSIGN_TOKEN_COMMAND')
    expect(joined(stderr)).toContain(words)
    expect(stderr).not.toContain('secret-')
    expect(used()).toEqual([])
  })

  test('says why it fails in its own words', async () => {
    expect((await show(printing('echo please sign in first >&2; exit 1'))).stderr).toContain('please sign in first')
  })

  test('is an agent’s, and decides nothing', async () => {
    const env = { COUNTERSIGN_URL: double.url, ...printing(counting) }
    const { code, stderr } = await program.run(['deny', requestId, '--reason', 'no', '--yes'], { env })
    expect(code).toBe(78)
    expect(joined(stderr)).toContain('not signed in')
    expect(double.seen).toEqual([])
  })
})

test('a refused token is named', async () => {
  double.answer('read', problem(401, 'unauthenticated'))
  expect(await show()).toMatchObject({ code: 78, stderr: expect.stringContaining('COUNTERSIGN_TOKEN') as string })
  expect(used()).toHaveLength(1)
})

describe('a call is repeated', () => {
  const patient = { COUNTERSIGN_PATIENCE: '10' }

  test.each([
    ['busy', problem(503, 'busy', {}, { 'retry-after': '0' })],
    ['too many', problem(429, 'too-many', {}, { 'retry-after': '0' })],
    ['a gateway', { status: 502, body: '<html>' }],
    ['no answer', 'broken' as const],
  ])('after %s', async (_what, reply) => {
    double.answer('read', reply, reply, ok(request()))
    expect(await show(patient)).toMatchObject({ code: 0 })
    expect(double.seen).toHaveLength(3)
  })

  test('with the same key and body if it asks', async () => {
    double.answer('ask', 'broken', problem(503, 'busy', {}, { 'retry-after': '0' }), ok(request(), 201))
    const flags = Object.entries({ ...action, params: undefined, reason: 'x' })
    const args = flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
    const env = { COUNTERSIGN_URL: double.url, COUNTERSIGN_TOKEN: 'token', ...patient }
    expect(await program.run(['ask', ...args], { env })).toMatchObject({ code: 0 })
    expect(new Set(double.seen.map((seen) => seen.headers['idempotency-key'])).size).toBe(1)
    expect(new Set(double.seen.map((seen) => JSON.stringify(seen.body))).size).toBe(1)
    expect(double.seen).toHaveLength(3)
  })

  test('but not if the service asks for a longer wait than allowed', async () => {
    double.answer('read', problem(503, 'unavailable', {}, { 'retry-after': '3600' }))
    const { code, stderr } = await show(patient)
    expect(code).toBe(69)
    expect(joined(stderr)).toContain('(unavailable)')
    expect(double.seen).toHaveLength(1)
  })

  test('but not if only a newer version of the service can answer', async () => {
    double.answer('read', problem(503, 'newer-format'), ok(request()))
    const { code, stderr } = await show(patient)
    expect(code).toBe(69)
    expect(joined(stderr)).toContain('(newer-format)')
    expect(double.seen).toHaveLength(1)
  })
})

test.each([
  ['a page', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['a redirect', { status: 307, body: '', headers: { location: '/token' } }],
  ['a request without status', ok({ ...request(), status: undefined })],
  ['a status that does not exist', ok(request({ status: 'maybe' }))],
  ['another request', ok(request({ id: '01kaqz3v8m0000000000000001-07' }))],
  ['a malformed id', ok(request({ id: '../health' }))],
  ['JSON with a doubled key', ok(`{"id":"${requestId}","id":"${requestId}"}`)],
  ['an endless answer', ok(request({ reason: 'x'.repeat(2_000_000) }))],
  ['nothing', { status: 404, body: '', headers: { 'content-type': 'text/plain' } }],
])('%s instead of an answer ends with 69', async (_what, reply) => {
  double.answer('read', reply)
  expect(await show()).toMatchObject({ code: 69, stdout: '' })
  expect(double.seen).toHaveLength(1)
})

test('an unreachable service is named', async () => {
  const closed = await portThatIsClosed()
  const { code, stderr } = await show({ COUNTERSIGN_URL: `http://127.0.0.1:${closed}` })
  expect(code).toBe(69)
  expect(joined(stderr)).toMatch(new RegExp(`${closed}.*ECONNREFUSED`))
})

test('the address may have a path', async () => {
  for (const path of ['/', '/behind/a/gateway', '/behind/a/gateway/'])
    await show({ COUNTERSIGN_URL: `${double.url}${path}` })
  expect(double.seen.map((seen) => seen.path)).toEqual([
    `/api/requests/${requestId}`,
    `/behind/a/gateway/api/requests/${requestId}`,
    `/behind/a/gateway/api/requests/${requestId}`,
  ])
})

async function portThatIsClosed(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
