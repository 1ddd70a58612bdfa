import { KeyObject, sign } from 'node:crypto'
import * as fc from 'fast-check'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { JsonObject } from '../../src/core/data/json.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { type CloudName, cloudNames, clouds } from '../../src/runtime/cloud.ts'
import { faultOf } from '../../src/runtime/log.ts'
import { gate, type GateSettings, isServiceUrl } from '../../src/teams/inbound/gate.ts'
import { type Answer, type Double, startDouble } from '../support/double.ts'
import { publiclySigned, unsigned } from '../support/forgedTokens.ts'

const tenantId = '11111111-1111-4111-8111-11111111aaaa'
const otherTenant = '99999999-9999-4999-8999-999999999999'
const botAppId = '33333333-3333-4333-8333-33333333bbbb'
const serviceUrl = `https://smba.trafficmanager.net/emea/${tenantId}/`
const issuer = 'https://api.botframework.com'
/** Stands still, so that what is just within the tolerance is so however long the tests take. */
const now = Date.parse('2026-03-04T12:00:00Z')

let teams: KeyPair
let next: KeyPair
let strangers: KeyPair
let entra: KeyPair
let published: readonly JWK[]
let trouble: Answer | null
let server: Double

beforeAll(async () => {
  teams = await keyPair('teams')
  next = await keyPair('next')
  strangers = await keyPair('teams')
  entra = await keyPair('entra')
})

beforeEach(async () => {
  jest.useFakeTimers({ now, doNotFake: allButDate })
  published = [endorsed(teams)]
  trouble = null
  server = await startDouble(() => trouble ?? { status: 200, body: { keys: published } })
})

afterEach(async () => {
  jest.useRealTimers()
  await server.close()
})

test('an invoke that Teams sends for our tenant is let in', async () => {
  expect(await outcome(await token())).toBe('let in')
})

test.each<[string, Claims, JsonObject]>([
  ['a slash at the end of the claim alone', { serviceurl: serviceUrl }, { serviceUrl: serviceUrl.slice(0, -1) }],
  ['a slash at the end of the body alone', { serviceurl: serviceUrl.slice(0, -1) }, { serviceUrl }],
  ['an expiry five minutes ago, for clocks differ', { exp: seconds(-299) }, {}],
  ['a beginning in five minutes, for clocks differ', { nbf: seconds(299) }, {}],
  ['the tenant in the channel data alone', {}, { conversation: { id: 'c' } }],
  ['the tenant in the conversation alone', {}, { channelData: {} }],
  ['the tenant in upper case', {}, { channelData: { tenant: { id: tenantId.toUpperCase() } } }],
  ['a sender of our tenant', {}, { from: { tenantId } }],
  ['no object id of its sender: that is for the parser', {}, { from: { id: '29:x' } }],
])('it is let in with %s', async (_what, claims, body) => {
  expect(await outcome(await token(claims), activity(body))).toBe('let in')
})

const agentsToken = {
  ...{ iss: `https://login.microsoftonline.com/${tenantId}/v2.0`, tid: tenantId, ver: '2.0', idtyp: 'app' },
  ...{ azp: 'a0000000-0000-4000-8000-000000000001', oid: 'b0000000-0000-4000-8000-000000000001' },
}

describe('a forged token', () => {
  test('is refused if it is the real token of an agent', async () => {
    for (const claims of [agentsToken, { ...agentsToken, iss: issuer }, {}])
      await expectRefused(await token(claims, { kid: 'entra' }, entra))
  })

  test('is refused with the claims of an agent’s token, even if Teams signed them', async () => {
    await expectRefused(await token(agentsToken))
  })

  test('is refused if it is the bot’s own token for the connector, reflected', async () => {
    const own = { iss: `https://sts.windows.net/${tenantId}/`, aud: issuer, appid: botAppId, tid: tenantId }
    await expectRefused(await token(own))
    await expectRefused(await token({ ...own, iss: issuer }))
    await expectRefused(await token({ ...own, aud: botAppId }))
    await expectRefused(await token(own, { kid: 'entra' }, entra))
  })

  test('is refused with another key of the same name', async () => {
    await expectRefused(await token({}, {}, strangers))
  })

  test('is refused with a key inside the token', async () => {
    const jwk = endorsed(strangers)
    const url = `${server.origin}/theirs`
    await expectRefused(await token({}, { kid: 'theirs', jwk, jku: url, x5u: url }, strangers))
    expect(server.received.map(({ path }) => path)).toEqual(['/keys'])
  })

  test('is refused with claims that were changed after signing', async () => {
    const [header, , signature] = (await token({ aud: otherTenant })).split('.')
    await expectRefused(`${header}.${encode(claimed())}.${signature}`)
  })

  test.each(['none', 'None', 'NONE'])('is refused without a signature: alg %s', async (alg) => {
    for (const token of unsigned(alg, 'teams', claimed())) await expectRefused(token)
  })

  test('is refused with the public key as an HS256 secret', async () => {
    const tokens = publiclySigned(KeyObject.from(teams.publicKey), 'teams', claimed())
    for (const token of tokens) await expectRefused(token)
  })

  test('is refused with an RSA signature other than RS256', async () => {
    const pss = await keyPair('pss', 'PS256')
    published = [endorsed(pss)]
    await expectRefused(await token({}, { alg: 'PS256', kid: 'pss' }, pss))
  })
})

