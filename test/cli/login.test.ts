import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { apiAppId, signInAppId } from '../../src/local/accounts.ts'
import { type Identity, startIdentity } from '../../src/local/identity.ts'
import { browser } from '../support/browser.ts'
import { type Double as Server, startDouble as startServer } from '../support/double.ts'
import { someOf } from '../support/whole.ts'
import { type Double, ok, problem, requestId, startDouble, viewed } from './double.ts'
import { macOS, standIns } from './keyrings.ts'
import { buildProgram, type Ended, joined, type Program } from './program.ts'

let program: Program
let identity: Identity
let service: Double
let tools: string
let calls: string
let kept: string

beforeAll(async () => {
  program = await buildProgram()
  tools = standIns(program.folder)
  ;[calls, kept] = [join(program.folder, 'calls'), join(program.folder, 'kept')]
  identity = await startIdentity({ port: 0, dataDir: program.folder, failed: console.error })
  service = await startDouble()
})
afterAll(async () => {
  await Promise.all([identity.close(), service.end()])
  program.end()
})
afterEach(() => {
  service.reset()
  for (const file of [calls, kept]) rmSync(file, { force: true })
})

type Env = Readonly<Record<string, string>>

/** Where there is a keyring and a browser. */
const here = (more: Env = {}): Env => ({
  ...{ PATH: `${tools}:${process.env['PATH'] ?? ''}`, CALLS: calls, KEPT: kept },
  ...{ COUNTERSIGN_URL: service.url, COUNTERSIGN_AUTHORITY: identity.issuer, COUNTERSIGN_LOGIN_CLIENT: signInAppId },
  ...{ COUNTERSIGN_SCOPE: `${apiAppId}/access_as_user`, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
  ...more,
})

const without = (env: Env, ...names: readonly string[]): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))

/** Runs the program, and does something with the address that it shows. */
async function run(args: readonly string[], env: Env, visit?: (url: string) => Promise<unknown>): Promise<Ended> {
  let visited: Promise<unknown> = Promise.resolve()
  const ended = await program.run(args, {
    env,
    started({ stderr }) {
      let shown = ''
      stderr?.on('data', (text: string) => {
        const before = shown
        shown += text
        const [, url] = /^ {2}(http\S+)\n/m.exec(shown) ?? []
        if (url !== undefined && visit && !/^ {2}(http\S+)\n/m.test(before)) visited = visit(url)
      })
    },
  })
  await visited
  return ended
}

const as = (name: string) => async (url: string) => {
  const person = browser()
  return person.press(await person.visit(url), name)
}

const called = (name: string): readonly (readonly string[])[] =>
  (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [])
    .map((line) => JSON.parse(line) as string[])
    .flatMap(([tool, ...args]) => (tool === name ? [args] : []))

const bearers = () => service.seen.map(({ headers }) => headers.authorization)

