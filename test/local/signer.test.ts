import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSigner } from '../../src/local/signer.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-signer-'))
})

afterEach(() => rm(folder, { recursive: true }))

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest()

test('a signature of a digest verifies as one of the message', async () => {
  const signer = await fileSigner(join(folder, 'grant.pem'))
  const [jwk] = await signer.keys()
  const key = createPublicKey({ format: 'jwk', key: { ...jwk } })
  for (let i = 0; i < 50; i++) {
    const { kid, signature } = await signer.sign(sha256(`message ${i}`))
    expect(kid).toBe(jwk?.kid)
    expect(signature).toHaveLength(64)
    const check = (text: string) => verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, signature)
    expect(check(`message ${i}`)).toBe(true)
    expect(check(`message ${i + 1}`)).toBe(false)
  }
})

test('no two signatures share their nonce', async () => {
  const signer = await fileSigner(join(folder, 'grant.pem'))
  const points = await Promise.all(
    Array.from({ length: 20 }, async () =>
      Buffer.from((await signer.sign(sha256('x'))).signature.slice(0, 32)).toString('hex'),
    ),
  )
  expect(new Set(points).size).toBe(20)
})

test('a digest of another length is refused', async () => {
  const signer = await fileSigner(join(folder, 'grant.pem'))
  await expect(signer.sign(new Uint8Array(31))).rejects.toThrow(Error)
})

test('the key outlives the process, and only its owner may read it', async () => {
  const path = join(folder, 'new', 'grant.pem')
  const first = await fileSigner(path)
  const again = await fileSigner(path)
  expect(await again.keys()).toEqual(await first.keys())
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test("the key's name is its thumbprint (RFC 7638)", async () => {
  const [key] = await (await fileSigner(join(folder, 'grant.pem'))).keys()
  const text = `{"crv":"P-256","kty":"EC","x":"${key?.x}","y":"${key?.y}"}`
  expect(key?.kid).toBe(sha256(text).toString('base64url'))
})

test('several processes that start at once use one key, and leave nothing else behind', async () => {
  const path = join(folder, 'grant.pem')
  const signers = await Promise.all(Array.from({ length: 8 }, () => fileSigner(path)))
  const kids = await Promise.all(signers.map(async (signer) => (await signer.keys())[0]?.kid))
  expect(new Set(kids).size).toBe(1)
  expect((await readdir(folder)).sort()).toEqual(['grant.pem', 'grant.public.pem'])
})

test('the public key lies beside the key', async () => {
  const signer = await fileSigner(join(folder, 'grant.pem'))
  const [key] = await signer.keys()
  expect(createPublicKey(await readFile(signer.publicKeyPath)).export({ format: 'jwk' })).toMatchObject({
    x: key?.x,
    y: key?.y,
  })
})

test('older keys lie beside the key, and sign when they are named; the newest comes first', async () => {
  const path = join(folder, 'log.pem')
  const kids: (string | undefined)[] = []
  for (const name of ['log.1.pem', 'log.2.pem', 'log.10.pem', 'log.pem']) {
    const [key] = await (await fileSigner(join(folder, 'new', name))).keys()
    await rename(join(folder, 'new', name), join(folder, name))
    kids.unshift(key?.kid)
  }
  for (const other of ['log.x.pem', 'log.01.pem', 'log.1.pem.bak', 'logs.1.pem', 'other.3.pem'])
    await writeFile(join(folder, other), 'no key')

  const signer = await fileSigner(path)
  const keys = await signer.keys()
  expect(keys.map(({ kid }) => kid)).toEqual(kids)
  expect((await signer.sign(sha256('x'))).kid).toBe(kids[0])
  for (const jwk of keys) {
    const { kid, signature } = await signer.sign(sha256('x'), jwk.kid)
    expect(kid).toBe(jwk.kid)
    const key = createPublicKey({ format: 'jwk', key: { ...jwk } })
    expect(verify('sha256', Buffer.from('x'), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  }
  const [key] = keys
  expect(createPublicKey(await readFile(signer.publicKeyPath)).export({ format: 'jwk' })).toMatchObject({ x: key?.x })
})

test('an unknown key signs nothing', async () => {
  const signer = await fileSigner(join(folder, 'grant.pem'))
  await expect(signer.sign(sha256('x'), 'another')).rejects.toMatchObject({ name: 'Problem', code: 'unavailable' })
})

test('a malformed older key is named', async () => {
  await writeFile(join(folder, 'log.1.pem'), 'hello')
  await expect(fileSigner(join(folder, 'log.pem'))).rejects.toThrow(join(folder, 'log.1.pem'))
})

test.each([
  ['nothing', ''],
  ['no key', 'hello'],
  ['a P-384 key', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)],
  ['an Ed25519 key', pem(generateKeyPairSync('ed25519').privateKey)],
])('a file that holds %s is named, and left as it is', async (_what, text) => {
  const path = join(folder, 'grant.pem')
  await writeFile(path, text)
  await expect(fileSigner(path)).rejects.toThrow(path)
  expect(await readFile(path, 'utf8')).toBe(text)
})

function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}
