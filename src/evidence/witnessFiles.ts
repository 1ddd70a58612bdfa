import { authenticatedEnd, type End, endPath, parseEnd } from '../core/log/end.ts'
import { authenticatedChunk, type ChunkNote, isChunkName, parseChunk } from '../core/log/chunk.ts'
import type { Mac } from '../core/log/mac.ts'
import { authenticatedSnapshot, isSnapshotFile, parseSnapshot, type SnapshotNote } from '../core/log/snapshot.ts'
import { authenticatedHeads, isHeadsName, parseHeads, type Witnessed } from '../core/log/witness.ts'
import type { ArchivedFile } from '../ports/archive.ts'
import type { Macs } from '../runtime/macs.ts'

/** The contents of files that the service wrote, and the names of foreign ones. */
export interface Authentic<T> {
  readonly found: readonly T[]
  readonly foreign: readonly string[]
}

/** Reads files of heads from their notes only, in the given order, until the wanted number is found. */
export const readHeads = (macs: Macs, files: readonly ArchivedFile[], most = Infinity): Promise<Authentic<Witnessed>> =>
  authentic(macs, files, most, (note, name) => {
    const read = parseHeads(note)
    return (
      read &&
      isHeadsName(name, read.heads) && {
        value: read.heads,
        mac: read.mac,
        text: authenticatedHeads(macs.origin, read.heads),
      }
    )
  })

/** Reads files of ends, as {@link readHeads} does files of heads. */
export const readEnds = (macs: Macs, files: readonly ArchivedFile[]): Promise<Authentic<End>> =>
  authentic(macs, files, Infinity, (note, name) => {
    const read = parseEnd(note)
    return (
      read &&
      name === endPath(read.end.request) && {
        value: read.end,
        mac: read.mac,
        text: authenticatedEnd(macs.origin, read.end),
      }
    )
  })

/** As {@link readHeads}, of snapshots: each note with the name of its file. */
export const readSnapshots = (macs: Macs, files: readonly ArchivedFile[]): Promise<Authentic<Named<SnapshotNote>>> =>
  named(macs, files, { parse: parseSnapshot, isName: isSnapshotFile, covered: authenticatedSnapshot })

/** As {@link readHeads}, of chunks: each note with the name of its file. */
export const readChunks = (macs: Macs, files: readonly ArchivedFile[]): Promise<Authentic<Named<ChunkNote>>> =>
  named(macs, files, { parse: parseChunk, isName: isChunkName, covered: authenticatedChunk })

type Named<Note> = Note & { readonly name: string }

/** How a kind of note is read: from its text, with the names that its file may have, and the text that its MAC covers. */
interface NoteKind<Note> {
  readonly parse: (text: string) => { readonly note: Note; readonly mac: Mac } | null
  readonly isName: (name: string, note: Note) => boolean
  readonly covered: (origin: string, note: Note) => string
}

const named = <Note extends object>(
  macs: Macs,
  files: readonly ArchivedFile[],
  { parse, isName, covered }: NoteKind<Note>,
): Promise<Authentic<Named<Note>>> =>
  authentic(macs, files, Infinity, (text, name) => {
    const read = parse(text)
    return (
      read &&
      isName(name, read.note) && { value: { ...read.note, name }, mac: read.mac, text: covered(macs.origin, read.note) }
    )
  })

async function authentic<T>(
  macs: Macs,
  files: readonly ArchivedFile[],
  most: number,
  parse: (note: string, name: string) => { readonly value: T; readonly mac: Mac; readonly text: string } | false | null,
): Promise<Authentic<T>> {
  const found: T[] = []
  const foreign: string[] = []
  for (const { name, note } of files) {
    if (found.length >= most) break
    const read = note === undefined ? null : parse(note, name)
    if (read && (await macs.isAuthentic(read.text, read.mac))) found.push(read.value)
    else foreign.push(name)
  }
  return { found, foreign }
}
