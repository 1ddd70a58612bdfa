import { KeyObject } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { Problem } from '../../src/core/data/problem.ts'
import { type Caller, callers, type CallerSettings } from '../../src/http/caller.ts'
import { type Answer, type Double, startDouble } from '../support/double.ts'
import { faultOf } from '../../src/runtime/log.ts'
import { publiclySigned, unsigned } from '../support/forgedTokens.ts'

const tenantId = '11111111-1111-4111-8111-111111111111'
const audience = '22222222-2222-4222-8222-222222222222'
const appId = 'a0000000-0000-4000-8000-000000000001'
const agentId = 'b0000000-0000-4000-8000-000000000001'
const personId = 'c0000000-0000-4000-8000-000000000001'
const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`

let ours: KeyPair
let next: KeyPair
let strangers: KeyPair
let published: readonly KeyPair[]
let trouble: Answer | null
let server: Double

beforeAll(async () => {
  ours = await keyPair('one')
  next = await keyPair('two')
  strangers = await keyPair('one')
})

beforeEach(async () => {
  published = [ours]
  trouble = null
  server = await startDouble(() => trouble ?? { status: 200, body: { keys: published.map(({ jwk }) => jwk) } })
})

afterEach(() => server.close())

test('an agent is known by its object id, its application and its roles', async () => {
  const roles = ['Actions.Request', 'Grants.Redeem']
  expect(await call(await token(agent({ roles })))).toEqual({ kind: 'agent', id: agentId, appId, roles })
})

test('an agent without a role is a caller without roles: the routes refuse it', async () => {
  expect(await call(await token(agent()))).toMatchObject({ kind: 'agent', roles: [] })
})

test('a person is known by their object id, name and roles', async () => {
  const roles = ['Evidence.Read']
  expect(await call(await token(person({ roles })))).toEqual({
    ...{ kind: 'person', id: personId, name: 'Dana', roles },
    ...{ client: appId, agentic: false, contexts: [] },
  })
})

test.each<[string, unknown, readonly string[]]>([
  ['one', ['c1'], ['c1']],
  ['several', ['c1', 'c25', 'c99'], ['c1', 'c25', 'c99']],
  ['none', undefined, []],
  ['not in a list', 'c1', []],
  ['beside others of Entra', ['p1', 'urn:user:registersecurityinfo', 'c1', 'urn:microsoft:req1'], ['c1']],
  ['that are none', ['c0', 'c100', 'C1', 'c01', 'c1 c2', ' c1'], []],
  ['beside a number', ['c1', 1], ['c1']],
])(
  'authentication contexts are what the person has met; what Entra does not send is none: %s',
  async (_what, acrs, contexts) => {
    expect(await call(await token(person({ acrs })))).toMatchObject({ kind: 'person', contexts })
  },
)

test.each<[string, unknown]>([
  ['none', undefined],
  ['of people and applications', '3 9'],
  ['whose digits are in others', '111 1 3 130'],
  ['separated by commas', '3, 9,1'],
  ['in a list', ['3', '9']],
  ['of numbers', [3, 9]],
  ['one number', 3],
  ['empty', ''],
])('facets without an agent change nothing: %s', async (_what, facets) => {
  const claims = { xms_act_fct: facets, xms_sub_fct: facets, xms_tnt_fct: '3 11' }
  expect(await call(await token(person(claims)))).toMatchObject({ kind: 'person', agentic: false })
})

// https://learn.microsoft.com/entra/agent-id/agent-token-claims
test.each<[string, Claims]>([
  ['an agent identity acts', { xms_act_fct: '11' }],
  ['an agent identity acts, among other facets', { xms_act_fct: '3 9 11' }],
  ['an agent identity acts, by commas', { xms_act_fct: '3,11' }],
  ['an agent identity acts, by tabs', { xms_act_fct: '3\t11' }],
  ['an agent identity acts, in a list', { xms_act_fct: ['3', '11'] }],
  ['an agent identity acts, in a list of texts of several', { xms_act_fct: ['3 11'] }],
  ['an agent identity acts, as a number', { xms_act_fct: 11 }],
  ['an agent identity acts, with a zero before', { xms_act_fct: '011' }],
  ["an agent's account acts", { xms_act_fct: '13' }],
  ["an agent's account is the subject", { xms_sub_fct: '13 3' }],
  ['an agent identity is the subject', { xms_sub_fct: [9, 11] }],
  ['the application has a parent', { xms_par_app_azp: appId }],
  ['the application has a parent that is null', { xms_par_app_azp: null }],
  ['another acts (RFC 8693)', { act: { sub: agentId } }],
  ['facets are null', { xms_act_fct: null }],
  ['facets are an object', { xms_act_fct: { value: 3 } }],
  ['facets are true', { xms_sub_fct: true }],
  ['facets are words', { xms_sub_fct: 'AgentIDUser' }],
  ['facets are no whole numbers', { xms_sub_fct: [11.5] }],
  ['facets are negative', { xms_sub_fct: '-3' }],
  ['facets are lists of lists', { xms_sub_fct: [['3']] }],
])("a token is marked as an agent's if %s", async (_what, claims) => {
  expect(await call(await token(person(claims)))).toMatchObject({ kind: 'person', agentic: true })
})

test("facets of an agent do not change an agent's token", async () => {
  const claims = { xms_act_fct: '3 9 11', xms_sub_fct: '9 3 11', xms_par_app_azp: audience }
  expect(await call(await token(agent(claims)))).toEqual({ kind: 'agent', id: agentId, appId, roles: [] })
})

test('a person whose token has no name is named by their id', async () => {
  expect(await call(await token(person({ name: undefined })))).toMatchObject({ name: personId })
})

test('ids are in lower case, whatever case the token has', async () => {
  expect(await call(await token(agent({ oid: agentId.toUpperCase() })))).toMatchObject({ id: agentId })
})

test.each<[string, Claims, Caller['kind']]>([
  ['an application', agent({ idtyp: undefined, sub: agentId }), 'agent'],
  ['a person', person({ idtyp: undefined }), 'person'],
])('without idtyp the scope decides: %s', async (_who, claims, kind) => {
  expect(await call(await token(claims))).toMatchObject({ kind })
})

test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('typ %s is an access token', async (typ) => {
  expect(await call(await token(agent(), { typ }))).toMatchObject({ id: agentId })
})

test.each<[string, Claims]>([
  ['another audience', agent({ aud: appId })],
  ['the audience as a URI', agent({ aud: `api://${audience}` })],
  ['our audience among others', agent({ aud: [audience, appId] })],
  ['no audience', agent({ aud: undefined })],
  ['another issuer', agent({ iss: issuer.replace(tenantId, appId) })],
  ['an issuer that begins like ours', agent({ iss: `${issuer}/` })],
  ['no issuer', agent({ iss: undefined })],
  ['another tenant', agent({ tid: appId })],
  ['no tenant', agent({ tid: undefined })],
  ['version 1.0', agent({ ver: '1.0', azp: undefined, appid: appId })],
  ['version 1.0 with the claims of 2.0', agent({ ver: '1.0' })],
  ['no version', agent({ ver: undefined })],
  ['no object id', agent({ oid: undefined })],
  ['a malformed object id', agent({ oid: 'root' })],
  ['no application', agent({ azp: undefined })],
  ['a malformed application id', person({ azp: 'root' })],
  ['roles that are no list', agent({ roles: 'Actions.Request' })],
  ['roles that are no text', agent({ roles: [1] })],
  ['an expiry long past', agent({ exp: seconds(-3600) })],
  ['an expiry beyond the tolerance', agent({ exp: seconds(-75) })],
  ['no expiry', agent({ exp: undefined })],
  ['a beginning beyond the tolerance', agent({ nbf: seconds(75) })],
  ['a scope and the type app', agent({ scp: 'access_as_user' })],
  ['the type user without a scope', person({ scp: undefined, sub: personId })],
  ['another scope', person({ scp: 'User.Read' })],
  ['a scope that contains ours', person({ scp: 'no_access_as_user' })],
  ['an empty scope', person({ scp: '' })],
  ['an unknown type', person({ idtyp: 'device' })],
  ['a name that is no text', person({ name: 7 })],
  ['what an id_token has: no application', { ...idToken(), azp: undefined, nonce: undefined, sub: personId }],
  ['what an id_token has: a person as its subject', { ...idToken(), nonce: undefined }],
  ['what an id_token has: a nonce', { ...idToken(), sub: personId }],
  ['what an id_token has: at_hash', agent({ at_hash: 'x' })],
  ['what an id_token has: c_hash', agent({ c_hash: 'x' })],
])('a token is refused that has %s', async (_fault, claims) => {
  await expectRefused(await token(claims))
})

