import { constants, generateKeyPairSync, privateEncrypt, verify } from 'node:crypto'
import { VaultRsaKey } from '../../src/azure/rsaKey.ts'
import { codeOf } from '../support/build.ts'
import { type Answer, type Double, type Received, startDouble } from '../support/double.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const message = Buffer.from('a message')

let vault: Double
let trouble: (request: Received) => Answer | null
let jwk: object

beforeEach(async () => {
  trouble = () => null
  jwk = publicKey.export({ format: 'jwk' })
  vault = await startDouble(answer)
})

afterEach(() => vault.close())

/** Key Vault with one RSA key, as https://learn.microsoft.com/rest/api/keyvault documents it. */
function answer(request: Received): Answer {
  const troubled = trouble(request)
  if (troubled !== null) return troubled
  if (request.headers.authorization !== 'Bearer a-token')
    return {
      status: 401,
      headers: {
        'www-authenticate': 'Bearer authorization="https://login.example/t", resource="https://vault.azure.net"',
      },
    }
  const kid = `${vault.origin}/keys/github-app/v1`
  if (request.method === 'GET')
    return { status: 200, body: { key: { key_ops: ['sign'], ...jwk, kid }, attributes: { enabled: true } } }
  const { alg, value } = JSON.parse(request.body) as { readonly alg: string; readonly value: string }
  if (request.path !== '/keys/github-app/v1/sign' || alg !== 'RS256') return { status: 400 }
  return { status: 200, body: { kid, value: signed(Buffer.from(value, 'base64url')).toString('base64url') } }
}

/** RFC 8017 section 9.2, of a digest that was made before. */
function signed(digest: Buffer): Buffer {
  const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest])
  return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, info)
}

const key = (keyId = `${vault.origin}/keys/github-app`, timeout = 5_000) =>
  new VaultRsaKey({
    ...{ keyId, timeout },
    credential: { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }) },
    connection: { allowInsecureConnection: true, disableChallengeResourceVerification: true },
  })

test('a signature verifies with the public key, and the key is looked up once', async () => {
  const one = key()
  for (const bytes of [message, Buffer.from('another')])
    expect(verify('sha256', bytes, publicKey, await one.sign(bytes))).toBe(true)
  const gets = vault.received.filter(({ method, headers }) => method === 'GET' && headers.authorization !== undefined)
  expect(gets).toHaveLength(1)
})

test('a version that the setting names is the one that signs', async () => {
  await key(`${vault.origin}/keys/github-app/v1`).sign(message)
  expect(vault.received.find(({ method }) => method === 'GET')?.path).toBe('/keys/github-app/v1')
})

test.each<[string, () => void]>([
  ['it refuses', () => (trouble = () => ({ status: 403 }))],
  ['it has no such key', () => (trouble = () => ({ status: 404 }))],
  ['it hangs up', () => (trouble = () => 'reset')],
  [
    'the key is of another kind',
    () => (jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })),
  ],
])('the vault gives no signature: %s; the next try may', async (_what, spoil) => {
  const one = key()
  spoil()
  expect(await codeOf(one.sign(message))).toBe('unavailable')
  trouble = () => null
  jwk = publicKey.export({ format: 'jwk' })
  expect(verify('sha256', message, publicKey, await one.sign(message))).toBe(true)
})

test('a vault that does not answer is given up in time', async () => {
  trouble = () => 'hang'
  expect(await codeOf(key(undefined, 50).sign(message))).toBe('unavailable')
})