describe.each([
  ['secret-tool', () => ({})],
  ['security', () => ({ NODE_OPTIONS: macOS(program.folder) })],
] as const)('with the keyring %s', (tool, system) => {
  test('a person signs in once, decides with the kept token, and signs out', async () => {
    const env = here(system())
    const login = await run(['login', '--json'], env, as('dba-1'))
    expect(login.code).toBe(0)
    const { login: told } = JSON.parse(login.stdout) as { login: { expiresAt: string; keyring: string } }
    expect([told.keyring, Date.parse(told.expiresAt) > Date.now() + 3_500_000]).toEqual([tool, true])

    service.answer('views', ok(viewed(service.asked())))
    service.answer('decisions', ok(service.asked({ status: 'approved', next: 'redeem' })))
    expect((await run(['approve', requestId, '--yes'], env)).code).toBe(0)
    const [bearer = ''] = bearers()
    expect(new Set(bearers())).toEqual(new Set([bearer]))
    expect(decodeJwt(bearer.replace('Bearer ', ''))).toMatchObject({ name: 'dba-1', azp: signInAppId })

    expect(JSON.parse((await run(['logout', '--json'], env)).stdout)).toMatchObject({ logout: { removed: true } })
    expect(JSON.parse((await run(['logout', '--json'], env)).stdout)).toMatchObject({ logout: { removed: false } })
    expect((await run(['approve', requestId, '--yes'], env)).code).toBe(78)
  })

  test('the token is only in the keyring, and never on a screen, on a command line or in another file', async () => {
    const { stdout, stderr } = await run(['login'], here(system()), as('dba-1'))
    const [, token = ''] = /\d+:([\w-]+\.[\w-]+\.[\w-]+)/.exec(readFileSync(kept, 'utf8')) ?? []
    expect(token).not.toBe('')
    expect(stdout + stderr + readFileSync(calls, 'utf8')).not.toContain(token)
    for (const name of await readdir(program.folder, { recursive: true })) {
      const text = await readFile(join(program.folder, name), 'utf8').catch(() => '')
      if (name !== 'kept') expect([name, text.includes(token)]).toEqual([name, false])
    }
  })

  test('a locked keyring is reported, with another way to sign in', async () => {
    const env = here({ ...system(), FAULT: 'locked' })
    const { code, stderr } = await run(['login'], env, as('dba-1'))
    expect(code).toBe(69)
    expect(joined(stderr)).toMatch(/locked object|interaction is not allowed/)
    expect(joined(stderr)).toContain('countersign login -- COMMAND')
    expect((await run(['approve', requestId, '--yes'], env)).code).toBe(69)
    expect((await run(['logout'], env)).code).toBe(69)
  })

  test('each service has its own sign-in', async () => {
    await run(['login'], here(system()), as('dba-1'))
    const other = here({ ...system(), COUNTERSIGN_URL: `${service.url}/other` })
    expect((await run(['approve', requestId, '--yes'], other)).code).toBe(78)
    await run(['login'], here(system()), as('dba-2'))
    expect(Object.keys(JSON.parse(readFileSync(kept, 'utf8')) as object)).toHaveLength(1)
  })
})

test.each(someOf(['forgetful', 'no service']))(
  'a keyring that is %s keeps no token, and the command says so',
  async (FAULT) => {
    const { code, stderr } = await run(['login'], here({ FAULT }), as('dba-1'))
    expect(code).toBe(69)
    expect(joined(stderr)).toContain('keyring')
  },
)

test('an entry of another form in the keyring is not a sign-in', async () => {
  await run(['login'], here(), as('dba-1'))
  expect((await run(['approve', requestId, '--yes'], here({ FAULT: 'garbled' }))).code).toBe(78)
})

test('a token that is too long for the keyring is reported, not cut', async () => {
  const server = await authority({ access_token: 'x'.repeat(5000) })
  const env = here({ NODE_OPTIONS: macOS(program.folder), COUNTERSIGN_AUTHORITY: server.origin })
  const { code, stderr } = await run(['login'], env, comeBack({ code: 'c' }))
  await server.close()
  expect(code).toBe(69)
  expect(joined(stderr)).toContain('too long')
  expect(existsSync(kept)).toBe(false)
})

test('an expired sign-in is not sent, and the command says so', async () => {
  const server = await authority({ expires_in: 1 })
  const env = here({ COUNTERSIGN_AUTHORITY: server.origin })
  expect((await run(['login'], env, comeBack({ code: 'c' }))).code).toBe(0)
  await server.close()
  const all = JSON.parse(readFileSync(kept, 'utf8')) as Record<string, string>
  const old = Object.entries(all).map(([key, secret]) => [
    key,
    secret.replace(/^\d+/, (at) => String(Number(at) - 100)),
  ])
  writeFileSync(kept, JSON.stringify(Object.fromEntries(old)))
  const { code, stderr } = await run(['approve', requestId, '--yes'], env)
  expect([code, service.seen]).toEqual([78, []])
  expect(joined(stderr)).toContain('expired')
  expect(joined(stderr)).toContain('countersign login')
})

test('a sign-in that the service refuses is reported in the same way', async () => {
  await run(['login'], here(), as('dba-1'))
  service.answer('views', problem(401, 'unauthenticated'))
  const { code, stderr } = await run(['approve', requestId, '--yes'], here())
  expect([code, service.seen.length]).toEqual([78, 1])
  expect(joined(stderr)).toContain('countersign login')
})

