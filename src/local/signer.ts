import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import { Problem } from '../core/data/problem.ts'
import type { PublicKey, Signer } from '../ports/signer.ts'
import { publicKeyOf } from './keys.ts'
import { makeSecretFile } from './secretFile.ts'

export interface FileSigner extends Signer {
  /** A PEM file, for `openssl` and other tools. */
  readonly publicKeyPath: string
}

/** A key that was read from a file. */
interface Key {
  readonly publicKey: PublicKey
  readonly privateKey: KeyObject
  readonly d: Uint8Array
}

/**
 * Signs with a P-256 key in a file (PEM, PKCS 8), which is created if it is missing. Older keys are in files beside it:
 * for `log.pem` these are `log.1.pem`, `log.2.pem` and so on, the newest last. All are read once.
 *
 * @throws {Error} naming the file, if it has anything else
 */
export async function fileSigner(path: string): Promise<FileSigner> {
  await makeSecretFile(path, () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
  )
  const newest = await load(path)
  const older = await Promise.all((await olderThan(path)).map(load))
  const publicKeyPath = publicKeyOf(path)
  await replace(publicKeyPath, createPublicKey(newest.privateKey).export({ format: 'pem', type: 'spki' }))
  const all = [newest, ...older]
  return {
    publicKeyPath,
    keys: async () => all.map(({ publicKey }) => publicKey),
    sign: async (digest, kid = newest.publicKey.kid) => {
      const key = all.find(({ publicKey }) => publicKey.kid === kid)
      if (!key) throw new Problem('unavailable', 'The key to sign with is missing.', { retryAfter: 10 })
      return { kid, signature: signDigest(key.d, digest) }
    },
  }
}

async function olderThan(path: string): Promise<readonly string[]> {
  const name = basename(path, '.pem')
  const numbers = (await readdir(dirname(path))).flatMap((file) => {
    const number = file.startsWith(`${name}.`) ? /^([1-9]\d{0,5})\.pem$/.exec(file.slice(name.length + 1))?.[1] : null
    return number ? [Number(number)] : []
  })
  return numbers.sort((a, b) => b - a).map((number) => join(dirname(path), `${name}.${number}.pem`))
}

async function load(path: string): Promise<Key> {
  const privateKey = parse(await readFile(path, 'utf8'), path)
  const { x, y, d } = privateKey.export({ format: 'jwk' })
  if (x === undefined || y === undefined || d === undefined) throw new Error(`${path} holds no P-256 key.`)
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const
  const publicKey = { kid: await calculateJwkThumbprint(jwk), ...jwk }
  return { publicKey, privateKey, d: Buffer.from(d, 'base64url') }
}

function parse(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  } catch (cause) {
    throw new Error(`${path} holds no private key; delete it to get a new one.`, { cause })
  }
  throw new Error(`${path} holds a key that is not of P-256; delete it to get a new one.`)
}

async function replace(path: string, text: string | Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, text, { flag: 'wx' })
  await rename(draft, path)
}

/** FIPS 186-5: the order of P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/**
 * FIPS 186-5 section 6.4.1, for a digest that is computed already, as Key Vault takes it: Node would hash it again.
 * Node computes the point. The arithmetic here is not in constant time, which is good enough for a key in a local file.
 *
 * @returns r‖s
 */
function signDigest(d: Uint8Array, digest: Uint8Array): Uint8Array {
  if (digest.length !== 32) throw new Error('A SHA-256 digest has 32 bytes.')
  const once = createECDH('prime256v1')
  const point = once.generateKeys()
  const k = integer(once.getPrivateKey())
  const r = integer(point.subarray(1, 33)) % order
  const s = (inverse(k) * (integer(digest) + r * integer(d))) % order
  if (r === 0n || s === 0n) return signDigest(d, digest)
  return Buffer.from(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'), 'hex')
}

const integer = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)

/** By Fermat's little theorem, since the order is prime. */
function inverse(value: bigint): bigint {
  let result = 1n
  let square = value % order
  for (let exponent = order - 2n; exponent > 0n; exponent >>= 1n, square = (square * square) % order)
    if (exponent & 1n) result = (result * square) % order
  return result
}
