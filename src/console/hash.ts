import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * Stands in for the function of `node:crypto` that the core computes digests with. The browser's own is asynchronous, and
 * the core is not.
 */
export function hash(algorithm: string, data: string | Uint8Array, encoding: string): string {
  if (algorithm !== 'sha256' || encoding !== 'hex') throw new Error(`The console has no ${algorithm} in ${encoding}.`)
  return bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data))
}
