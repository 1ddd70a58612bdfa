import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenCredential } from '@azure/identity'
import { VaultSigner, type VaultSettings } from '../../src/azure/signer.ts'
import { fileSigner, type FileSigner } from '../../src/local/signer.ts'
import { codeOf } from '../support/build.ts'
import { type Answer, type Double, type Received, startDouble } from '../support/double.ts'
import { someOf } from '../support/whole.ts'

/** A version of the key `grants`, as the vault has it. */
interface Version {
  readonly signer: FileSigner
  readonly attributes: {
    readonly enabled: boolean
    readonly created: number
    readonly nbf?: number
    readonly exp?: number
  }
  /** Instead of the P-256 key. */
  readonly jwk?: object
}

const message = Buffer.from('a message')
const digest = createHash('sha256').update(message).digest()

let folder: string
let versions: Map<string, Version>
let trouble: (request: Received) => Answer | null
let scopes: string[]
let vault: Double

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-vault-'))
  versions = new Map()
  trouble = () => null
  scopes = []
  vault = await startDouble(answer)
})

afterEach(async () => {
  await vault.close()
  await rm(folder, { recursive: true })
})

test('a signature verifies with the first of the keys', async () => {
  await version('v1', { created: 1 })
  await version('v2', { created: 2 })
  const signer = signerOf()
  const [key] = await signer.keys()
  const { kid, signature } = await signer.sign(digest)
  expect(kid).toBe(key?.kid)
  expect(signature).toHaveLength(64)
  const publicKey = createPublicKey({ format: 'jwk', key: { ...key } })
  expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
})

test('a key is named by its thumbprint (RFC 7638)', async () => {
  await version('v1', { created: 1 })
  const [key] = await signerOf().keys()
  const text = `{"crv":"P-256","kty":"EC","x":"${key?.x}","y":"${key?.y}"}`
  expect(key?.kid).toBe(createHash('sha256').update(text).digest('base64url'))
})

test('the vault names the resource for its token, and gets no token before', async () => {
  await version('v1', { created: 1 })
  await signerOf().keys()
  expect(vault.received[0]?.headers.authorization).toBeUndefined()
  expect(vault.received[1]?.headers.authorization).toBe('Bearer a-token')
  expect(new Set(scopes)).toEqual(new Set(['https://vault.azure.net/.default']))
})

test('a vault that names a foreign resource gets no token', async () => {
  await version('v1', { created: 1 })
  const signer = signerOf({ connection: { allowInsecureConnection: true } })
  expect(await codeOf(signer.keys())).toBe('unavailable')
  expect(vault.received.every(({ headers }) => headers.authorization === undefined)).toBe(true)
})

test('keys are newest first, over all pages, and only those that may be used', async () => {
  await version('old', { created: 1 })
  await version('disabled', { created: 5, enabled: false })
  await version('newest', { created: 4 })
  await version('future', { created: 6, nbf: Date.now() / 1000 + 3600 })
  await version('rsa', {
    created: 7,
    jwk: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
  })
  await version('p384', {
    created: 8,
    jwk: generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }),
  })
  await version('middle', { created: 3 })
  expect(await kids(signerOf())).toEqual(await Promise.all(['newest', 'middle', 'old'].map(kidOf)))
})

test('all instances agree on the order of versions of one second', async () => {
  for (const name of ['c', 'a', 'b']) await version(name, { created: 1 })
  expect(await kids(signerOf())).toEqual(await Promise.all(['a', 'b', 'c'].map(kidOf)))
})

test('a pinned version signs, and the others only verify', async () => {
  await version('v1', { created: 1 })
  await version('v2', { created: 2 })
  await version('v3', { created: 3 })
  const signer = signerOf({ keyId: `${vault.origin}/keys/grants/v2` })
  expect(await kids(signer)).toEqual(await Promise.all(['v2', 'v3', 'v1'].map(kidOf)))
  expect((await signer.sign(digest)).kid).toBe(await kidOf('v2'))
})

test('a version that is named by its thumbprint signs', async () => {
  await version('v1', { created: 1 })
  await version('v2', { created: 2 })
  const signer = signerOf()
  const [, older] = await signer.keys()
  const { kid, signature } = await signer.sign(digest, older?.kid)
  expect(kid).toBe(await kidOf('v1'))
  const publicKey = createPublicKey({ format: 'jwk', key: { ...older } })
  expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
})

