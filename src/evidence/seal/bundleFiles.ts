import { decode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { type Checkpoint, formatAdd } from '../../core/log/checkpoint.ts'
import { emptyFrontier, rootOf } from '../../core/log/merkle.ts'
import { pemOf, thumbprintOf } from '../../core/log/signature.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan, SealHead } from '../../ports/seals.ts'
import { type AttestingParts, keptCheckpoint, keysOf, type LogKey, settleCheckpoint } from './attest.ts'
import { type Member, member, policyMembers, spooledMember } from './bundleZip.ts'
import type { Gathered } from './gather.ts'
import { tree } from '../log/tree.ts'

export type MembersParts = AttestingParts & {
  readonly archive: Archive
  /** The log's name. */
  readonly origin: string
  /** What every bundle has beside the evidence: `README.txt`, `verify.sh`, `verify.py`. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** All members but the manifest, in the order of docs/evidence/bundle.md; and the keys that sign. */
export async function membersOf(parts: MembersParts, plan: Plan, head: SealHead | null, day: Gathered) {
  const { signer, archive, origin, files } = parts
  const { size } = day.to
  const newKid = day.newKey === null ? [] : [keyNamed(day.newKey)]
  const keys = await keysOf(signer, [plan.key, ...newKid])
  const proof = await tree(archive, size).consistency(plan.size)
  const before = await checkpointBefore(parts, plan, head, keys.slice(0, 1))
  const note = await settleCheckpoint(parts, plan.date, { origin, size, root: rootOf(day.to) }, keys)
  const pems = keys.map(({ kid, spki }) => member(`keys/${kid}.pem`, pemOf(spki)))
  const members: readonly Member[] = [
    ...['README.txt', 'verify.sh', 'verify.py'].map((name) => member(name, fileNamed(files, name))),
    ...pems.sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(await policyMembers(archive, day.policies)),
    member('checkpoint.prev', before),
    member('checkpoint', note),
    member('checkpoint.add', formatAdd(plan.size, proof, note)),
    spooledMember('records.jsonl', day.files.records),
    spooledMember('carried.jsonl', day.files.carried),
    spooledMember('requests.csv', day.files.requests),
    spooledMember('exceptions.csv', day.files.exceptions),
  ]
  return { members, keys }
}

/** The checkpoint of the day before, to the byte; before the first day, that of the empty log. */
async function checkpointBefore(
  parts: MembersParts,
  { size }: Plan,
  head: SealHead | null,
  keys: readonly LogKey[],
): Promise<string> {
  const { archive, origin } = parts
  if (head === null) return settleCheckpoint(parts, '0', { origin, size, root: rootOf(emptyFrontier) }, keys)
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
  if (!bytes) throw new Error(`${name} is not there to be put into bundles.`)
  return bytes
}