test.each<[string, Claims]>([
  ['an expiry beyond the tolerance', { exp: seconds(-301) }],
  ['no expiry', { exp: undefined }],
  ['an expiry that is no number', { exp: '9999999999' }],
  ['a beginning beyond the tolerance', { nbf: seconds(301) }],
  ['no beginning', { nbf: undefined }],
  ['another audience', { aud: otherTenant }],
  ['our audience among others', { aud: [botAppId, otherTenant] }],
  ['our audience in a list', { aud: [botAppId] }],
  ['no audience', { aud: undefined }],
  ['another issuer', { iss: 'https://api.botframework.us' }],
  ['an issuer that begins like the right one', { iss: `${issuer}/` }],
  ['no issuer', { iss: undefined }],
  ['no service URL', { serviceurl: undefined }],
  ['the service URL under another name', { serviceurl: undefined, serviceUrl }],
  ['a service URL that is no text', { serviceurl: [serviceUrl] }],
  ['an empty service URL', { serviceurl: '' }],
  ['the service URL of another region', { serviceurl: serviceUrl.replace('emea', 'amer') }],
  ['a service URL that begins like the body’s', { serviceurl: `${serviceUrl}x` }],
  ['two slashes at the end', { serviceurl: `${serviceUrl}/` }],
])('a token is refused that has %s', async (_fault, claims) => {
  await expectRefused(await token(claims))
})

test.each<[string, string]>([
  ['http', serviceUrl.replace('https', 'http')],
  ['a port', serviceUrl.replace('.net/', '.net:8443/')],
  ['the usual port', serviceUrl.replace('.net/', '.net:443/')],
  ['a user', serviceUrl.replace('://', '://smba.trafficmanager.net@')],
  ['a neighbour of the host', 'https://evil.trafficmanager.net/'],
  ['a host above the host', 'https://trafficmanager.net/'],
  ['a host that begins like it', 'https://smba.trafficmanager.net.evil.example/'],
  ['the host as a user', 'https://smba.trafficmanager.net@evil.example/'],
  ['the host behind a backslash', 'https://evil.example\\smba.trafficmanager.net/'],
  ['a dot after the host', 'https://smba.trafficmanager.net./'],
  ['a query', `${serviceUrl}?to=evil.example`],
  ['a fragment', `${serviceUrl}#x`],
  ['a line break', `${serviceUrl}\n`],
  ['this machine', 'https://127.0.0.1/'],
  ['nothing', ''],
])('a service URL with %s is refused, even if the token has the same', async (_fault, url) => {
  await expectRefused(await token({ serviceurl: url }), activity({ serviceUrl: url }))
  expect(isServiceUrl(url, clouds.public.bots.hosts)).toBe(false)
})

test.each([serviceUrl, 'https://smba.trafficmanager.net/teams', 'https://smba.infra.gcc.teams.microsoft.com/'])(
  'a service URL of Teams is %s',
  async (url) => {
    expect(isServiceUrl(url, clouds.public.bots.hosts)).toBe(true)
    expect(await outcome(await token({ serviceurl: url }), activity({ serviceUrl: url }))).toBe('let in')
  },
)