test('a version that is newer than the list is found by its thumbprint', async () => {
  await version('v1', { created: 1 })
  const signer = signerOf()
  await signer.keys()
  await version('v2', { created: 2 })
  expect((await signer.sign(digest, await kidOf('v2'))).kid).toBe(await kidOf('v2'))
})

test('no other version signs in place of one that cannot', async () => {
  await version('v1', { created: 1, enabled: false })
  await version('v2', { created: 2 })
  const signer = signerOf()
  expect(await codeOf(signer.sign(digest, await kidOf('v1')))).toBe('unavailable')
  expect(await codeOf(signer.sign(digest, 'another'))).toBe('unavailable')
  expect((await signer.sign(digest)).kid).toBe(await kidOf('v2'))
})

test.each([
  ['is disabled', 'v1', { enabled: false }],
  ['is not P-256', 'v1', { jwk: { kty: 'oct' } }],
  ['does not exist', 'v3', {}],
])('a pinned version that %s signs nothing, and no other does', async (_what, pinned, more) => {
  await version('v1', { created: 1, ...more })
  await version('v2', { created: 2 })
  const signer = signerOf({ keyId: `${vault.origin}/keys/grants/${pinned}` })
  expect(await codeOf(signer.sign(digest))).toBe('unavailable')
})

test('the keys are read once', async () => {
  await version('v1', { created: 1 })
  const signer = signerOf()
  await Promise.all(Array.from({ length: 20 }, () => signer.keys()))
  await signer.sign(digest)
  await signer.sign(digest)
  const asked = vault.received.filter(({ headers }) => headers.authorization !== undefined)
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /keys/grants/versions',
    'GET /keys/grants/v1',
    'POST /keys/grants/v1/sign',
    'POST /keys/grants/v1/sign',
  ])
})

test('when a version is disabled, another one makes the next signature', async () => {
  await version('v1', { created: 1 })
  await version('v2', { created: 2 })
  const signer = signerOf()
  expect((await signer.sign(digest)).kid).toBe(await kidOf('v2'))
  await version('v2', { created: 2, enabled: false })
  expect(await codeOf(signer.sign(digest))).toBe('unavailable')
  expect((await signer.sign(digest)).kid).toBe(await kidOf('v1'))
  expect(await kids(signer)).toEqual([await kidOf('v1')])
})

const once: readonly (readonly [string, Answer])[] = [
  ['throttles', { status: 429, headers: { 'retry-after': '1' }, body: error('Throttled') }],
  ['fails', { status: 500, body: error('InternalServerError') }],
  ['drops the connection', 'reset'],
]

test.each(someOf(once))('a vault that %s once is asked again', async (_how, answerOnce) => {
  await version('v1', { created: 1 })
  const signer = signerOf()
  await signer.keys()
  const troubles = [answerOnce]
  trouble = () => troubles.shift() ?? null
  expect(await signer.sign(digest)).toMatchObject({ kid: await kidOf('v1') })
})

const always: readonly (readonly [string, Answer])[] = [
  ['throttles', { status: 429, headers: { 'retry-after': '3600' }, body: error('Throttled') }],
  ['fails', { status: 500, body: error('InternalServerError') }],
  ['refuses', { status: 403, body: error('Forbidden') }],
  ['knows no such key', { status: 404, body: error('KeyNotFound') }],
  ['drops the connection', 'reset'],
  ['does not answer', 'hang'],
  ['answers something else', { status: 200, body: '<html>' }],
]

test.each(someOf(always, ([, answer]) => typeof answer))(
  'nothing is signed while the vault %s, and afterwards it is',
  async (_how, answerAlways) => {
    await version('v1', { created: 1 })
    const signer = signerOf({ timeout: 800 })
    trouble = () => answerAlways
    expect(await codeOf(signer.keys())).toBe('unavailable')
    trouble = () => null
    const [key] = await signer.keys()
    trouble = () => answerAlways
    expect(await codeOf(signer.sign(digest))).toBe('unavailable')
    trouble = () => null
    expect((await signer.sign(digest)).kid).toBe(key?.kid)
  },
)

test('a version that could not be read is read again', async () => {
  await version('v1', { created: 1 })
  const signer = signerOf()
  trouble = ({ path }) => (path === '/keys/grants/v1' ? { status: 403, body: error('Forbidden') } : null)
  expect(await codeOf(signer.keys())).toBe('unavailable')
  trouble = () => null
  expect(await kids(signer)).toEqual([await kidOf('v1')])
})

