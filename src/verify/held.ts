import { decode64 } from '../core/base64.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Members } from './directory.ts'
import type { Examined } from './examination.ts'
import type { Rotation } from './forms.ts'
import { BrokenAt } from './finding.ts'

/**
 * Checks that the day is signed by two keys exactly if its events say that the key changed, and by those.
 *
 * @throws {BrokenAt} `wrong-key`
 */
export function checkKeys(rotations: readonly Rotation[], { log }: Manifest, signers: readonly Uint8Array[]): void {
  const wrong = (what: string) => new BrokenAt({ check: 'rules', member: 'records.jsonl' }, 'wrong-key', what)
  const [rotation, more] = rotations
  if (more) throw wrong('The log changed its key more than once in a day.')
  if (!rotation && signers.length > 1) throw wrong('Two keys signed, and no record says that the log changed its key.')
  if (!rotation) return
  const key = decode64(rotation.key)
  const newer = signers[1]
  if (!key || !newer || Buffer.compare(key, newer) !== 0)
    throw wrong('The key that a record names as the new one did not sign the day.')
  if (rotation.size > log.from.size) throw wrong('The new key is said to begin later than it signs.')
}

/**
 * Checks that the bundle explains the policy versions that its events name, and no others.
 *
 * @throws {BrokenAt} `missing-member`, `unlisted-member`
 */
export function checkPolicies({ policies }: Examined, members: Members): void {
  const named = new Set(policies.map((version) => version.slice('sha256:'.length)))
  const held = new Set(
    [...members.keys()].filter((name) => name.startsWith('policy/')).map((name) => name.slice(7, 71)),
  )
  for (const version of named)
    if (!held.has(version)) {
      const member = `policy/${version}`
      throw new BrokenAt({ check: 'tables', member }, 'missing-member', `${member} is named by a record and not there.`)
    }
  for (const version of held)
    if (!named.has(version)) {
      const member = `policy/${version}`
      throw new BrokenAt({ check: 'tables', member }, 'unlisted-member', `${member} is there and named by no record.`)
    }
}
