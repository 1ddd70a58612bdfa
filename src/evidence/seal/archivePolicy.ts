import type { Policy } from '../../ports/policy.ts'
import type { Archive } from '../../ports/archive.ts'

/**
 * Stores the files of the policy in force in the archive, before any request is decided under it. All calls are made at
 * once, so that a start under a known policy takes one round of calls.
 *
 * @param prepared settles when the archive may be written to. Files are read before: on most starts they are there.
 * @throws {Error} naming a file that the archive has with other bytes
 * @throws {Problem} `unavailable`
 */
export async function archivePolicy(
  archive: Pick<Archive, 'read' | 'create'>,
  policy: Policy,
  prepared: Promise<unknown> = Promise.resolve(),
): Promise<void> {
  const folder = `policy/${policy.version.slice('sha256:'.length)}`
  const files = [...policy.files()].map(([name, bytes]) => ({ name: `${folder}/${name}`, bytes }))
  await Promise.all(
    files.map(async ({ name, bytes }) => {
      // An archive that cannot be read is one that cannot be written to, either, unless it was not there yet.
      const kept = await archive.read(name).catch(() => null)
      await prepared
      if (kept === null || !Buffer.from(kept).equals(bytes)) await archive.create(name, bytes, 'text/plain')
    }),
  )
}