test('nothing is signed while there is no vault, no token or no key', async () => {
  await version('v1', { created: 1, enabled: false })
  expect(await codeOf(signerOf().sign(digest))).toBe('unavailable')
  const credential: TokenCredential = { getToken: () => Promise.reject(new Error('no identity')) }
  expect(await codeOf(signerOf({ credential }).keys())).toBe('unavailable')
  await vault.close()
  expect(await codeOf(signerOf({ timeout: 1_000 }).keys())).toBe('unavailable')
})

test('bytes that are not a P-256 signature are refused', async () => {
  await version('v1', { created: 1 })
  const signer = signerOf()
  await signer.keys()
  trouble = ({ method }) => (method === 'POST' ? { status: 200, body: { kid: 'x', value: 'AAAA' } } : null)
  await expect(signer.sign(digest)).rejects.toThrow(Error)
})

test('a digest of another length is refused', async () => {
  await version('v1', { created: 1 })
  await expect(signerOf().sign(new Uint8Array(48))).rejects.toThrow(Error)
})

test.each([
  '',
  'grants',
  'https://v.vault.azure.net/keys/',
  'https://v.vault.azure.net/keys/grants/',
  'https://v.vault.azure.net/secrets/grants',
])('a malformed key id is refused: %s', (keyId) => {
  expect(() => signerOf({ keyId })).toThrow(Error)
})

function signerOf(more: Partial<VaultSettings> = {}): VaultSigner {
  const credential: TokenCredential = {
    async getToken(scope) {
      scopes.push(...[scope].flat())
      return { token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }
    },
  }
  const connection = { allowInsecureConnection: true, disableChallengeResourceVerification: true }
  return new VaultSigner({ keyId: `${vault.origin}/keys/grants`, credential, connection, ...more })
}

async function version(
  name: string,
  { jwk, enabled = true, ...times }: Partial<Version> & Partial<Version['attributes']> & { created: number },
): Promise<void> {
  const signer = await fileSigner(join(folder, `${name}.pem`))
  versions.set(name, { signer, attributes: { enabled, ...times }, ...(jwk === undefined ? {} : { jwk }) })
}

const kids = async (signer: VaultSigner) => (await signer.keys()).map(({ kid }) => kid)
const kidOf = async (name: string) => (await versions.get(name)?.signer.keys())?.[0]?.kid

function error(code: string) {
  return { error: { code, message: `${code}.` } }
}

/** https://learn.microsoft.com/rest/api/keyvault/keys: list versions (two to a page), get, sign. */
async function answer(request: Received): Promise<Answer> {
  const troubled = trouble(request)
  if (troubled !== null) return troubled
  if (request.headers.authorization !== 'Bearer a-token')
    return {
      status: 401,
      headers: {
        'www-authenticate':
          'Bearer authorization="https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111", ' +
          'resource="https://vault.azure.net"',
      },
      body: error('Unauthorized'),
    }
  const [, collection, name, wanted = '', operation] = request.path.split('/')
  if (collection !== 'keys' || name !== 'grants') return { status: 404, body: error('KeyNotFound') }
  if (wanted === 'versions') return listed(Number(request.query.get('$skiptoken') ?? 0))
  const found = versions.get(wanted)
  if (found === undefined) return { status: 404, body: error('KeyNotFound') }
  return operation === 'sign' ? signed(request, found) : got(wanted, found)
}

const idOf = (name: string) => `${vault.origin}/keys/grants/${name}`

function listed(skip: number): Answer {
  const all = [...versions].map(([name, { attributes }]) => ({ kid: idOf(name), attributes }))
  const nextLink = skip + 2 < all.length ? `${idOf('versions')}?api-version=7.6&$skiptoken=${skip + 2}` : null
  return { status: 200, body: { value: all.slice(skip, skip + 2), nextLink } }
}

async function got(name: string, { signer, attributes, jwk }: Version): Promise<Answer> {
  const [publicKey] = await signer.keys()
  const key = { key_ops: ['sign', 'verify'], ...publicKey, ...jwk, kid: idOf(name) }
  return { status: 200, body: { key, attributes } }
}

async function signed({ method, body, path }: Received, { signer, attributes }: Version): Promise<Answer> {
  if (!attributes.enabled) return { status: 403, body: error('Forbidden') }
  const { alg, value } = JSON.parse(body) as { alg: string; value: string }
  if (method !== 'POST' || alg !== 'ES256') return { status: 400, body: error('BadParameter') }
  const { signature } = await signer.sign(Buffer.from(value, 'base64url'))
  const kid = `${vault.origin}${path.replace(/\/sign$/, '')}`
  return { status: 200, body: { kid, value: Buffer.from(signature).toString('base64url') } }
}
