import { createHash } from 'node:crypto'
import { decode64, encode64 } from '../data/base64.ts'
import { Broken } from '../data/broken.ts'
import { type Day, endOf } from '../data/day.ts'
import { type Instant, milliseconds } from '../data/instant.ts'
import { isKeyName, type NoteSignature, parseNote } from './note.ts'

/**
 * The public key of a witness: of somebody who cosigns the checkpoints of logs that have only grown (C2SP
 * tlog-cosignature, Ed25519).
 */
export interface WitnessKey {
  /** The name of the witness. */
  readonly name: string
  /** 4 bytes. */
  readonly keyId: Uint8Array
  /** 32 bytes. */
  readonly key: Uint8Array
}

/** What is wrong with a text that should be the key of a witness. */
export type WitnessKeyFlaw = 'form' | 'type' | 'id'

/** A cosignature that holds. */
export interface Cosignature {
  readonly key: WitnessKey
  /** When the witness made it, by its own clock: seconds since 1970. */
  readonly time: number
  readonly line: NoteSignature
}

/** Checks a signature of Ed25519 (RFC 8032). Passed in, since the core can only hash. */
export type VerifyEd25519 = (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean

/** What a cosignature must be to count. */
export interface CosignatureRule {
  /** The keys to trust. */
  readonly keys: readonly WitnessKey[]
  readonly verify: VerifyEd25519
  /** The least and the greatest time that it may be of: seconds since 1970. */
  readonly from: number
  readonly until: number
}

/** C2SP signed-note: Ed25519 cosignatures. */
const type = 4

const idBytes = 4
const keyBytes = 32
const timeBytes = 8
const signatureBytes = 64

/** Seconds by which the clock of a witness may be wrong. */
const tolerated = 600

/** Reads a verifier key as `<name>+<key id in hex>+<base64>` (C2SP signed-note). */
export function readWitnessKey(text: string): WitnessKey | WitnessKeyFlaw {
  const [, name = '', id = '', encoded = ''] =
    /^([^+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{4,4096})$/.exec(text) ?? []
  const bytes = decode64(encoded)
  if (!isKeyName(name) || bytes === null) return 'form'
  if (bytes[0] !== type) return 'type'
  if (bytes.length !== 1 + keyBytes) return 'form'
  const keyId = idOf(name, bytes)
  return hexOf(keyId) === id ? { name, keyId, key: bytes.subarray(1) } : 'id'
}

/** Writes what {@link readWitnessKey} reads. */
export const formatWitnessKey = ({ name, keyId, key }: WitnessKey): string =>
  `${name}+${hexOf(keyId)}+${encode64(Uint8Array.of(type, ...key))}`

/** C2SP tlog-cosignature: the hash over name, type and key. */
const idOf = (name: string, typed: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, idBytes))

/** Writes a key id as verifier keys have it: 8 hex digits. */
export const hexOf = (keyId: Uint8Array): string => Buffer.from(keyId).toString('hex')

const isSameWitnessKey = (a: Pick<WitnessKey, 'name' | 'keyId'>, b: Pick<WitnessKey, 'name' | 'keyId'>): boolean =>
  a.name === b.name && hexOf(a.keyId) === hexOf(b.keyId)

/** The text that a witness signs (C2SP tlog-cosignature, "Ed25519 signed message"). @param text of the note, with its last newline */
const cosignedText = (time: number | bigint, text: string): string => `cosignature/v1\ntime ${time}\n${text}`

/**
 * The times that a cosignature of a day's checkpoint may be of: the checkpoint is made when the day is over.
 *
 * @param now the time by the clock of whoever looks at it
 */
export const cosigningTimes = (date: Day, now: Instant): Pick<CosignatureRule, 'from' | 'until'> => ({
  from: milliseconds(endOf(date)) / 1000 - tolerated,
  until: Math.floor(milliseconds(now) / 1000) + tolerated,
})

/**
 * Finds the cosignatures among the signatures of a checkpoint. Those of other keys are ignored, as C2SP asks of clients.
 *
 * @param text of the checkpoint, with its last newline
 * @throws {Broken} `bad-cosignature` if a line claims to be of one of the keys, and does not hold or has an impossible time
 */
export function cosignaturesIn(
  text: string,
  signatures: readonly NoteSignature[],
  { keys, verify, from, until }: CosignatureRule,
): readonly Cosignature[] {
  return signatures.flatMap((line) => {
    const key = keys.find((one) => isSameWitnessKey(one, line))
    if (key === undefined) return []
    const time = timeIn(line.signature)
    if (time === null) throw refused(key, 'is not a time and a signature of Ed25519')
    if (!verify(key.key, Buffer.from(cosignedText(time, text)), line.signature.subarray(timeBytes)))
      throw refused(key, 'does not hold')
    if (time < from || time > until) throw refused(key, `is of a time that cannot be: second ${time} since 1970`)
    return [{ key, time: Number(time), line }]
  })
}

/**
 * Reads lines of cosignatures without the checkpoint that they are of.
 *
 * @param text of the checkpoint, with its last newline
 * @throws {Broken} `bad-cosignature` for anything but signature lines
 */
export function readCosignatureLines(text: string, lines: string): readonly NoteSignature[] {
  try {
    const note = parseNote(`${text}\n${lines}`)
    // Lines with an empty one among them would move the end of the text.
    if (note.text === text) return note.signatures
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
  }
  throw new Broken('bad-cosignature', 'These are no lines of cosignatures, each as — <name> <base64>.')
}

/** The file of the archive in which a day's cosignatures of one witness are kept, by the key's id. */
export const cosignaturePath = (date: Day, keyId: Uint8Array): string => `${cosignaturesOf(date)}${hexOf(keyId)}`

/** What the names of all files begin with that have cosignatures of a day. */
export const cosignaturesOf = (date: Day): string => `cosignatures/${date}/`

/** The name under which the cosigned checkpoint of a day is downloaded. */
export const cosignaturesName = (date: Day): string => `cosignatures-${date}.txt`

function timeIn(signature: Uint8Array): bigint | null {
  if (signature.length !== timeBytes + signatureBytes) return null
  return new DataView(signature.buffer, signature.byteOffset, timeBytes).getBigUint64(0)
}

const refused = ({ name, keyId }: WitnessKey, what: string): Broken =>
  new Broken('bad-cosignature', `The cosignature of ${name} (key ${hexOf(keyId)}) ${what}.`)
