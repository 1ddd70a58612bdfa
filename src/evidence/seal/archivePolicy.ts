import type { Policy } from '../../ports/policy.ts'
import type { Archive } from '../../ports/archive.ts'

/** Stores the files of the policy in force in the archive, before any request is decided under it. */
export async function archivePolicy(archive: Pick<Archive, 'create'>, policy: Policy): Promise<void> {
  const folder = `policy/${policy.version.slice('sha256:'.length)}`
  for (const [name, bytes] of policy.files()) await archive.create(`${folder}/${name}`, bytes, 'text/plain')
}
