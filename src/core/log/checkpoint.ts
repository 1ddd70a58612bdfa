import { decodeHash, encode64 } from '../data/base64.ts'
import { Broken, type BrokenCode } from '../data/broken.ts'
import { isKeyName, type NoteSignature, parseNote } from './note.ts'
import { keyIdOf, rawOf } from './signature.ts'

/** The state of a log that its key signs: the root commits to all leaves. */
export interface Checkpoint {
  /** The name of the log, which is the name of its key, too. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

/** Checks an ECDSA signature (P-256, SHA-256, DER) over these bytes. Passed in, since the core can only hash. */
export type VerifySignature = (spki: Uint8Array, bytes: Uint8Array, der: Uint8Array) => boolean

/** How a log grew: a consistency proof from an older size, and the note of the checkpoint that it leads to. */
export interface Add {
  readonly from: number
  readonly proof: readonly Uint8Array[]
  readonly note: string
}

/** C2SP tlog-witness: the most hashes of a proof, in a tree of fewer than 2^63 leaves. */
const maxProof = 63

/** Writes the text that is signed (C2SP tlog-checkpoint). */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${encode64(root)}\n`

/** Reads a checkpoint without extension lines. @throws {Broken} `bad-checkpoint` */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', sizeLine = '', rootLine = '', ...rest] = text.split('\n', 6)
  const size = parseSize(sizeLine)
  const root = decodeHash(rootLine)
  if (rest.length !== 1 || rest[0] !== '' || size === null || root === null || !isKeyName(origin))
    throw new Broken('bad-checkpoint', 'The checkpoint is not three lines: origin, size, root.')
  return { origin, size, root }
}

/**
 * Reads a checkpoint whose signature holds.
 *
 * Signatures of other keys are ignored, and so is a signature whose key name is not the log's origin.
 *
 * @param keys the keys to trust (SPKI)
 * @returns the checkpoint and the trusted keys that signed it, in the note's order
 * @throws {Broken} `bad-checkpoint`; `wrong-key` if none of the keys signed it; `bad-signature` if a signature claims
 *   to be of one of the keys and does not hold.
 */
export function openCheckpoint(
  note: string,
  keys: readonly Uint8Array[],
  verify: VerifySignature,
): Checkpoint & { readonly signedBy: readonly Uint8Array[] } {
  const { text, signatures } = parseNote(note)
  const bytes = Buffer.from(text)
  const origin = text.slice(0, text.indexOf('\n'))
  const signedBy = new Set<Uint8Array>()
  for (const one of signatures.filter(({ name }) => name === origin)) {
    const known = keys.filter((key) => isIdOf(one, key))
    if (known.length === 0) continue
    // A key id is 4 bytes: two trusted keys may share it.
    const signer = rawOf(one.signature) && known.find((key) => verify(key, bytes, one.signature))
    if (!signer) throw new Broken('bad-signature', 'The signature of the checkpoint does not hold.')
    signedBy.add(signer)
  }
  if (signedBy.size === 0) throw new Broken('wrong-key', 'The checkpoint is not signed by the key you trust.')
  return { ...parseCheckpoint(text), signedBy: [...signedBy] }
}

/** Writes a consistency proof as a C2SP tlog-witness `add-checkpoint` body. */
export const formatAdd = (from: number, proof: readonly Uint8Array[], note: string): string =>
  `old ${from}\n${formatHashes(proof)}\n${note}`

/** Reads what {@link formatAdd} wrote, but does not parse the note. @throws {Broken} `bad-consistency` */
export function parseAdd(text: string): Add {
  const { head, note } = splitProof(text, 'bad-consistency')
  const [first = '', ...hashes] = head
  const from = first.startsWith('old ') ? parseSize(first.slice(4)) : null
  const proof = parseHashes(hashes)
  if (from === null || proof === null)
    throw new Broken('bad-consistency', 'The consistency proof is not a line with the old size, and hashes.')
  return { from, proof, note }
}

/** Reads a number of leaves: decimal, without leading zeros. `null` for every other text. */
export function parseSize(text: string): number | null {
  const size = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(size) ? size : null
}

/** Writes one hash a line. */
export const formatHashes = (hashes: readonly Uint8Array[]): string =>
  hashes.map((hash) => `${encode64(hash)}\n`).join('')

/** Reads one hash a line; `null` if a line is not a hash, or if there are more than a proof can have. */
export function parseHashes(lines: readonly string[]): readonly Uint8Array[] | null {
  const hashes = lines.length > maxProof ? [] : lines.map(decodeHash).filter((hash) => hash !== null)
  return hashes.length === lines.length ? hashes : null
}

/** Splits a proof that is followed by an empty line and a note. */
export function splitProof(
  text: string,
  code: BrokenCode,
): { readonly head: readonly string[]; readonly note: string } {
  const end = text.indexOf('\n\n')
  // The hashes and a leaf have less than 16 kB: a larger text is refused before it is split into lines.
  if (end < 0 || end > 16_384) throw new Broken(code, 'The proof is not lines, an empty line, and a checkpoint.')
  return { head: text.slice(0, end).split('\n'), note: text.slice(end + 2) }
}

const isIdOf = ({ keyId }: NoteSignature, key: Uint8Array): boolean => Buffer.compare(keyId, keyIdOf(key)) === 0
