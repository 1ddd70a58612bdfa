import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { Buffer } from './buffer.ts'

/** Stands in for node:crypto, as far as the verifier uses it. WebCrypto cannot: it answers later, and the core is not async. */

type Data = string | Uint8Array

/** Hashes in one call. */
export const hash = (name: string, data: Data, encoding: string): Buffer | string => {
  onlySha256(name)
  return written(sha256(bytesOf(data)), encoding)
}

/** Hashes piece by piece. */
export function createHash(name: string) {
  onlySha256(name)
  const state = sha256.create()
  const self = {
    update: (data: Data) => {
      state.update(bytesOf(data))
      return self
    },
    digest: (encoding = 'buffer') => written(state.digest(), encoding),
  }
  return self
}

/** A key whose form was checked: 26 bytes that say P-256 and an uncompressed point, or 12 that say Ed25519 and 32 more. */
export const createPublicKey = ({ key }: { readonly key: Uint8Array }): Uint8Array => key

/**
 * Verifies an ECDSA signature of P-256 over SHA-256, in DER, and like OpenSSL takes s in both halves; or without the name of a
 * digest, a signature of Ed25519 by the equation of RFC 8032.
 */
export function verify(
  name: string | null,
  bytes: Uint8Array,
  key: Uint8Array | { readonly key: Uint8Array },
  signature: Uint8Array,
): boolean {
  const spki = 'key' in key ? key.key : key
  if (name === null) return ed25519.verify(signature, bytes, spki.subarray(12), { zip215: false })
  onlySha256(name)
  return p256.verify(signature, bytes, spki.subarray(26), { format: 'der', prehash: true, lowS: false })
}

const encoder = new TextEncoder()

const bytesOf = (data: Data): Uint8Array => (typeof data === 'string' ? encoder.encode(data) : data)

function written(bytes: Uint8Array, encoding: string): Buffer | string {
  const buffer = new Buffer(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length)
  return encoding === 'buffer' ? buffer : buffer.toString(encoding)
}

function onlySha256(name: string): void {
  if (name !== 'sha256') throw new TypeError(`Unknown digest: ${name}`)
}
