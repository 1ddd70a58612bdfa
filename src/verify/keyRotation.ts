import { bundleFiles } from '../core/log/bundleFiles.ts'
import { decode64 } from '../core/data/base64.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { Rotation } from './recordChecks.ts'
import { BrokenAt } from './finding.ts'

/**
 * Checks that two keys signed the day if, and only if, its events say that the key changed to the newer one.
 *
 * @throws {BrokenAt} `wrong-key`
 */
export function checkKeys(rotations: readonly Rotation[], { log }: Manifest, signers: readonly Uint8Array[]): void {
  const wrongKey = (what: string) =>
    new BrokenAt({ check: 'rules', member: bundleFiles.records.name }, 'wrong-key', what)
  const [rotation, more] = rotations
  if (more) throw wrongKey('The log changed its key more than once in a day.')
  if (!rotation && signers.length > 1)
    throw wrongKey('Two keys signed, and no record says that the log changed its key.')
  if (!rotation) return
  const key = decode64(rotation.key)
  const newer = signers[1]
  if (!key || !newer || Buffer.compare(key, newer) !== 0)
    throw wrongKey('The key that a record names as the new one did not sign the day.')
  if (rotation.size > log.from.size) throw wrongKey('The new key is said to begin later than it signs.')
}