test.each<[string, JsonObject]>([
  ['another channel', { channelId: 'webchat' }],
  ['the emulator as its channel', { channelId: 'emulator' }],
  ['the channel in capitals', { channelId: 'MsTeams' }],
  ['a service URL that is no text', { serviceUrl: [serviceUrl] }],
  ['another region than the token', { serviceUrl: serviceUrl.replace('emea', 'amer') }],
  ['another tenant in the channel data', { channelData: { tenant: { id: otherTenant } } }],
  ['another tenant in the conversation', { conversation: { id: 'c', tenantId: otherTenant } }],
  ['another tenant of the sender', { from: { tenantId: otherTenant } }],
  ['another tenant everywhere', tenants(otherTenant)],
  ['no tenant', { channelData: {}, conversation: { id: 'c' } }],
  ['an empty tenant', tenants('')],
  ['a tenant that is no text', { channelData: { tenant: { id: [tenantId] } } }],
  ['a tenant without id', { channelData: { tenant: {} } }],
  ['channel data that is no object', { channelData: tenantId }],
])('an activity with %s is refused', async (_fault, body) => {
  await expectRefused(await token(), activity(body))
})

test.each(['channelId', 'serviceUrl'])('an activity without %s is refused', async (field) => {
  const { [field]: _gone, ...rest } = activity()
  await expectRefused(await token(), rest)
})

test.each<[string, readonly unknown[] | string | undefined]>([
  ['another channel', ['webchat']],
  ['a channel whose name begins like ours', ['msteams2']],
  ['a text instead of a list', 'msteams'],
  ['no channel', []],
  ['no channel, without a list', undefined],
])('a key that is endorsed for %s does not count', async (_whom, endorsements) => {
  published = [{ ...teams.jwk, ...(endorsements !== undefined && { endorsements }) }]
  await expectRefused(await token())
})

test('only the endorsed one of many keys counts, even if another has its name', async () => {
  published = [next.jwk, strangers.jwk, endorsed(teams), { ...entra.jwk, endorsements: ['webchat'] } as JWK]
  expect(await outcome(await token())).toBe('let in')
  await expectRefused(await token({}, { kid: 'next' }, next))
  await expectRefused(await token({}, { kid: 'entra' }, entra))
  await expectRefused(await token({}, {}, strangers))
})

test.each([
  ['nothing', null],
  ['an empty text', ''],
  ['another scheme', 'Basic YTpi'],
  ['no token', 'Bearer '],
  ['two parts', 'Bearer e30.e30'],
  ['two tokens', 'Bearer e30.e30.e30, Bearer e30.e30.e30'],
  ['parts that are no JSON', 'Bearer AAAA.BBBB.CCCC'],
  ['parts that are no objects', 'Bearer W10.W10.W10'],
  ['20 KB', `Bearer e30.${'A'.repeat(20_000)}.e30`],
])('a header with %s is refused, and no key is fetched', async (_what, authorization) => {
  expect((await problemOf(gate(settings())(authorization, activity()))).code).toBe('unauthenticated')
  expect(server.received).toEqual([])
})

test("all faults get the same words, which are the service's own", async () => {
  const faults = [
    attempt('e30.e30.e30'),
    attempt(await token({ exp: seconds(-3600) })),
    attempt(await token({ aud: otherTenant })),
    attempt(await token({}, { kid: 'unknown' })),
    attempt(await token({}, {}, strangers)),
    attempt(await token(), activity(tenants(otherTenant))),
    attempt(await token({ serviceurl: 'x' })),
  ]
  const problems = await Promise.all(faults.map(problemOf))
  expect(new Set(problems.map(({ message }) => message)).size).toBe(1)
})

const canary = 'canary-5c02'

test.each<[string, Claims, JsonObject]>([
  ['aud', { aud: canary }, {}],
  ['iss', { iss: canary }, {}],
  ['exp', { exp: seconds(-3600) }, {}],
  ['nbf', { nbf: undefined }, {}],
  ['serviceurl', { serviceurl: canary }, {}],
  ['serviceurl', { serviceurl: [canary] }, {}],
  ['channelId', {}, { channelId: canary }],
  ['serviceUrl', {}, { serviceUrl: `https://${canary}.example/` }],
  ['channelData.tenant.id', {}, { channelData: { tenant: { id: canary } } }],
  ['channelData.tenant.id', {}, { channelData: {}, conversation: { id: 'c' } }],
  ['conversation.tenantId', {}, { conversation: { id: 'c', tenantId: canary } }],
  ['from.tenantId', {}, { from: { id: '29:x', tenantId: canary } }],
])('the log names what was refused, and not what it says: %s', async (claim, claims, body) => {
  const problem = await problemOf(attempt(await token(claims), activity(body)))
  expect(problem).toMatchObject({ code: 'unauthenticated', details: { claim } })
  expect(JSON.stringify([faultOf(problem), problem.message])).not.toContain(canary)
})

