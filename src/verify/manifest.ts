import { bundleFiles } from '../core/log/bundleFiles.ts'
import { endOf } from '../core/data/day.ts'
import { sha256, type Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { spkiFromPem, thumbprintOf } from '../core/log/signature.ts'
import { type ManifestSignature, pae, parseBundle, parseStatement } from '../core/log/statement.ts'
import { verifySignature } from './ecdsa.ts'
import { bytesOf, digestOf } from './content.ts'
import type { Extent, ZipMembers } from './zip/centralDirectory.ts'
import { BrokenAt, placed } from './finding.ts'
import { isKnown } from './zip/memberNames.ts'

/** A manifest that a trusted key signed. */
export interface Attested {
  readonly manifest: Manifest
  /** SHA-256 of the manifest's file. */
  readonly hash: Hex
  /** SHA-256 of every other member. */
  readonly digests: ReadonlyMap<string, Hex>
  /** The bytes that the signatures cover. */
  readonly statement: Uint8Array
  /** All signatures, the older key's first. Those of other keys than the trusted ones are not verified yet. */
  readonly signatures: readonly ManifestSignature[]
}

const place = { check: 'manifest', member: bundleFiles.manifest.name } as const

/**
 * Reads the manifest after verifying that a trusted key signed it.
 *
 * @param keys the keys to trust (SPKI)
 * @throws {BrokenAt} `bad-manifest`, `wrong-key`, `bad-signature`; `newer-format` for a manifest of a later form, whose
 *   list of members is not compared with the zip; `missing-member`, `unlisted-member` if the zip has other members than
 *   the manifest lists
 */
export async function attested(fd: number, members: ZipMembers, keys: readonly Uint8Array[]): Promise<Attested> {
  const bytes = await bytesOf(fd, extentOf(members, bundleFiles.manifest.name))
  const { payload, signatures } = placed(place, () => parseBundle(bytes.toString('utf8')))
  const statement = pae(payload)
  const trusted = signatures.filter(({ kid }) => keys.some((key) => thumbprintOf(key) === kid))
  if (trusted.length === 0) throw new BrokenAt(place, 'wrong-key', 'The manifest is not signed by the key you trust.')
  for (const { kid, der } of trusted)
    if (!keys.some((key) => thumbprintOf(key) === kid && verifySignature(key, statement, der)))
      throw new BrokenAt(place, 'bad-signature', 'The signature of the manifest does not hold.')
  const { subjects, manifest } = placed(place, () => parseStatement(payload))
  checkSums(manifest)
  const digests = new Map(subjects.map(({ name, sha256 }) => [name, sha256]))
  checkListed(members, digests)
  return { manifest, hash: sha256(bytes), digests, statement, signatures }
}

/**
 * Checks the digests of all members except one.
 *
 * @param later the member whose digest is computed later, while it is read
 * @throws {BrokenAt} `wrong-digest`
 */
export async function checkDigests(
  fd: number,
  members: ZipMembers,
  { digests }: Attested,
  later: string,
): Promise<void> {
  for (const [name, extent] of members) {
    if (name === bundleFiles.manifest.name || name === later) continue
    checkDigest(name, await digestOf(fd, extent), digests)
  }
}

/**
 * Refuses members that this program does not know, because it cannot check them.
 *
 * @throws {BrokenAt} `newer-format`
 */
export function checkKnown(members: ZipMembers): void {
  const member = [...members.keys()].find((name) => !isKnown(name))
  if (member === undefined) return
  const what = `The manifest lists ${member}, a member which this program does not know`
  throw new BrokenAt({ check: 'members', member }, 'newer-format', `${what}. Use a newer countersign to verify it.`)
}

export function checkDigest(member: string, found: Hex, digests: Attested['digests']): void {
  if (found !== digests.get(member)) throw wrongDigest(member, 'is not what the manifest lists: it was changed')
  // A card template has its digest as its name, because events name it so.
  if (member.startsWith('cards/') && isKnown(member) && member !== `cards/${found}.json`)
    throw wrongDigest(member, 'has another name than digest')
}

/**
 * Checks that the bundle's copies of the keys are exactly the keys that signed, and that each of the signatures holds.
 *
 * @returns the keys, the older first. They can be trusted, since a trusted key signed the manifest that lists them.
 * @throws {BrokenAt} `wrong-key`, `bad-signature`
 */
export async function keysIn(fd: number, members: ZipMembers, attested: Attested): Promise<readonly Uint8Array[]> {
  const { statement, signatures } = attested
  const found: Uint8Array[] = []
  for (const { kid, der } of signatures) {
    const member = `keys/${kid}.pem`
    const extent = members.get(member)
    const spki = extent ? spkiFromPem((await bytesOf(fd, extent)).toString('latin1')) : null
    if (spki === null || thumbprintOf(spki) !== kid)
      throw new BrokenAt({ check: 'checkpoints', member }, 'wrong-key', `${member} is not the key that signed.`)
    if (!verifySignature(spki, statement, der))
      throw new BrokenAt(
        { ...place, check: 'checkpoints' },
        'bad-signature',
        'A signature of the manifest does not hold.',
      )
    found.push(spki)
  }
  for (const name of members.keys())
    if (name.startsWith('keys/') && isKnown(name) && !signatures.some(({ kid }) => name === `keys/${kid}.pem`))
      throw new BrokenAt(
        { check: 'checkpoints', member: name },
        'wrong-key',
        `${name} is a key that signed nothing here.`,
      )
  return found
}

export function extentOf(members: ZipMembers, name: string): Extent {
  const extent = members.get(name)
  if (!extent) throw new BrokenAt({ check: 'zip', member: name }, 'missing-member', `${name} is missing.`)
  return extent
}

/** Checks the numbers of the manifest that must agree with each other, whatever the records are. */
function checkSums({ number, date, sealedAt, log, shards, counts }: Manifest): void {
  if (sealedAt < endOf(date))
    throw new BrokenAt(place, 'bad-manifest', `The manifest was made before ${date} was over.`)
  const cuts = Object.values(shards)
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
  const before = sum(cuts.map(({ from }) => from))
  const after = sum(cuts.map(({ to }) => to))
  if (before !== log.from.size || after !== log.to.size || (number === 1 && before !== 0))
    throw new BrokenAt(place, 'bad-manifest', 'The manifest does not agree with itself on how long the log is.')
  if (counts.records !== after - before || counts.records !== sum(Object.values(counts.types)))
    throw new BrokenAt(place, 'wrong-counts', 'The manifest does not agree with itself on how many records there are.')
}

function checkListed(members: ZipMembers, digests: Attested['digests']): void {
  for (const member of digests.keys())
    if (!members.has(member) || member === bundleFiles.manifest.name)
      throw new BrokenAt({ check: 'members', member }, 'missing-member', `${member} is listed and not in the bundle.`)
  for (const member of members.keys())
    if (member !== bundleFiles.manifest.name && !digests.has(member))
      throw new BrokenAt({ check: 'members', member }, 'unlisted-member', `${member} is not listed in the manifest.`)
}

const wrongDigest = (member: string, what: string): BrokenAt =>
  new BrokenAt({ check: 'members', member }, 'wrong-digest', `${member} ${what}.`)
