import { bundleFileKind, bundleFiles, requiredFiles } from '../../core/log/bundleFiles.ts'
import { BrokenAt } from '../finding.ts'

/** A name that a bundle of a later format may have. No longer than the manifest may list. */
const plain = /^(?=.{1,255}$)[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/

/** Says whether this program knows what the member is for. */
export const isKnown = (name: string): boolean => bundleFileKind(name) !== null

/** Says how many bytes a member may have, and whether it is streamed. An unknown member may be as large as any. */
export function limitOf(name: string): { readonly bytes: number; readonly streamed: boolean } {
  const { most, isStreamed } = bundleFiles[bundleFileKind(name) ?? 'records']
  return { bytes: most, streamed: isStreamed }
}

/**
 * Checks that a bundle may have these members, that each is there once, and that none is left out. A member that is not
 * known may be there: whether it belongs to the bundle, the manifest says.
 *
 * @throws {BrokenAt} `bad-zip` for a name that leads elsewhere or occurs twice; `unlisted-member`, `missing-member`
 */
export function checkNames(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    // Some file systems do not tell upper from lower case: one member would replace the other.
    const key = name.toLowerCase()
    if (seen.has(key)) throw wrong('bad-zip', name, 'occurs twice in the zip')
    seen.add(key)
  }
  for (const name of names) {
    if (/(^|\/)\.{0,2}(\/|$)|\\|^[a-z]:/i.test(name))
      throw wrong('bad-zip', name, 'leads out of the folder or names one')
    if (!isKnown(name) && !plain.test(name)) throw wrong('unlisted-member', name, 'is no member of a bundle')
  }
  for (const name of requiredFiles)
    if (!names.includes(name)) throw wrong('missing-member', name, 'is missing from the bundle')
}

const wrong = (code: 'bad-zip' | 'unlisted-member' | 'missing-member', member: string, what: string): BrokenAt =>
  new BrokenAt({ check: 'zip', member }, code, `${member} ${what}.`)
