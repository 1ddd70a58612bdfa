import { bundleFiles, inBundleOrder } from '../../core/log/bundleFiles.ts'
import type { Signer } from '../../ports/signer.ts'
import { decode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { type Checkpoint, formatAdd } from '../../core/log/checkpoint.ts'
import { emptyFrontier, type Frontier, rootOf } from '../../core/log/merkle.ts'
import { pemOf, thumbprintOf } from '../../core/log/signature.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan, SealHead } from '../../ports/seals.ts'
import { type AttestingParts, keptCheckpoint, keysOf, type LogKey, createOrReadCheckpoint } from './attest.ts'
import { type Member, member, packedMember } from './bundleZip.ts'
import type { Gathered } from './gather.ts'
import { LogTree } from '../log/tree.ts'

export type MembersParts = AttestingParts & {
  readonly archive: Archive
  /** The name of the log. */
  readonly origin: string
  /** The files that every bundle has in addition to the evidence: `README.txt`, `verify.sh`, `verify.py`. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** The notes of the log before and after a day, and the consistency proof between them. */
export type CheckpointMembers = Readonly<Record<'checkpointBefore' | 'checkpoint' | 'growth', readonly Member[]>>

/**
 * Names the keys that sign a day: the log's, and the new one on a day that changes it.
 *
 * @throws {Problem} `unavailable` if the signer does not have one of them
 */
export function keysFor(signer: Pick<Signer, 'keys'>, plan: Plan, day: Gathered): Promise<readonly LogKey[]> {
  const newKid = day.newKey === null ? [] : [keyNamed(day.newKey)]
  return keysOf(signer, [plan.key, ...newKid])
}

/**
 * Signs and stores the checkpoint of the log after the day; on the first day also that of the empty log. Returns the
 * members with both notes and the proof between them.
 *
 * @throws {Broken} if the archive has another checkpoint
 */
export async function checkpointMembers(
  parts: MembersParts,
  plan: Plan,
  head: SealHead | null,
  to: Frontier,
  keys: readonly LogKey[],
): Promise<CheckpointMembers> {
  const { archive, origin } = parts
  const { size } = to
  const proof = await new LogTree(archive, size).consistency(plan.size)
  const before = await checkpointBefore(parts, plan, head, keys.slice(0, 1))
  const note = await createOrReadCheckpoint(parts, plan.date, { origin, size, root: rootOf(to) }, keys)
  return {
    checkpointBefore: [member(bundleFiles.checkpointBefore.name, before)],
    checkpoint: [member(bundleFiles.checkpoint.name, note)],
    growth: [member(bundleFiles.growth.name, formatAdd(plan.size, proof, note))],
  }
}

/** Lists all members except the manifest, in the order of a bundle. */
export function membersOf(
  { files }: Pick<MembersParts, 'files'>,
  day: Gathered,
  keys: readonly LogKey[],
  checkpoints: CheckpointMembers,
): readonly Member[] {
  const beside = ({ name }: { readonly name: string }) => [member(name, fileNamed(files, name))]
  const pems = keys.map(({ kid, spki }) => member(`keys/${kid}.pem`, pemOf(spki)))
  const packed = (table: keyof Gathered['files']) => [packedMember(bundleFiles[table].name, day.files[table])]
  return inBundleOrder({
    readme: beside(bundleFiles.readme),
    shell: beside(bundleFiles.shell),
    python: beside(bundleFiles.python),
    keys: pems.sort((a, b) => (a.name < b.name ? -1 : 1)),
    policies: day.policies,
    cards: day.cards,
    ...checkpoints,
    records: packed('records'),
    carried: packed('carried'),
    requests: packed('requests'),
    exceptions: packed('exceptions'),
    further: day.files.further.size > 0 ? packed('further') : [],
    metrics: packed('metrics'),
    manifest: [],
  })
}

/** Reads the checkpoint of the day before, to the byte. On the first day, signs and stores that of the empty log. */
async function checkpointBefore(
  parts: MembersParts,
  { size }: Plan,
  head: SealHead | null,
  keys: readonly LogKey[],
): Promise<string> {
  const { archive, origin } = parts
  if (head === null) return createOrReadCheckpoint(parts, '0', { origin, size, root: rootOf(emptyFrontier) }, keys)
  const checkpoint: Checkpoint = { origin, size, root: decode64(head.root) ?? new Uint8Array() }
  return keptCheckpoint(archive, head.date, checkpoint, keys)
}

function keyNamed(key: string): string {
  const spki = decode64(key)
  if (spki === null) throw new Broken('bad-record', 'key-rotated does not name a key.')
  return thumbprintOf(spki)
}

function fileNamed(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name)
  if (!bytes) throw new Error(`${name} is missing, which every bundle has.`)
  return bytes
}
