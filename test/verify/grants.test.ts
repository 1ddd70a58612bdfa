import { execFileSync } from 'node:child_process'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { checkGrants, grantKeysIn, type KeptGrant, readGrant } from '../../src/verify/grants.ts'
import { claims, votes } from '../support/world.ts'
import { brokenCode } from '../core/log/logKey.ts'
import { asked, day } from '../evidence/days.ts'
import { dates, type Sealed, sealedDays } from './days.ts'

let days: Sealed
let token: string
let bundles: readonly string[]
let pair: Awaited<ReturnType<typeof generateKeyPair>>
let jwks: string

const redemption = '00000000-0000-4000-8000-000000000001'

beforeAll(async () => {
  days = await sealedDays(async (world) => {
    const { request } = await world.approvals.ask(asked('06'))
    const approved = await world.approvals.decide(request.id, votes(request))
    token = (await claims(world, approved, redemption)).grant
  })
  pair = await generateKeyPair('ES256', { extractable: true })
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', use: 'sig' }] })
  bundles = await Promise.all(dates.map((date) => days.file(date)))
})
afterAll(() => days.place.clean())

const at7 = day(7)

/** What the service's own grant says, signed by the key of this test. */
function grantOf(change: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = pair.privateKey) {
  const said = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  return new SignJWT({ ...said, ...change })
    .setProtectedHeader({ alg: 'ES256', typ: 'countersign-grant+jwt', kid: 'k', ...header })
    .sign(key)
}

const keys = () => grantKeysIn(jwks) ?? new Map()

test('a grant of an approval in the log is found, even after it expired', async () => {
  const grant = readGrant(await grantOf(), keys(), 'a.jws')
  await checkGrants(bundles, [grant, { ...grant, place: 'b.jws' }])
})

test('a grant that the service signed is read with its published keys', async () => {
  const own = JSON.stringify({ keys: (await days.world.signer.keys()).map((key) => ({ ...key, use: 'sig' })) })
  const grant = readGrant(token, grantKeysIn(own) ?? new Map(), 'a.jws')
  await checkGrants(bundles, [grant])
})

test('a grant that openssl signed is read', () => {
  const { place } = days
  const pem = place.write('grant.pem', execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout']))
  const der = execFileSync('openssl', ['ec', '-in', pem, '-pubout', '-outform', 'DER'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const point = der.subarray(-64)
  const [x, y] = [point.subarray(0, 32), point.subarray(32)].map((half) => Buffer.from(half).toString('base64url'))
  const [, body = ''] = token.split('.')
  const header = { alg: 'ES256', typ: 'countersign-grant+jwt', kid: 'openssl' }
  const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${body}`
  const signature = execFileSync('openssl', ['dgst', '-sha256', '-sign', pem], { input })
  const numbers = [...integers(signature)].map((number) =>
    Buffer.from(number).toString('hex').padStart(64, '0').slice(-64),
  )
  const raw = Buffer.from(numbers.join(''), 'hex').toString('base64url')
  const set = grantKeysIn(JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x, y, kid: 'openssl' }] }))
  expect(readGrant(`${input}.${raw}`, set ?? new Map(), 'a.jws').place).toBe('a.jws')
})

/** The two numbers of a signature in DER. */
function* integers(der: Buffer): Generator<Buffer> {
  for (let i = 2; i < der.length; ) {
    const size = der[i + 1] ?? 0
    yield der.subarray(i + 2, i + 2 + size)
    i += 2 + size
  }
}

test.each<[string, () => Promise<string> | string, string]>([
  ['a text', () => 'grant', 'bad-grant'],
  ['another token', () => grantOf({}, { typ: 'JWT' }), 'bad-grant'],
  ['a fourth part', async () => `${await grantOf()}.x`, 'bad-grant'],
  ['a malformed request', () => grantOf({ jti: 'x' }), 'bad-grant'],
  ['no event', () => grantOf({ event: null }), 'bad-grant'],
  ['a key that was not given', () => grantOf({}, { kid: 'other' }), 'wrong-key'],
  [
    'the signature of another',
    async () => grantOf({}, {}, (await generateKeyPair('ES256')).privateKey),
    'bad-signature',
  ],
  ['no signature', async () => (await grantOf()).replace(/[^.]*$/, ''), 'bad-signature'],
  [
    'another body',
    async () => (await grantOf()).replace(/\.[^.]*\./, `.${Buffer.from('{}').toString('base64url')}.`),
    'bad-signature',
  ],
])('a token with %s is refused', async (_what, make, code) => {
  const text = await make()
  expect(brokenCode(() => readGrant(text, keys(), 'a.jws'))).toBe(code)
})

describe('the log must contain', () => {
  const codeIn = (grant: KeptGrant, files = bundles) =>
    checkGrants(files, [grant]).then(
      () => 'holds',
      (cause: { readonly code: string }) => cause.code,
    )
  const kept = async (change: Record<string, unknown> = {}) => readGrant(await grantOf(change), keys(), 'a.jws')

  test('the event that a grant names', async () => {
    expect(await codeIn(await kept())).toBe('holds')
    expect(await codeIn(await kept({ event: 'a'.repeat(64) }))).toBe('unlogged-grant')
  })

  test('the event in one of the given bundles', async () => {
    const others = await Promise.all(dates.filter((date) => date !== at7).map((date) => days.file(date)))
    expect(await codeIn(await kept(), others)).toBe('unlogged-grant')
  })

  test('an approval of this very request', async () => {
    expect(await codeIn(await kept({ jti: '01jg0000000000000000000000-06' }))).toBe('unlogged-grant')
    const { request, events } = await days.world.approvals
      .list(
        { by: 'agent', id: '00000000-0000-4000-8000-000000000001' as never },
        { keep: () => true, limit: 1 },
        { kind: 'person', id: '' as never, evidence: true },
      )
      .then(({ requests: [one] }) => ({ request: one?.id, events: one?.events }))
    expect(await codeIn(await kept({ jti: request, event: events?.[0]?.hash }))).toBe('unlogged-grant')
  })
})

test.each([
  ['no JSON', '{'],
  ['no list', '{}'],
  ['an empty list', '{"keys":[]}'],
  ['a key of another kind', '{"keys":[{"kty":"RSA","kid":"k"}]}'],
  ['a point that is on no curve', '{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"k"}]}'],
  ['a key without a name', '{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}'],
])('a key set with %s is refused', (_what, text) => {
  expect(grantKeysIn(text)).toBeNull()
})
