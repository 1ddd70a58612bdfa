import { Broken } from '../../core/data/broken.ts'
import type { Day } from '../../core/data/day.ts'
import { Problem } from '../../core/data/problem.ts'
import {
  cosignaturePath,
  cosignaturesIn,
  cosignaturesOf,
  type CosignatureRule,
  cosigningTimes,
  readCosignatureLines,
  type WitnessKey,
} from '../../core/log/cosignature.ts'
import { formatSignatures, mostSignatures, parseNote } from '../../core/log/note.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Cosigner } from '../../ports/cosigner.ts'
import type { Seals } from '../../ports/seals.ts'
import { bind } from '../../runtime/bind.ts'
import { verifyEd25519 } from '../../verify/ed25519.ts'
import { checkpointOf, fileOf } from './bundles.ts'
import { sealedDay } from './calendar.ts'

export interface CosignedNotesParts {
  readonly seals: Pick<Seals, 'first' | 'head' | 'alarm'>
  readonly archive: Archive
  readonly clock: Clock
  readonly cosigners: readonly Pick<Cosigner, 'keys'>[]
}

export type CosignedNotes = ReturnType<typeof cosignedNotes>

/**
 * Reads the checkpoints of sealed days with the cosignatures that were kept.
 *
 * @param noted is called with every error that a caller gets. Must not throw.
 */
export const cosignedNotes = (parts: CosignedNotesParts, noted?: (cause: unknown) => void) =>
  bind(parts, { of: noteOf }, noted)

/** Bytes of a file with lines of one witness. */
const mostBytes = 16_384

/**
 * Reads the note of a day's checkpoint, with all cosignatures. Of the witnesses that are set, only those that hold; the others are
 * for readers to verify, with the keys that they trust.
 *
 * @throws {Problem} `not-found` for a day that is not sealed, or has no cosignature
 */
async function noteOf({ seals, archive, clock, cosigners }: CosignedNotesParts, date: Day): Promise<string> {
  await sealedDay(seals, date, clock.now())
  const note = textOf(await fileOf(archive, checkpointOf(date)))
  const { text, signatures } = parseNote(note)
  const keys = cosigners.flatMap((cosigner) => cosigner.keys)
  const rule = { keys, verify: verifyEd25519, ...cosigningTimes(date, clock.now()) }
  const room = mostSignatures - signatures.length
  const lines = new Set<string>()
  for (const { name } of inOrder(await archive.list(cosignaturesOf(date)), date, keys)) {
    if (lines.size >= room) break
    for (const line of linesIn(text, textOf(await fileOf(archive, name)), rule)) if (lines.size < room) lines.add(line)
  }
  if (lines.size === 0)
    throw new Problem('not-found', `The checkpoint of ${date} is kept without a cosignature of a witness.`)
  return `${note}${[...lines].join('')}`
}

/** The files of the witnesses that are set come first, so that no others crowd them out. */
function inOrder(files: readonly ArchivedFile[], date: Day, keys: readonly WitnessKey[]): readonly ArchivedFile[] {
  const small = files.filter(({ size }) => size <= mostBytes)
  const isOurs = ({ name }: ArchivedFile) => keys.some(({ keyId }) => name.startsWith(cosignaturePath(date, keyId)))
  return [...small.filter(isOurs), ...small.filter((file) => !isOurs(file))]
}

/** What is no cosignature was reported when it was found. */
function linesIn(text: string, lines: string, rule: CosignatureRule): readonly string[] {
  const some = unlessBroken(() => readCosignatureLines(text, lines)) ?? []
  return some
    .filter((one) => unlessBroken(() => cosignaturesIn(text, [one], rule)) !== null)
    .map((one) => formatSignatures([one]))
}

function unlessBroken<T>(work: () => T): T | null {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof Broken) return null
    throw cause
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
