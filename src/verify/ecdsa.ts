import { createPublicKey, verify } from 'node:crypto'
import type { VerifySignature } from '../core/log/checkpoint.ts'

/** Checks an ECDSA signature over SHA-256, in DER. An invalid key verifies nothing. */
export const verifySignature: VerifySignature = (spki, bytes, der) => {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return verify('sha256', bytes, { key, dsaEncoding: 'der' }, der)
  } catch {
    return false
  }
}
