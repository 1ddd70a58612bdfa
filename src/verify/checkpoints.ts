import { bundleFiles } from '../core/log/bundleFiles.ts'
import { decode64, encode64 } from '../core/data/base64.ts'
import { type Add, type Checkpoint, openCheckpoint, parseAdd } from '../core/log/checkpoint.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { checkConsistency, type Frontier, isFrontier, rootOf } from '../core/log/merkle.ts'
import { verifySignature } from './ecdsa.ts'
import { extentOf } from './manifest.ts'
import { bytesOf } from './content.ts'
import type { ZipMembers } from './zip/centralDirectory.ts'
import { BrokenAt, placed } from './finding.ts'

/** The signed notes of the log before and after the day, as raw bytes, and the consistency proof between them. */
export interface Checkpoints {
  readonly before: Buffer
  readonly after: Buffer
  readonly add: Buffer
}

const checkpointNames = {
  before: bundleFiles.checkpointBefore.name,
  after: bundleFiles.checkpoint.name,
  add: bundleFiles.growth.name,
} as const

export async function checkpointsIn(fd: number, members: ZipMembers): Promise<Checkpoints> {
  const read = (name: string) => bytesOf(fd, extentOf(members, name))
  const { before, after, add } = checkpointNames
  return { before: await read(before), after: await read(after), add: await read(add) }
}

/**
 * Checks that both notes are signed by the right keys, and are of this log with the manifest's sizes and roots.
 *
 * @param signers the keys of the day, the older first. Only the older key signed the note before the day.
 * @throws {BrokenAt} `bad-checkpoint`, `bad-signature`, `wrong-key`, `foreign-checkpoint`
 */
export function checkCheckpoints(found: Checkpoints, { log }: Manifest, signers: readonly Uint8Array[]): void {
  const { origin } = log
  const expect = (
    name: 'before' | 'after',
    { size, root }: { size: number; root: string },
    by: readonly Uint8Array[],
  ) => {
    const place = { check: 'checkpoints', member: checkpointNames[name] } as const
    const note = found[name].toString('utf8')
    if (!Buffer.from(note).equals(found[name])) throw new BrokenAt(place, 'bad-checkpoint', 'The note is not UTF-8.')
    const opened = placed(place, () => openCheckpoint(note, signers, verifySignature))
    if (opened.origin !== origin)
      throw new BrokenAt(place, 'foreign-checkpoint', `${place.member} is of another log, “${opened.origin}”.`)
    if (!isOf(opened, size, root))
      throw new BrokenAt(place, 'bad-checkpoint', `${place.member} has another size or root than the manifest.`)
    if (by.some((key) => !opened.signedBy.includes(key)))
      throw new BrokenAt(place, 'wrong-key', `${place.member} is not signed by every key that must sign it.`)
  }
  expect('before', log.from, signers.slice(0, 1))
  expect('after', log.to, signers)
}

/**
 * Reads the frontier of the log before the day, and checks that it has the manifest's root.
 *
 * @throws {BrokenAt} `wrong-root`
 */
export function frontierOf({ log: { from } }: Manifest): Frontier {
  const frontier = { size: from.size, roots: from.frontier.map((root) => decode64(root) ?? new Uint8Array()) }
  if (!isFrontier(frontier) || encode64(rootOf(frontier)) !== from.root)
    throw new BrokenAt(
      { check: 'root' },
      'wrong-root',
      'The log before the day does not have the root it is said to have.',
    )
  return frontier
}

/** @throws {BrokenAt} `bad-consistency` */
export function checkGrowth({ add, after }: Checkpoints, { log }: Manifest): void {
  const place = { check: 'consistency', member: checkpointNames.add } as const
  const { from, proof, note }: Add = placed(place, () => parseAdd(add.toString('utf8')))
  const roots = { fromRoot: rootIn(log.from.root), toRoot: rootIn(log.to.root) }
  const holds = from === log.from.size && checkConsistency({ from, to: log.to.size, proof, ...roots })
  if (!holds)
    throw new BrokenAt(
      place,
      'bad-consistency',
      'The proof does not lead from the log before the day to that after it.',
    )
  if (!Buffer.from(note).equals(after))
    throw new BrokenAt(place, 'bad-consistency', 'The proof is not about the checkpoint of this bundle.')
}

const isOf = (checkpoint: Checkpoint, size: number, root: string): boolean =>
  checkpoint.size === size && encode64(checkpoint.root) === root

const rootIn = (text: string): Uint8Array => decode64(text) ?? new Uint8Array()
