import { readWitnessKey } from '../../core/log/cosignature.ts'
import { spkiFromPem, thumbprintOf } from '../../core/log/signature.ts'
import { keptCheckpointsIn } from '../../verify/keptCheckpoints.ts'
import { words } from './words.ts'

export interface NamedText {
  readonly name: string
  readonly text: string
}

/** A file or a text that somebody gave to the page, by what it is. */
export type GivenPiece =
  | { readonly kind: 'key'; readonly name: string; readonly pem: string; readonly thumbprint: string }
  | { readonly kind: 'bundle'; readonly name: string; readonly file: File }
  | { readonly kind: 'said'; readonly name: string; readonly file: File }
  | ({ readonly kind: 'checkpoint'; readonly count: number } & NamedText)
  | { readonly kind: 'cosigned'; readonly name: string; readonly file: File }
  /** The key of a witness, as `name+hash+base64`. */
  | { readonly kind: 'witness'; readonly name: string; readonly key: string }
  /** Why it is of no use here, for people. */
  | { readonly kind: 'refused'; readonly name: string; readonly why: string }

export type PieceOf<K extends GivenPiece['kind']> = Extract<GivenPiece, { readonly kind: K }>

/** Bytes of a key or of kept checkpoints. Larger texts are none. */
const mostText = 2 ** 20

/** Finds what a file is by its content, and by its name where that says more. */
export async function pieceOf(file: File): Promise<GivenPiece> {
  try {
    return await readPiece(file)
  } catch {
    // A folder, or a file that was removed after it was chosen.
    return unreadable(file.name)
  }
}

/** What cannot be read. */
export const unreadable = (name: string): GivenPiece => ({ kind: 'refused', name, why: words.notReadable(name) })

async function readPiece(file: File): Promise<GivenPiece> {
  const { name } = file
  const begin = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  const isZip = begin[0] === 0x50 && begin[1] === 0x4b
  // A damaged zip is one too: the verifier says what is wrong with it.
  if (isZip || /\.zip$/i.test(name)) return { kind: 'bundle', name, file }
  if (begin[0] === 0x7b || /\.jsonl$/i.test(name)) return { kind: 'said', name, file }
  if (/^cosignatures-.*\.txt$/.test(name)) return { kind: 'cosigned', name, file }
  if (file.size > mostText) return { kind: 'refused', name, why: words.nothingKnown(name) }
  return textPiece(name, await file.text())
}

/** Finds what a short text is. */
export function textPiece(name: string, text: string): GivenPiece {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return { kind: 'refused', name, why: words.privateKey(name) }
  if (text.includes('-----BEGIN')) {
    const spki = spkiFromPem(text)
    if (spki === null) return { kind: 'refused', name, why: words.notKey(name) }
    return { kind: 'key', name, pem: text, thumbprint: thumbprintOf(spki) }
  }
  const witness = readWitnessKey(text.trim())
  if (typeof witness !== 'string') return { kind: 'witness', name: witness.name, key: text.trim() }
  const count = keptCheckpointsIn(text, name).length
  if (count > 0) return { kind: 'checkpoint', name, text, count }
  return { kind: 'refused', name, why: words.nothingKnown(name) }
}

/** Lists the files that were dropped, those in folders too. */
export async function filesIn(items: DataTransferItemList): Promise<readonly File[]> {
  // The list is empty after this task, so the entries are taken before anything is awaited.
  const entries = [...items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null
    return entry ? [entry] : []
  })
  const found: File[] = []
  for (const entry of entries) found.push(...(await filesOf(entry)))
  return found
}

async function filesOf(entry: FileSystemEntry): Promise<readonly File[]> {
  if (isFile(entry)) return [await new Promise<File>((resolve, reject) => entry.file(resolve, reject))]
  if (!isFolder(entry)) return []
  const reader = entry.createReader()
  const found: File[] = []
  for (;;) {
    // A reader gives some hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return found
    for (const one of some) found.push(...(await filesOf(one)))
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory
