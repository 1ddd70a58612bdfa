import type { Digest, Hex } from '../core/data/id.ts'
import { editionFile, readEdition } from '../core/record/policyVersion.ts'
import { bytesOf } from './content.ts'
import { BrokenAt } from './finding.ts'
import type { ZipMembers } from './zip/centralDirectory.ts'

/** The files of a policy version, by name, and the SHA-256 of each of its card templates. */
export interface VersionFiles {
  readonly version: Digest
  /** The SHA-256 of each file by name, card templates as `cards/NAME`: what the version is the digest of. */
  readonly listed: ReadonlyMap<string, Hex>
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly templates: readonly Hex[]
}

/** Bytes of all policy files of a bundle. A policy has at most some MiB, and few versions are in force on a day. */
const most = 2 ** 27

/**
 * Reads the files of the policy versions in a bundle. The digests of its members were checked before. Versions that are
 * not whole are left out: {@link checkPolicies} refuses such a bundle.
 *
 * @throws {BrokenAt} `cannot-judge` if they are more than this program reads
 */
export async function versionsIn(fd: number, members: ZipMembers): Promise<readonly VersionFiles[]> {
  const found: VersionFiles[] = []
  let total = 0
  const read = async (name: string): Promise<Uint8Array | null> => {
    const extent = members.get(name)
    if (!extent) return null
    total += extent.length
    if (total > most) {
      const what = `The bundle has policy files of more than ${most} bytes, which this program does not read.`
      throw new BrokenAt({ check: 'policy', member: name }, 'cannot-judge', what)
    }
    return bytesOf(fd, extent)
  }
  for (const member of members.keys()) {
    const hex = /^policy\/([0-9a-f]{64})\/version\.json$/.exec(member)?.[1]
    if (hex === undefined) continue
    const version = `sha256:${hex}` as Digest
    const listed = readEdition((await read(`policy/${hex}/${editionFile}`)) ?? new Uint8Array(), version)
    if (listed) found.push({ version, listed, ...(await filesOf(listed, (name) => read(`policy/${hex}/${name}`))) })
  }
  return found
}

async function filesOf(
  listed: ReadonlyMap<string, Hex>,
  read: (name: string) => Promise<Uint8Array | null>,
): Promise<Pick<VersionFiles, 'files' | 'templates'>> {
  const files = new Map<string, Uint8Array>()
  const templates: Hex[] = []
  for (const [name, hash] of listed) {
    if (name.startsWith('cards/')) {
      templates.push(hash)
      continue
    }
    const bytes = await read(name)
    if (bytes) files.set(name, bytes)
  }
  return { files, templates }
}
