import { BrokenAt } from '../finding.ts'

/** The member that lists and signs all others. */
export const manifestName = 'manifest.sigstore.json'

/** Members that every bundle has. */
const fixed: Readonly<Record<string, number>> = {
  'README.txt': 2 ** 20,
  'verify.sh': 2 ** 20,
  'verify.py': 2 ** 20,
  'checkpoint.prev': 2 ** 20,
  checkpoint: 2 ** 20,
  'checkpoint.add': 2 ** 20,
  'records.jsonl': 2 ** 36,
  'carried.jsonl': 2 ** 36,
  'requests.csv': 2 ** 36,
  'exceptions.csv': 2 ** 36,
  [manifestName]: 2 ** 22,
}

/** Members of which there may be several. */
const patterned = [
  { pattern: /^keys\/[A-Za-z0-9_-]{43}\.pem$/, bytes: 2 ** 14 },
  { pattern: /^policy\/[0-9a-f]{64}(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4}$/, bytes: 2 ** 24 },
  { pattern: /^cards\/[0-9a-f]{64}\.json$/, bytes: 2 ** 24 },
] as const

/** A name that a bundle of a later format may have. No longer than the manifest may list. */
const plain = /^(?=.{1,255}$)[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/

const knownLimit = (name: string): number | undefined =>
  Object.hasOwn(fixed, name) ? fixed[name] : patterned.find(({ pattern }) => pattern.test(name))?.bytes

/** Whether this program knows what the member is for. */
export const isKnown = (name: string): boolean => knownLimit(name) !== undefined

/** How many bytes a member may have. What is larger than memory is streamed, and so is what is not known. */
export function limitOf(name: string): { readonly bytes: number; readonly streamed: boolean } {
  const bytes = knownLimit(name) ?? 2 ** 36
  return { bytes, streamed: bytes > 2 ** 24 }
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
  for (const name of Object.keys(fixed))
    if (!names.includes(name)) throw wrong('missing-member', name, 'is missing from the bundle')
}

const wrong = (code: 'bad-zip' | 'unlisted-member' | 'missing-member', member: string, what: string): BrokenAt =>
  new BrokenAt({ check: 'zip', member }, code, `${member} ${what}.`)