describe('a decision that takes a step-up', () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
  const proving = (name: string) => async (url: string) => {
    const person = browser()
    return person.press(await person.press(await person.visit(url), name), `Yes, I am ${name}`)
  }

  test('is not sent, and the command says how to sign in for it', async () => {
    await run(['login'], here(), as('dba-1'))
    for (const [stepUp, way] of [
      [{ claims }, `countersign login --context c1 -- countersign deny ${requestId} --reason TEXT`],
      [{ claims: '{"access_token":{"acrs":{"value":"c1; rm"}}}' }, 'decide in the console or in Teams'],
      [{ claims: 7 }, 'decide in the console or in Teams'],
    ] as const) {
      service.answer('views', ok(viewed(service.asked(), { stepUp })))
      const { code, stderr } = await run(['deny', requestId, '--reason', 'No.', '--yes'], here())
      expect([code, service.sent('decisions')]).toEqual([78, []])
      expect(joined(stderr)).toContain(way)
    }
  })

  test('that is refused for the lack of it is not sent again with another token', async () => {
    await run(['login'], here(), as('dba-1'))
    service.answer('views', ok(viewed(service.asked())))
    service.answer('decisions', problem(401, 'step-up'))
    const { code, stderr } = await run(['approve', requestId, '--yes'], here())
    expect([code, service.sent('decisions').length]).toEqual([78, 1])
    expect(joined(stderr)).toContain('(step-up)')
  })

  test('counts after a sign-in that asked for it, and no other sign-in has it', async () => {
    for (const [args, visit, acrs] of [
      [['login', '--context', 'c1'], proving('dba-1'), ['c1']],
      [['login'], as('dba-1'), undefined],
    ] as const) {
      expect((await run(args, here(), visit)).code).toBe(0)
      const [, token = ''] = /\d+:([\w-]+\.[\w-]+\.[\w-]+)/.exec(readFileSync(kept, 'utf8')) ?? []
      expect(decodeJwt(token)['acrs']).toEqual(acrs)
    }
  })

  test.each([
    [['--context', 'mfa'], 'c1 to c99'],
    [['--context', 'c1', '--device'], 'leave out --device'],
  ])('login %j is refused before it begins', async (options, words) => {
    const { code, stderr } = await run(['login', ...options], here())
    expect(code).toBe(78)
    expect(joined(stderr)).toContain(words)
    expect(called('xdg-open')).toEqual([])
  })
})

const client = { COUNTERSIGN_CLIENT_ID: 'agent', COUNTERSIGN_CLIENT_SECRET: 'secret' }

describe('credentials', () => {
  beforeEach(() => {
    service.answer('token', ok({ access_token: 'agents', token_type: 'Bearer' }))
    service.answer('read', ok(service.asked()))
    service.answer('ask', ok(service.asked(), 201))
    service.answer('decisions', ok(service.asked()))
  })
  const agents = () => here({ ...client, COUNTERSIGN_TOKEN_URL: `${service.url}/token` })
  const asking = ['ask', '--action', 'a.b', '--target', 'x', '--environment', 'e', '--reason', 'why']

  test('of the environment come first', async () => {
    await run(['login'], agents(), as('dba-1'))
    await run(['approve', requestId, '--yes'], { ...agents(), COUNTERSIGN_TOKEN: 'given' })
    await run(['show', requestId], { ...agents(), COUNTERSIGN_TOKEN: 'given' })
    expect(new Set(bearers())).toEqual(new Set(['Bearer given']))
  })

  test('of an agent cannot decide, and those of a person cannot ask', async () => {
    expect((await run(['approve', requestId, '--yes'], agents())).code).toBe(78)
    expect(service.seen).toEqual([])
    await run(['login'], agents(), as('dba-1'))
    expect((await run(asking, here())).code).toBe(78)
    expect((await run(asking, agents())).code).toBe(0)
    expect(service.seen.at(-1)?.headers.authorization).toBe('Bearer agents')
  })

  test("for show are the agent's if there are any, otherwise the person's", async () => {
    await run(['login'], agents(), as('dba-1'))
    await run(['show', requestId], agents())
    expect(bearers().at(-1)).toBe('Bearer agents')
    await run(['show', requestId], here())
    expect(bearers().at(-1)).toMatch(/^Bearer ey/)
  })
})

