import { dayOf } from '../data/day.ts'
import type { Hex, Shard } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical, type JsonObject } from '../data/json.ts'
import { hex, moment, object, oneOf, shard, text, truth, whole } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from './authenticated.ts'
import type { Mac } from './mac.ts'
import type { WitnessedHead } from './witness.ts'

/** The content of a file: its number of lines, and the digest of all its bytes. */
export interface FileContent {
  readonly sha256: Hex
  readonly lines: number
}

/** A file of the container `backup`. */
export interface BackupFile extends FileContent {
  readonly name: string
}

/**
 * A copy of one shard's rows, from after one head up to another. This file has the rows that no erasure changes: events
 * with their MACs, and the head at the end. Texts that can be erased are in two files of the container `backup`.
 */
export interface Segment extends FileContent {
  readonly kind: 'segment'
  /** When the head was read. */
  readonly at: Instant
  readonly shard: Shard
  /** Before the first event: number 0, and a hash of 64 zeros. */
  readonly from: WitnessedHead
  readonly to: WitnessedHead
  /** Whether texts and requests are those of the whole shard. Otherwise they belong to the segment's events. */
  readonly base: boolean
  /** The texts that people wrote, by event. */
  readonly texts: BackupFile
  /** Rows of requests and of idempotency keys. */
  readonly requests: BackupFile
}

/** A copy of the rows of sealing, with the rows of limits in another file. */
export interface SealCopy extends FileContent {
  readonly kind: 'seal'
  readonly at: Instant
  /** The number of the newest bundle; 0 before the first. */
  readonly number: number
  readonly limits: BackupFile
}

export type SnapshotNote = Segment | SealCopy

/** Files under this prefix of the write-once container are snapshots; their names sort by day. */
export const snapshotsPrefix = 'snapshots/'

/** The name of a snapshot's files without its random end, which keeps others from creating the files before. */
export const snapshotName = (
  note: Pick<Segment, 'kind' | 'at' | 'shard' | 'from'> | Pick<SealCopy, 'kind' | 'at'>,
): string =>
  `${dayOf(note.at)}/${note.kind === 'seal' ? 'seal' : `${note.shard}-${String(note.from.seq).padStart(12, '0')}`}.`

/** Whether a file's name belongs to its note. A copy under another name does not count. */
export const isSnapshotFile = (name: string, note: SnapshotNote): boolean =>
  name.startsWith(`${snapshotsPrefix}${snapshotName(note)}`)

/** The text that the MAC of a note is made of. */
export const authenticatedSnapshot = (origin: string, note: SnapshotNote): string =>
  canonical({ type: 'countersign/snapshot/v1', origin, ...jsonOf(note) })

/** Writes the note of a file: one line of canonical JSON. */
export const formatSnapshot = (note: SnapshotNote, mac: Mac): string => authenticatedText(jsonOf(note), mac)

/** Reads a note without checking its MAC; `null` if it is anything else. */
export const parseSnapshot = (note: string): { readonly note: SnapshotNote; readonly mac: Mac } | null => {
  const found =
    readAuthenticated<SnapshotNote>(note, segmentForm, mostBytes) ??
    readAuthenticated<SnapshotNote>(note, sealForm, mostBytes)
  return found && { note: found.value, mac: found.mac }
}

const jsonOf = (note: SnapshotNote): JsonObject => JSON.parse(JSON.stringify(note)) as JsonObject

/** The most that a note in the archive may have. */
const mostBytes = 4_096

const content = { lines: whole(0), sha256: hex }
const backupFile = object({ ...content, name: text(/^\d{4}-\d\d-\d\d\/[0-9a-z.-]{1,80}$/) })
const head = object({ hash: hex, seq: whole(0) })

const segmentForm = object({
  ...content,
  at: moment,
  base: truth,
  from: head,
  kind: oneOf('segment'),
  requests: backupFile,
  shard,
  texts: backupFile,
  to: head,
})

const sealForm = object({ ...content, at: moment, kind: oneOf('seal'), limits: backupFile, number: whole(0) })
