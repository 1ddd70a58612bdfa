import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { RsaKey } from '../ports/signer.ts'

/** An RSA key in place of one in Key Vault. */
interface LocalRsaKey extends RsaKey {
  /** PEM, PKCS 8. */
  readonly privateKey: string
  /** PEM, for a double of GitHub. */
  readonly publicKey: string
}

/** @param pem the key, PKCS 8; a new one unless given */
export function localRsaKey(pem?: string): LocalRsaKey {
  const privateKey =
    pem === undefined ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey : createPrivateKey(pem)
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    sign: async (bytes) => sign('sha256', bytes, privateKey),
  }
}