describe('without a keyring', () => {
  const bare = (more: Env = {}) => without(here(more), 'DBUS_SESSION_BUS_ADDRESS')

  test('login does not begin, and names another way', async () => {
    for (const env of [bare(), here({ PATH: '/nowhere' })]) {
      const { code, stderr } = await run(['login'], env)
      expect(code).toBe(78)
      expect(joined(stderr)).toContain('countersign login -- COMMAND')
    }
    expect(called('xdg-open')).toEqual([])
    expect(joined((await run(['approve', requestId, '--yes'], bare())).stderr)).toContain(
      'countersign login -- COMMAND',
    )
    expect((await run(['logout'], bare())).code).toBe(0)
  })

  test('login gives the token to one command, in its environment only, and returns its exit code', async () => {
    const script =
      'const {COUNTERSIGN_TOKEN, COUNTERSIGN_CLIENT_SECRET, SEEN} = process.env; console.log(JSON.stringify({COUNTERSIGN_TOKEN, COUNTERSIGN_CLIENT_SECRET, SEEN})); process.exit(7)'
    const args = ['login', '--', process.execPath, '-e', script]
    const { code, stdout } = await run(args, bare({ ...client, SEEN: 'yes' }), as('dba-1'))
    expect(code).toBe(7)
    const { COUNTERSIGN_TOKEN: token = '', ...rest } = JSON.parse(stdout) as Record<string, string>
    expect(rest).toEqual({ SEEN: 'yes' })
    expect(decodeJwt(token)).toMatchObject({ name: 'dba-1' })
    expect(existsSync(kept)).toBe(false)
  })

  test('login reports a missing command before the sign-in', async () => {
    expect((await run(['login', '--', 'no-such-command'], bare())).code).toBe(78)
    expect((await run(['login', '--'], bare())).code).toBe(78)
    expect(called('xdg-open')).toEqual([])
  })

  test('the bus of the session may be a socket in its folder', async () => {
    writeFileSync(join(program.folder, 'bus'), '')
    expect((await run(['login'], bare({ XDG_RUNTIME_DIR: program.folder }), as('dba-1'))).code).toBe(0)
    rmSync(join(program.folder, 'bus'))
  })
})

test('the browser gets the shown address', async () => {
  let shown = ''
  await run(['login'], here(), (url) => {
    shown = url
    return as('dba-1')(url)
  })
  expect(called('xdg-open')).toEqual([[shown]])
  const { searchParams } = new URL(shown)
  expect(Object.fromEntries(searchParams)).toMatchObject({
    ...{ response_type: 'code', code_challenge_method: 'S256', client_id: signInAppId, prompt: 'select_account' },
    redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/signed-in$/),
  })
  expect(searchParams.get('state')).toHaveLength(43)
})

