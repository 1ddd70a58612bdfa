import { generateKeyPairSync, sign } from 'node:crypto'
import type { RsaKey } from '../ports/signer.ts'

/** An RSA key in memory in place of one in Key Vault, and the public key for a double of GitHub. */
export function localRsaKey(): RsaKey & { readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: async (bytes) => sign('sha256', bytes, privateKey),
  }
}