test.each<[string, Claims]>([
  ['an expiry', agent({ exp: seconds(-30) })],
  ['a beginning', agent({ nbf: seconds(30) })],
])('clocks may differ by a minute: %s', async (_what, claims) => {
  expect(await call(await token(claims))).toMatchObject({ id: agentId })
})

test.each<[string, Record<string, unknown>]>([
  ['no typ', { typ: undefined }],
  ['a typ that is no text', { typ: 1 }],
  ['the typ of a grant', { typ: 'countersign-grant+jwt' }],
  ['the typ of a logout token', { typ: 'logout+jwt' }],
  ['an extension we do not know', { crit: ['exp'], exp: 1 }],
  ['an unknown key', { kid: 'three' }],
  ['a path as the key', { kid: '../one' }],
])('a header is refused that has %s', async (_fault, header) => {
  await expectRefused(await token(agent(), header))
})

test('a key inside the token is not used', async () => {
  const { jwk } = strangers
  const url = `${server.origin}/theirs`
  await expectRefused(await token(agent(), { kid: 'theirs', jwk, jku: url, x5u: url }, strangers))
  expect(server.received.map(({ path }) => path)).toEqual(['/keys'])
})

test('a signature by another key of the same name is refused', async () => {
  await expectRefused(await token(agent(), {}, strangers))
})