describe('an answer from a browser', () => {
  let server: Server
  beforeEach(async () => {
    server = await authority({})
  })
  afterEach(() => server.close())
  const env = () => here({ COUNTERSIGN_AUTHORITY: server.origin })

  const foreign: readonly (readonly [string, Answered])[] = [
    ['of another state', { code: 'theirs', state: 'x' }],
    ['of no state', { code: 'theirs', state: null }],
    ['of another issuer', { code: 'theirs', iss: 'https://evil.example' }],
    ['of no issuer, though one is promised', { code: 'theirs', iss: null }],
    ['that says no, of another state', { error: 'access_denied', state: 'x' }],
    ['with two codes', { code: ['theirs', 'theirs'], state: 'x' }],
  ]

  test.each(someOf(foreign, ([, answer]) => Object.keys(answer).join()))(
    '%s is ignored, and the right one still counts',
    async (_what, theirs) => {
      const { code, stderr } = await run(['login'], env(), async (url) => {
        expect((await comeBack(theirs)(url)).status).toBe(400)
        expect((await comeBack({ code: 'mine' })(url)).status).toBe(200)
      })
      expect(code).toBe(0)
      expect(joined(stderr)).toContain('ignored')
      const redeemed = server.received
        .filter(({ path }) => path === '/token')
        .map(({ body }) => new URLSearchParams(body))
      expect(redeemed.map((form) => form.get('code'))).toEqual(['mine'])
      expect(redeemed[0]?.get('code_verifier')).toHaveLength(43)
    },
  )

  const ways: readonly (readonly [string, (back: URL) => Promise<Response>, number])[] = [
    ['a name that was rebound', (back) => fetch(back.href.replace('127.0.0.1', 'localhost')), 404],
    ['another path', (back) => fetch(new URL('/', back)), 404],
    ['another method', (back) => fetch(back, { method: 'POST' }), 404],
  ]

  test.each(someOf(ways))('by %s does not count', async (_how, send, status) => {
    const { code } = await run(['login'], env(), async (url) => {
      const back = new URL(new URL(url).searchParams.get('redirect_uri') ?? '')
      back.search = answerOf(url, { code: 'theirs' }).toString()
      expect((await send(back)).status).toBe(status)
      await comeBack({ code: 'mine' })(url)
    })
    expect(code).toBe(0)
  })

  const errors = [
    ['access_denied', 77],
    ['invalid_scope', 78],
    ['server_error', 69],
  ] as const

  test.each(someOf(errors))('that says %s ends with %i', async (error, expected) => {
    const { code, stderr } = await run(['login'], env(), comeBack({ error }))
    expect(code).toBe(expected)
    expect(joined(stderr)).toContain(error)
  })
})

describe('an authority that', () => {
  const answers: readonly (readonly [string, object, number])[] = [
    ['refuses the code', { status: 400, body: { error: 'invalid_grant', error_description: 'Used before.' } }, 78],
    ['answers no token', { status: 200, body: { token_type: 'Bearer' } }, 69],
    ['answers another type', { status: 200, body: { access_token: 't', token_type: 'mac' } }, 69],
    ['answers two words', { status: 200, body: { access_token: 'two words', token_type: 'Bearer' } }, 69],
    ['fails', { status: 500 }, 69],
  ]

  test.each(someOf(answers, ([, , expected]) => expected))('%s ends the login', async (_how, answer, expected) => {
    const server = await authority({}, answer)
    const { code } = await run(['login'], here({ COUNTERSIGN_AUTHORITY: server.origin }), comeBack({ code: 'c' }))
    await server.close()
    expect([code, existsSync(kept)]).toEqual([expected, false])
  })

  test.each<[string, Record<string, unknown>]>([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['no page', { authorization_endpoint: undefined }],
  ])('describes itself with %s ends the login', async (_what, described) => {
    const server = await authority({}, undefined, described)
    const { code } = await run(['login'], here({ COUNTERSIGN_AUTHORITY: server.origin }))
    await server.close()
    expect(code).toBe(69)
  })

  test('does not answer ends the login', async () => {
    const server = await authority({})
    await server.close()
    const { code, stderr } = await run(['login'], here({ COUNTERSIGN_AUTHORITY: server.origin }))
    expect(code).toBe(69)
    expect(joined(stderr)).toContain('ECONNREFUSED')
  })
})

