import type { Day } from '../data/day.ts'
import { type Hex, type Shard, sha256 } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical, type JsonObject } from '../data/json.ts'
import { day, hex, moment, object, oneOf, shard, text, whole } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from './authenticated.ts'
import type { Mac } from './mac.ts'
import type { WitnessedHead } from './witness.ts'

/**
 * The parts of a chunk, in the order in which they lie in its file: the leaf hashes, one after the other; what the
 * tables need of the events; the leaves as lines; those requests of them that go on. All but the first are deflated.
 */
export const chunkParts = ['hashes', 'rows', 'leaves', 'lives'] as const
export type ChunkPart = (typeof chunkParts)[number]

/** What the note of a chunk says of one part of the file. */
interface PartContent {
  /** Bytes in the file. */
  readonly size: number
  /** Of these bytes. */
  readonly sha256: Hex
}

/** Events of one shard and one day, checked and replayed: the note beside the file that has them. */
export interface ChunkNote {
  readonly date: Day
  readonly shard: Shard
  /** When it was made. */
  readonly at: Instant
  /** Name and version of the program that made it. */
  readonly tool: string
  /** The event before the first: number 0, and a hash of 64 zeros, before the shard's first event. */
  readonly from: WitnessedHead
  /** The last event. */
  readonly to: WitnessedHead
  /** {@link chunkDigest} of the chunk before it; absent in the first of its day. */
  readonly before?: Hex
  /** Bytes of the leaves, each with the end of its line, before they were deflated. */
  readonly bytes: number
  readonly parts: Readonly<Record<ChunkPart, PartContent>>
}

/** Files under this prefix of the write-once container are chunks. */
const chunksPrefix = 'chunks/'

const numbered = (seq: number): string => String(seq).padStart(12, '0')

/** The beginning of the names of a day's chunks, or of those of one shard. */
export const chunksOf = (date: Day, shard?: Shard): string =>
  shard === undefined ? `${chunksPrefix}${date}/` : `${chunksPrefix}${date}/${shard}/`

/** `chunks/2026-01-31/0a/000000000001-000000000345-<hash of event 345>` */
export const chunkPath = ({ date, shard, from, to }: Pick<ChunkNote, 'date' | 'shard' | 'from' | 'to'>): string =>
  `${chunksOf(date, shard)}${numbered(from.seq + 1)}-${numbered(to.seq)}-${to.hash}`

/** Whether a file's name belongs to its note, perhaps with a suffix. A copy under another name does not count. */
export const isChunkName = (name: string, note: ChunkNote): boolean =>
  name === chunkPath(note) || name.startsWith(`${chunkPath(note)}.`)

/** Where a part lies in the file. */
export function placeOfPart({ parts }: Pick<ChunkNote, 'parts'>, wanted: ChunkPart): { from: number; size: number } {
  const before = chunkParts.slice(0, chunkParts.indexOf(wanted))
  return { from: before.reduce((sum, part) => sum + parts[part].size, 0), size: parts[wanted].size }
}

/** The text that the MAC of a note is made of. */
export const authenticatedChunk = (origin: string, note: ChunkNote): string =>
  canonical({ type: 'countersign/chunk/v1', origin, ...jsonOf(note) })

/** By this the next chunk names this one. */
export const chunkDigest = (note: ChunkNote): Hex => sha256(canonical(jsonOf(note)))

/** Writes the note: one line of canonical JSON. */
export const formatChunk = (note: ChunkNote, mac: Mac): string => authenticatedText(jsonOf(note), mac)

/** Reads a note without checking its MAC; `null` if it is anything else. */
export const parseChunk = (note: string): { readonly note: ChunkNote; readonly mac: Mac } | null => {
  const found = readAuthenticated<ChunkNote & { readonly v: 1 }>(note, form, mostBytes)
  if (found === null) return null
  const { v: _version, ...value } = found.value
  return { note: value, mac: found.mac }
}

const jsonOf = ({ from, to, parts, ...note }: ChunkNote): JsonObject => ({
  ...note,
  from: { ...from },
  to: { ...to },
  parts: Object.fromEntries(chunkParts.map((part) => [part, { ...parts[part] }])),
  v: 1,
})

/** The most that a note in the archive may have. */
const mostBytes = 4_096

const head = object({ hash: hex, seq: whole(0) })
const content = object({ sha256: hex, size: whole(0) })

const form = object({
  at: moment,
  'before?': hex,
  bytes: whole(0),
  date: day,
  from: head,
  parts: object({ hashes: content, leaves: content, lives: content, rows: content }),
  shard,
  to: head,
  tool: text(/^[ -~]{1,100}$/),
  v: oneOf(1),
})