test('claims are refused that were changed after signing', async () => {
  const [header, , signature] = (await token(agent())).split('.')
  await expectRefused(`${header}.${encode(agent({ oid: personId }))}.${signature}`)
})

test.each(['none', 'None', 'NONE'])('a token without signature is refused: alg %s', async (alg) => {
  for (const token of unsigned(alg, 'one', agent())) await expectRefused(token)
})

test('HS256 with the public key as its secret is refused', async () => {
  const tokens = publiclySigned(KeyObject.from(ours.publicKey), 'one', agent())
  for (const token of tokens) await expectRefused(token)
})

test('an RSA signature other than RS256 is refused', async () => {
  const { privateKey, publicKey } = await generateKeyPair('PS256')
  published = [{ privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid: 'one' } }]
  const pss = await new SignJWT(agent()).setProtectedHeader({ alg: 'PS256', typ: 'JWT', kid: 'one' }).sign(privateKey)
  await expectRefused(pss)
})

test.each([
  ['nothing', null],
  ['an empty text', ''],
  ['the scheme alone', 'Bearer'],
  ['another scheme', 'Basic YTpi'],
  ['no token', 'Bearer '],
  ['two parts', 'Bearer e30.e30'],
  ['five parts', 'Bearer e30.e30.e30.e30.e30'],
  ['two tokens', 'Bearer e30.e30.e30, Bearer e30.e30.e30'],
  ['parts that are no base64url', 'Bearer a+b.e30.e30'],
  ['parts that are no JSON', 'Bearer AAAA.BBBB.CCCC'],
  ['parts that are no objects', 'Bearer W10.W10.W10'],
  ['an unpaired surrogate', 'Bearer \ud800.e30.e30'],
])('a header is refused that holds %s', async (_what, authorization) => {
  const problem = await problemOf(callers(settings())(authorization))
  expect(problem.code).toBe('unauthenticated')
  expect(server.received).toEqual([])
})

test('a token of 20 KB is refused before anything else, even if it is valid', async () => {
  await expectRefused(await token(agent({ padding: 'x'.repeat(20_000) })))
  expect(server.received).toEqual([])
})