test.each([
  ['token', 'e30.e30'],
  ['token', 'e30.e30.e30'],
])('the log names what was refused where there is no claim: %s', async (claim, text) => {
  expect(await problemOf(attempt(text))).toMatchObject({ details: { claim } })
})

test.each([
  ['kid', { kid: canary }],
  ['signature', {}],
])('the log names the key and the signature, too: %s', async (claim, header) => {
  const problem = await problemOf(attempt(await token({}, header, claim === 'kid' ? teams : strangers)))
  expect(problem).toMatchObject({ details: { claim } })
  expect(JSON.stringify(faultOf(problem))).not.toContain(canary)
})

test.each<[CloudName, string, string]>([
  ['public', 'https://api.botframework.com', 'https://smba.trafficmanager.net/emea/'],
  ['gcc-high', 'https://api.botframework.us', 'https://smba.infra.gov.teams.microsoft.us/gcch'],
  ['dod', 'https://api.botframework.us', 'https://smba.infra.dod.teams.microsoft.us/dod'],
])('each cloud has an issuer and hosts of its own: %s', async (name, iss, url) => {
  const enter = async (cloud: CloudName): Promise<string> => {
    const pass = gate(settings({ bots: clouds[cloud].bots }))
    const signed = await token({ iss, serviceurl: url })
    return pass(`Bearer ${signed}`, activity({ serviceUrl: url })).then(
      () => 'let in',
      () => 'refused',
    )
  }
  for (const cloud of cloudNames)
    expect([cloud, await enter(cloud)]).toEqual([cloud, cloud === name ? 'let in' : 'refused'])
})

test('any signed token with any body leads to a problem of the service, and to no other error', async () => {
  const value = fc.jsonValue({ maxDepth: 2 })
  const claims = fc.dictionary(fc.constantFrom('exp', 'nbf', 'iss', 'aud', 'serviceurl', 'iat', 'x'), value)
  const parts = fc.dictionary(fc.constantFrom('channelId', 'serviceUrl', 'channelData', 'conversation', 'from'), value)
  const headers = fc.dictionary(fc.constantFrom('typ', 'kid', 'crit', 'b64', 'jwk', 'x5c'), value)
  const pass = gate(settings())
  const key = KeyObject.from(teams.privateKey)
  await fc.assert(
    fc.asyncProperty(claims, parts, headers, async (claims, parts, header) => {
      const text = `${encode({ alg: 'RS256', kid: 'teams', ...header })}.${encode(claimed(claims))}`
      const signature = sign('sha256', Buffer.from(text), key).toString('base64url')
      const result = await pass(`Bearer ${text}.${signature}`, activity(parts as JsonObject)).catch((cause: unknown) =>
        cause instanceof Problem ? cause.code : cause,
      )
      expect([undefined, 'unauthenticated']).toContain(result)
    }),
  )
})

test('a new key is found, and the one before it still counts', async () => {
  const pass = gate(settings({ cooldown: 0 }))
  await pass(`Bearer ${await token()}`, activity())
  published = [endorsed(next), endorsed(teams)]
  await pass(`Bearer ${await token({}, { kid: 'next' }, next)}`, activity())
  await pass(`Bearer ${await token()}`, activity())
  expect(server.received).toHaveLength(2)
})

test('a withdrawn key no longer counts once the keys are fetched again', async () => {
  const pass = gate(settings({ cooldown: 0 }))
  await pass(`Bearer ${await token()}`, activity())
  published = [endorsed(next)]
  await pass(`Bearer ${await token({}, { kid: 'next' }, next)}`, activity())
  expect((await problemOf(pass(`Bearer ${await token()}`, activity()))).code).toBe('unauthenticated')
})

test('2,000 tokens with unknown keys fetch the keys once, and do not keep Teams out', async () => {
  const pass = gate(settings())
  const [, payload, signature] = (await token()).split('.')
  const forged = Array.from(
    { length: 2000 },
    (_, i) => `Bearer ${encode({ alg: 'RS256', kid: `unknown-${i}` })}.${payload}.${signature}`,
  )
  const together = await Promise.all(forged.slice(1000).map((each) => problemOf(pass(each, activity()))))
  for (const each of forged.slice(0, 1000)) together.push(await problemOf(pass(each, activity())))
  expect(new Set(together.map(({ code }) => code))).toEqual(new Set(['unauthenticated']))
  expect(together).toHaveLength(2000)
  await pass(`Bearer ${await token()}`, activity())
  expect(server.received).toHaveLength(1)
})

