import type { Policy } from '../../ports/policy.ts'
import type { Archive } from '../../ports/archive.ts'

/**
 * Stores the files of the policy in force in the archive, before any request is decided under it. All calls are made at
 * once, so that a start under a known policy takes one round of calls.
 *
 * @throws {Error} naming a file that the archive has with other bytes
 * @throws {Problem} `unavailable`
 */
export async function archivePolicy(archive: Pick<Archive, 'read' | 'create'>, policy: Policy): Promise<void> {
  const folder = `policy/${policy.version.slice('sha256:'.length)}`
  const files = [...policy.files()].map(([name, bytes]) => ({ name: `${folder}/${name}`, bytes }))
  await Promise.all(
    files.map(async ({ name, bytes }) => {
      const kept = await archive.read(name)
      if (kept === null || !Buffer.from(kept).equals(bytes)) await archive.create(name, bytes, 'text/plain')
    }),
  )
}
