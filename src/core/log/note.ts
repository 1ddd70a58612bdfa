import { decode64, encode64 } from '../data/base64.ts'
import { Broken } from '../data/broken.ts'

export interface NoteSignature {
  /** The key's name. Only the key id can confirm it, since a signer may write any name. */
  readonly name: string
  /** 4 bytes. */
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

/** A text and its signatures. */
export interface Note {
  /** The signed text, which ends in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** C2SP signed-note asks for limits that allow at least 16 signatures, and says that some have 5 kB. */
const limits = { characters: 262_144, signatures: 32 } as const

/** Signatures that a note has at most. */
export const mostSignatures = limits.signatures

const nameForm = String.raw`[^\p{White_Space}\p{Cc}+]+`
const nameAlone = new RegExp(`^${nameForm}$`, 'u')
const line = new RegExp(`^— (${nameForm}) ([A-Za-z0-9+/=]+)$`, 'u')

/** Whether a key may have this name. It must have no spaces, plus signs or control characters. */
export const isKeyName = (text: string): boolean => text.length <= 255 && text.isWellFormed() && nameAlone.test(text)

/** Writes a note (C2SP signed-note). */
export const formatNote = (text: string, signatures: readonly NoteSignature[]): string =>
  `${text}\n${formatSignatures(signatures)}`

/** Writes the last lines of a note, one for each signature. */
export const formatSignatures = (signatures: readonly NoteSignature[]): string =>
  signatures
    .map(({ name, keyId, signature }) => `— ${name} ${encode64(Uint8Array.of(...keyId, ...signature))}\n`)
    .join('')

/** Reads a note. @throws {Broken} `bad-checkpoint` */
export function parseNote(note: string): Note {
  // The note is not trusted yet: its size is checked before it is parsed.
  if (note.length > limits.characters) throw malformed(`has more than ${limits.characters} characters`)
  if (!note.isWellFormed() || hasControls(note)) throw malformed('has characters that do not belong into one')
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) throw malformed('is not text, an empty line, and signature lines')
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > limits.signatures) throw malformed(`has more than ${limits.signatures} signatures`)
  return { text: note.slice(0, end + 1), signatures: lines.map(readSignature) }
}

function readSignature(text: string): NoteSignature {
  const [, name, encoded] = line.exec(text) ?? []
  const bytes = encoded === undefined ? null : decode64(encoded)
  if (name === undefined || bytes === null || bytes.length < 5 || !isKeyName(name))
    throw malformed('has a signature line that is not — <name> <base64>')
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) }
}

/** Whether a text has a control character below U+0020 other than a newline. */
function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 && text[i] !== '\n') return true
  return false
}

const malformed = (what: string): Broken => new Broken('bad-checkpoint', `The signed note ${what}.`)