test.each<[string, Answer]>([
  ['fails', { status: 500 }],
  ['redirects', { status: 302, headers: { location: '/elsewhere' } }],
  ['drops the connection', 'reset'],
  ['does not answer', 'hang'],
  ['answers something else', { status: 200, body: '<html>' }],
  ['answers no keys', { status: 200, body: { keys: 'none' } }],
  ['answers malformed keys', { status: 200, body: { keys: [1] } }],
])('a caller gets a passing error while the key server %s', async (_how, answer) => {
  const pass = gate(settings({ cooldown: 0, timeout: 500 }))
  const good = `Bearer ${await token()}`
  trouble = answer
  expect(await problemOf(pass(good, activity()))).toMatchObject({ code: 'unavailable', details: { retryAfter: 5 } })
  trouble = null
  await pass(good, activity())
})

test('no caller is let in without a key server', async () => {
  await server.close()
  expect((await problemOf(attempt(await token()))).code).toBe('unavailable')
})

test.each<[string, Answer]>([
  ['failing', { status: 500 }],
  ['babbling', { status: 200, body: '<html>' }],
])('a %s key server is not asked again for a while', async (_how, answer) => {
  const pass = gate(settings())
  trouble = answer
  for (let i = 0; i < 10; i++)
    expect((await problemOf(pass(`Bearer ${await token()}`, activity()))).code).toBe('unavailable')
  expect(server.received).toHaveLength(1)
})

test.each<[string, Partial<GateSettings>]>([
  ['the bot’s id', { botAppId: '' }],
  ['a bot’s id that is a GUID', { botAppId: 'countersign' }],
  ['the tenant’s id', { tenantId: '' }],
  ['a tenant’s id that is a GUID', { tenantId: 'common' }],
])('a gate cannot be made without %s', (_what, more) => {
  expect(() => gate(settings(more))).toThrow(Error)
})

test('the settings may be in capitals', async () => {
  const pass = gate(settings({ botAppId: botAppId.toUpperCase(), tenantId: tenantId.toUpperCase() }))
  await pass(`Bearer ${await token()}`, activity())
})

const allButDate = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
]

type Claims = Readonly<Record<string, unknown>>

interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
}

async function keyPair(kid: string, alg = 'RS256'): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  // as the Bot Connector publishes them: without `alg`
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

const endorsed = ({ jwk }: KeyPair): JWK => ({ ...jwk, endorsements: ['webchat', 'msteams'] }) as JWK

function settings(more: Partial<GateSettings> = {}): GateSettings {
  return { botAppId, tenantId, jwksUri: `${server.origin}/keys`, bots: clouds.public.bots, ...more }
}

function seconds(fromNow: number): number {
  return now / 1000 + fromNow
}

function claimed(more: Claims = {}): Claims {
  return { nbf: seconds(-10), exp: seconds(3600), iss: issuer, aud: botAppId, serviceurl: serviceUrl, ...more }
}

function activity(more: JsonObject = {}): JsonObject {
  return {
    type: 'invoke',
    name: 'adaptiveCard/action',
    channelId: 'msteams',
    serviceUrl,
    from: { id: '29:x', aadObjectId: 'c0000000-0000-4000-8000-000000000001' },
    ...tenants(tenantId),
    ...more,
  }
}

function tenants(id: string): JsonObject {
  return { conversation: { id: 'c', tenantId: id }, channelData: { tenant: { id } } }
}

async function token(more: Claims = {}, header: Record<string, unknown> = {}, key = teams): Promise<string> {
  const all = { alg: 'RS256', typ: 'JWT', kid: 'teams', ...header }
  return new SignJWT(claimed(more)).setProtectedHeader(all).sign(key.privateKey)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const attempt = (text: string, body = activity()) => gate(settings())(`Bearer ${text}`, body)

const outcome = (text: string, body = activity()) =>
  attempt(text, body).then(
    () => 'let in',
    (cause: unknown) => (cause instanceof Problem ? cause.code : cause),
  )

async function expectRefused(text: string, body = activity()): Promise<void> {
  expect(await outcome(text, body)).toBe('unauthenticated')
}

async function problemOf(result: Promise<unknown>): Promise<Problem> {
  const thrown: unknown = await result.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (thrown instanceof Problem) return thrown
  throw new Error('There was no problem.', { cause: thrown })
}
