import type { BrokenCode } from '../core/data/broken.ts'
import { editionFile, readEdition } from '../core/record/policyVersion.ts'
import type { Hex } from '../core/data/id.ts'
import { bytesOf } from './content.ts'
import type { ZipMembers } from './zip/centralDirectory.ts'
import type { Examined } from './examination.ts'
import { BrokenAt } from './finding.ts'
import type { VersionFiles } from './versionFiles.ts'

/**
 * Checks that the bundle has all files of the policy versions that its events name, and no other policy files.
 *
 * A version is the digest over its files, so these files are known to be the ones that were in force.
 *
 * @param read versions that were read already
 * @throws {BrokenAt} `missing-member`, `unlisted-member`, `wrong-digest`
 */
export async function checkPolicies(
  fd: number,
  { policies }: Pick<Examined, 'policies'>,
  members: ZipMembers,
  { digests, read }: { readonly digests: ReadonlyMap<string, Hex>; readonly read: readonly VersionFiles[] },
): Promise<void> {
  const known = new Map(read.map(({ version, listed }) => [version, listed]))
  const explained = new Set<string>()
  for (const version of policies) {
    const folder = `policy/${version.slice('sha256:'.length)}`
    const edition = `${folder}/${editionFile}`
    const extent = members.get(edition)
    if (!extent) throw badPolicyFile('missing-member', edition, 'is not there, though a record names the version')
    const files = known.get(version) ?? readEdition(await bytesOf(fd, extent), version)
    if (!files) throw badPolicyFile('wrong-digest', edition, 'is not what the version is the digest of')
    explained.add(edition)
    for (const [name, hash] of files) {
      const member = name.startsWith('cards/') ? `cards/${hash}.json` : `${folder}/${name}`
      if (!digests.has(member)) throw badPolicyFile('missing-member', member, 'belongs to a version and is not there')
      if (digests.get(member) !== hash) throw badPolicyFile('wrong-digest', member, 'is not that of the version')
      explained.add(member)
    }
  }
  for (const member of members.keys())
    if (/^(?:policy|cards)\//.test(member) && !explained.has(member))
      throw badPolicyFile('unlisted-member', member, 'belongs to no version that a record names')
}

const badPolicyFile = (code: BrokenCode, member: string, what: string): BrokenAt =>
  new BrokenAt({ check: 'tables', member }, code, `${member} ${what}.`)