test.each<[string, readonly (() => string | null | Promise<string>)[]]>([
  ['none', [() => null, () => '', () => 'Basic YTpi']],
  ['unreadable', [() => 'Bearer', () => 'Bearer x', () => 'Bearer AAAA.BBBB.CCCC']],
  ['expired', [async () => `Bearer ${await token(agent({ exp: seconds(-3600) }))}`]],
  [
    'foreign',
    [
      async () => `Bearer ${await token(agent({ aud: appId }))}`,
      async () => `Bearer ${await token(agent({ tid: appId }))}`,
      async () => `Bearer ${await token(agent({ iss: 'https://elsewhere.example' }))}`,
      async () => `Bearer ${await token(agent({ roles: 7 }))}`,
      async () => `Bearer ${await token(agent(), { kid: 'three' })}`,
      async () => `Bearer ${await token(agent(), {}, strangers)}`,
      // Only the issuer's own tokens are called expired.
      async () => `Bearer ${await token(agent({ exp: seconds(-3600) }), {}, strangers)}`,
      async () => `Bearer ${await token(person({ idtyp: 'app' }))}`,
    ],
  ],
])('a caller learns one of four faults of a token and nothing else: %s', async (fault, made) => {
  const problems = await Promise.all(made.map(async (header) => problemOf(callers(settings())(await header()))))
  expect(problems.map(({ details }) => details.token)).toEqual(made.map(() => fault))
  expect(new Set(problems.map(({ message }) => message)).size).toBe(1)
})

const canary = 'canary-7a31'

test.each<[string, () => Promise<string>]>([
  ['aud', () => token(agent({ aud: canary }))],
  ['iss', () => token(agent({ iss: canary }))],
  ['tid', () => token(agent({ tid: canary }))],
  ['ver', () => token(agent({ ver: canary }))],
  ['oid', () => token(agent({ oid: canary }))],
  ['azp', () => token(agent({ azp: canary }))],
  ['exp', () => token(agent({ exp: seconds(-3600) }))],
  ['nbf', () => token(agent({ nbf: seconds(3600) }))],
  ['iat', () => token(agent({ iat: canary }))],
  ['idtyp', () => token(agent({ idtyp: canary }))],
  ['idtyp', () => token(person({ idtyp: 'app' }))],
  ['scp', () => token(person({ scp: canary }))],
  ['scp', () => token(person({ scp: undefined, sub: canary }))],
  ['roles.1', () => token(agent({ roles: [canary, 7] }))],
  ['typ', () => token(agent(), { typ: canary })],
  ['kid', () => token(agent(), { kid: canary })],
  ['signature', () => token(agent(), {}, strangers)],
  ['alg', async () => publiclySigned(KeyObject.from(ours.publicKey), 'one', agent())[0] ?? ''],
  ['token', async () => `${canary}.${canary}.${canary}`],
  ['token', async () => canary],
])('the log names what of a token was refused, and not what it says: %s', async (claim, made) => {
  const problem = await problemOf(call(await made()))
  expect(problem).toMatchObject({ code: 'unauthenticated', details: { claim } })
  expect(JSON.stringify([faultOf(problem), problem.message])).not.toContain(canary)
})

test('a new key is found, and the one before it still counts', async () => {
  const caller = callers(settings({ cooldown: 0 }))
  expect(await caller(`Bearer ${await token(agent())}`)).toMatchObject({ id: agentId })
  published = [next, ours]
  expect(await caller(`Bearer ${await token(agent(), { kid: 'two' }, next)}`)).toMatchObject({ id: agentId })
  expect(await caller(`Bearer ${await token(agent())}`)).toMatchObject({ id: agentId })
  expect(server.received).toHaveLength(2)
})

describe('over time', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: allButDate }))
  afterEach(() => void jest.useRealTimers())

  test('a withdrawn key counts for at most an hour', async () => {
    const caller = callers(settings())
    const bearer = async () => `Bearer ${await token(agent())}`
    expect(await caller(await bearer())).toMatchObject({ id: agentId })
    published = [next]
    jest.setSystemTime(Date.now() + 3_599_000)
    expect(await caller(await bearer())).toMatchObject({ id: agentId })
    jest.setSystemTime(Date.now() + 1_000)
    await expectUnauthenticated(caller(await bearer()))
  })

  test('no caller is let in once the key server has failed for an hour, until it is back', async () => {
    const caller = callers(settings({ cooldown: 0 }))
    await caller(`Bearer ${await token(agent())}`)
    trouble = { status: 503 }
    jest.setSystemTime(Date.now() + 3_599_000)
    expect(await caller(`Bearer ${await token(agent())}`)).toMatchObject({ id: agentId })
    jest.setSystemTime(Date.now() + 1_000)
    const late = `Bearer ${await token(agent())}`
    expect(await problemOf(caller(late))).toMatchObject({ code: 'unavailable', details: { retryAfter: 5 } })
    trouble = null
    expect(await caller(late)).toMatchObject({ id: agentId })
  })
})

