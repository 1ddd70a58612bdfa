import { decode64 } from '../core/data/base64.ts'
import type { BrokenCode } from '../core/data/broken.ts'
import { editionFile, readEdition } from '../core/record/policyVersion.ts'
import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { bytesOf } from './content.ts'
import type { Members } from './zip/centralDirectory.ts'
import type { Examined } from './examination.ts'
import type { Rotation } from './recordChecks.ts'
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
 * Checks that the bundle explains the policy versions that its events name, and no others: with the files that a version
 * is the digest of, all of them, and nothing else.
 *
 * @throws {BrokenAt} `missing-member`, `unlisted-member`, `wrong-digest`
 */
export async function checkPolicies(
  fd: number,
  { policies }: Examined,
  members: Members,
  digests: ReadonlyMap<string, Hex>,
): Promise<void> {
  const explained = new Set<string>()
  for (const version of policies) {
    const folder = `policy/${version.slice('sha256:'.length)}`
    const edition = `${folder}/${editionFile}`
    const extent = members.get(edition)
    if (!extent) throw wrong('missing-member', edition, 'is not there, though a record names the version')
    const files = readEdition(await bytesOf(fd, extent), version)
    if (!files) throw wrong('wrong-digest', edition, 'is not what the version is the digest of')
    explained.add(edition)
    for (const [name, hash] of files) {
      const member = name.startsWith('cards/') ? `cards/${hash}.json` : `${folder}/${name}`
      if (!digests.has(member)) throw wrong('missing-member', member, 'belongs to a version and is not there')
      if (digests.get(member) !== hash) throw wrong('wrong-digest', member, 'is not that of the version')
      explained.add(member)
    }
  }
  for (const member of members.keys())
    if (/^(?:policy|cards)\//.test(member) && !explained.has(member))
      throw wrong('unlisted-member', member, 'belongs to no version that a record names')
}

const wrong = (code: BrokenCode, member: string, what: string): BrokenAt =>
  new BrokenAt({ check: 'tables', member }, code, `${member} ${what}.`)
