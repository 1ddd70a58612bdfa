import { bundleFileKind, bundleFiles, requiredFiles } from '../../core/log/bundleFiles.ts'
import { BrokenAt } from '../finding.ts'

/** A name that a member of a later format may have. Its length is limited as in the manifest. */
const plain = /^(?=.{1,255}$)[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/

/** Whether this program knows the purpose of a member. */
export const isKnown = (name: string): boolean => bundleFileKind(name) !== null

/** Finds the most bytes of a member, and whether it is streamed. An unknown member may be as large as the largest. */
export function limitOf(name: string): { readonly bytes: number; readonly streamed: boolean } {
  const { most, isStreamed } = bundleFiles[bundleFileKind(name) ?? 'records']
  return { bytes: most, streamed: isStreamed }
}

/**
 * Checks that a bundle may have these members, that each occurs once, and that no required one is missing.
 *
 * Unknown members are allowed here. The manifest says whether they belong to the bundle.
 *
 * @throws {BrokenAt} `bad-zip` for a name that leads elsewhere or occurs twice; `unlisted-member`, `missing-member`
 */
export function checkNames(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    // On file systems that ignore case, one of two such members would replace the other when unpacked.
    const key = name.toLowerCase()
    if (seen.has(key)) throw badMember('bad-zip', name, 'occurs twice in the zip')
    seen.add(key)
  }
  for (const name of names) {
    if (/(^|\/)\.{0,2}(\/|$)|\\|^[a-z]:/i.test(name))
      throw badMember('bad-zip', name, 'leads out of the folder or names one')
    // Unpacked, one of the two would be left out.
    const folders = name.split('/').map((_, i, parts) => parts.slice(0, i).join('/').toLowerCase())
    if (folders.some((folder) => seen.has(folder))) throw badMember('bad-zip', name, 'lies in a folder that is a file')
    if (!isKnown(name) && !plain.test(name)) throw badMember('unlisted-member', name, 'is no member of a bundle')
  }
  for (const name of requiredFiles)
    if (!names.includes(name)) throw badMember('missing-member', name, 'is missing from the bundle')
}

const badMember = (code: 'bad-zip' | 'unlisted-member' | 'missing-member', member: string, what: string): BrokenAt =>
  new BrokenAt({ check: 'zip', member }, code, `${member} ${what}.`)