test('a flood of unknown keys asks the key server once', async () => {
  const caller = callers(settings())
  const flood = await Promise.all(Array.from({ length: 50 }, (_, i) => token(agent(), { kid: `unknown-${i}` })))
  await Promise.all(flood.slice(25).map(async (each) => expectUnauthenticated(caller(`Bearer ${each}`))))
  for (const each of flood.slice(0, 25)) await expectUnauthenticated(caller(`Bearer ${each}`))
  expect(await caller(`Bearer ${await token(agent())}`)).toMatchObject({ id: agentId })
  expect(server.received).toHaveLength(1)
})

test.each<[string, Answer]>([
  ['fails', { status: 500 }],
  ['redirects', { status: 302, headers: { location: '/elsewhere' } }],
  ['drops the connection', 'reset'],
  ['does not answer', 'hang'],
  ['answers something else', { status: 200, body: '<html>' }],
  ['answers no keys', { status: 200, body: { keys: 'none' } }],
])('a caller gets a passing error while the key server %s', async (_how, answer) => {
  const good = `Bearer ${await token(agent())}`
  const caller = callers(settings({ cooldown: 0, timeout: 500 }))
  trouble = answer
  expect(await problemOf(caller(good))).toMatchObject({ code: 'unavailable', details: { retryAfter: 5 } })
  trouble = null
  expect(await caller(good)).toMatchObject({ id: agentId })
})

test('no caller is let in without a key server', async () => {
  await server.close()
  expect((await problemOf(call(await token(agent())))).code).toBe('unavailable')
})

test('a failing key server is not asked again for a while', async () => {
  const caller = callers(settings())
  trouble = { status: 500 }
  for (let i = 0; i < 10; i++)
    expect((await problemOf(caller(`Bearer ${await token(agent())}`))).code).toBe('unavailable')
  expect(server.received).toHaveLength(1)
})

test('known keys count while the key server is down, even if other calls need unknown ones', async () => {
  const caller = callers(settings({ cooldown: 0 }))
  const good = `Bearer ${await token(agent())}`
  await caller(good)
  trouble = { status: 503 }
  expect((await problemOf(caller(`Bearer ${await token(agent(), { kid: 'three' })}`))).code).toBe('unavailable')
  expect(await caller(good)).toMatchObject({ id: agentId })
})

const allButDate = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
]

/** Right or wrong. */
type Claims = Readonly<Record<string, unknown>>

interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
}

async function keyPair(kid: string): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  // as Entra publishes them: without `alg`
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

function settings(more: Partial<CallerSettings> = {}): CallerSettings {
  return { tenantId, audience, issuers: [issuer], jwksUri: `${server.origin}/keys`, ...more }
}

function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow
}

function agent(more: Claims = {}): Claims {
  const times = { iat: seconds(-10), nbf: seconds(-10), exp: seconds(3600) }
  return {
    ...times,
    aud: audience,
    iss: issuer,
    tid: tenantId,
    ver: '2.0',
    azp: appId,
    oid: agentId,
    idtyp: 'app',
    ...more,
  }
}

function person(more: Claims = {}): Claims {
  return agent({ oid: personId, idtyp: 'user', scp: 'access_as_user', name: 'Dana', ...more })
}

function idToken(): Claims {
  return agent({
    oid: personId,
    idtyp: undefined,
    name: 'Dana',
    nonce: '123',
    sub: 'pseudonym',
    preferred_username: 'dana@contoso.test',
  })
}

async function token(claims: Claims, header: Record<string, unknown> = {}, key = ours): Promise<string> {
  const all = { alg: 'RS256', typ: 'JWT', kid: 'one', ...header }
  return new SignJWT(claims).setProtectedHeader(all).sign(key.privateKey, { crit: { exp: true } })
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const call = (text: string) => callers(settings())(`Bearer ${text}`)

async function expectRefused(text: string): Promise<void> {
  await expectUnauthenticated(call(text))
}

async function expectUnauthenticated(result: Promise<Caller>): Promise<void> {
  expect((await problemOf(result)).code).toBe('unauthenticated')
}

async function problemOf(result: Promise<unknown>): Promise<Problem> {
  const thrown: unknown = await result.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (thrown instanceof Problem) return thrown
  throw new Error('There was no problem.', { cause: thrown })
}