describe('a login on another device', () => {
  const pending = { status: 400, body: { error: 'authorization_pending' } }
  const token = { status: 200, body: { access_token: 'theirs', token_type: 'Bearer', expires_in: 3600 } }

  test('shows a code and an address, and waits for the token', async () => {
    const answers = [pending, { status: 400, body: { error: 'authorization_pending' } }, token]
    const server = await authority({}, () => answers.shift() ?? token)
    const { code, stderr } = await run(['login', '--device'], here({ COUNTERSIGN_AUTHORITY: server.origin }))
    await server.close()
    // The browser of an earlier test may still be on its way.
    const opened = called('xdg-open')
      .flat()
      .filter((url) => url.startsWith(server.origin))
    expect([code, answers.length, opened]).toEqual([0, 0, []])
    expect(joined(stderr)).toContain('BCDF-GHJK')
    expect(stderr).toContain('\n  http://127.0.0.1:9/device\n')
    expect(readFileSync(kept, 'utf8')).toContain('theirs')
  })

  const errors = [
    ['access_denied', 77],
    ['authorization_declined', 77],
    ['expired_token', 75],
    ['invalid_client', 78],
  ] as const

  test.each(someOf(errors))('with %s ends with %i', async (error, expected) => {
    const server = await authority({}, { status: 400, body: { error } })
    const { code } = await run(['login', '--device'], here({ COUNTERSIGN_AUTHORITY: server.origin }))
    await server.close()
    expect([code, existsSync(kept)]).toEqual([expected, false])
  })

  test('ends with 75 when the code expires', async () => {
    const server = await authority({}, pending, {}, { expires_in: 1, interval: 1 })
    const { code } = await run(['login', '--device'], here({ COUNTERSIGN_AUTHORITY: server.origin }))
    await server.close()
    expect(code).toBe(75)
  })
})

describe('settings', () => {
  test.each([
    ['COUNTERSIGN_URL', { COUNTERSIGN_URL: '' }],
    ['COUNTERSIGN_AUTHORITY', { COUNTERSIGN_AUTHORITY: '' }],
    ['COUNTERSIGN_AUTHORITY', { COUNTERSIGN_AUTHORITY: 'http://login.example.org' }],
    ['COUNTERSIGN_TENANT', { COUNTERSIGN_TENANT: 'contoso.com' }],
    ['COUNTERSIGN_LOGIN_CLIENT', { COUNTERSIGN_LOGIN_CLIENT: '' }],
    ['COUNTERSIGN_SCOPE', { COUNTERSIGN_SCOPE: '' }],
  ])('an error names %s, as with %j', async (named, env) => {
    const { code, stderr } = await run(['login'], here(env))
    expect(code).toBe(78)
    expect(joined(stderr)).toContain(named)
  })

  test('options come before variables', async () => {
    const args = ['--authority', identity.issuer, '--client', signInAppId, '--scope', `${apiAppId}/.default`]
    const env = here({ COUNTERSIGN_AUTHORITY: 'x', COUNTERSIGN_LOGIN_CLIENT: 'x', COUNTERSIGN_SCOPE: 'x' })
    expect((await run(['login', '--url', service.url, ...args], env, as('dba-1'))).code).toBe(0)
  })
})

type Answered = Readonly<Record<string, string | readonly string[] | null>>

function answerOf(url: string, parameters: Answered): URLSearchParams {
  const { origin, searchParams } = new URL(url)
  const all = { state: searchParams.get('state') ?? '', iss: origin, ...parameters }
  return new URLSearchParams(
    Object.entries(all).flatMap(([name, value]) =>
      value === null ? [] : [value].flat().map((one): [string, string] => [name, one]),
    ),
  )
}

/** Answers in the place of the page, as a browser that is sent back would. */
const comeBack = (parameters: Answered) => (url: string) =>
  fetch(`${new URL(url).searchParams.get('redirect_uri')}?${answerOf(url, parameters).toString()}`)

/** A place to sign in that says and answers what a test wants. */
async function authority(
  token: object,
  answer: object | (() => object) = () => ({
    status: 200,
    body: { access_token: 'theirs', token_type: 'Bearer', expires_in: 3600, ...token },
  }),
  described: Record<string, unknown> = {},
  device: object = {},
): Promise<Server> {
  const server = await startServer(({ path }) => {
    if (path === '/token') return (typeof answer === 'function' ? answer() : answer) as never
    if (path === '/device')
      return {
        status: 200,
        body: {
          ...{ device_code: 'd', user_code: 'BCDF-GHJK', verification_uri: 'http://127.0.0.1:9/device' },
          ...{ expires_in: 60, interval: 0.01, ...device },
        },
      }
    return {
      status: 200,
      body: {
        issuer: server.origin,
        authorization_endpoint: `${server.origin}/authorize`,
        token_endpoint: `${server.origin}/token`,
        device_authorization_endpoint: `${server.origin}/device`,
        authorization_response_iss_parameter_supported: true,
        ...described,
      },
    }
  })
  return server
}
