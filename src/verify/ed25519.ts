import { createPublicKey, verify } from 'node:crypto'
import type { VerifyEd25519 } from '../core/log/cosignature.ts'

/** SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 4) up to the key. */
const prefix = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'))

/** Checks a signature of Ed25519. An invalid key verifies nothing. */
export const verifyEd25519: VerifyEd25519 = (key, bytes, signature) => {
  try {
    const spki = Buffer.concat([prefix, key])
    return verify(null, bytes, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature)
  } catch {
    return false
  }
}
