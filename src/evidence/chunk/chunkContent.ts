import { deflateRawSync, inflateRawSync, constants } from 'node:zlib'
import type { Digest, RequestId } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import type { ChunkPart } from '../../core/log/chunk.ts'
import type { Exceptional } from '../../core/record/auditException.ts'
import type { DeputyFact } from '../../core/record/knownDeputies.ts'
import type { LifeFacts } from '../../core/record/metrics.ts'
import type { HoldFact, ToldOfDay } from '../../core/record/replay.ts'
import type { Life } from '../../core/record/replayedRequest.ts'
import { isOpen, type Status } from '../../core/request/request.ts'

/** What the day needs of a chunk's events beside their leaves and their requests. */
export interface ChunkFacts {
  /** How many events there are of each type. */
  readonly types: Readonly<Record<string, number>>
  /** The policy versions that events and carried events name. */
  readonly policies: readonly Digest[]
  /** The version in force after the last event; absent if no event has named one. */
  readonly policy?: Digest
  /** The key that `key-rotated` names (SPKI, base64). */
  readonly newKey?: string
  /** The time of the last event. */
  readonly at: Instant
  /** What the shard's day has told until the last event. */
  readonly told: ToldOfDay
  /** Requests that began on an earlier day, and their lines of `carried.jsonl`, in this order. */
  readonly carried: readonly { readonly request: RequestId; readonly lines: readonly string[] }[]
  readonly exceptions: readonly ChunkException[]
  readonly holds: readonly HoldFact[]
  /** Who was away, and what their deputies did. Absent if there is nothing of this. */
  readonly deputies?: readonly DeputyFact[]
}

/** A row of `exceptions.csv` whose place in the log is not known yet. */
export interface ChunkException {
  /** Its `index` is the number of the event. */
  readonly row: Exceptional
  /** The change of policy that it tells of, of which the day has one row. */
  readonly change?: string
}

/** A request as the last event of a chunk left it. */
export interface ChunkRow {
  /** Its line of `requests.csv`. */
  readonly line: string
  /** Its line of `further.csv`. Absent if it has none. */
  readonly further?: string
  readonly facts: LifeFacts
}

/** The parts of a chunk as they lie in its file. */
export type ChunkBytes = Readonly<Record<ChunkPart, Uint8Array>>

/** Deflates as a piece of a stream: what follows may be put behind it, and it can be inflated alone. */
export const deflatedPiece = (bytes: Uint8Array): Uint8Array =>
  bytes.length === 0 ? bytes : deflateRawSync(bytes, { level: 1, finishFlush: constants.Z_SYNC_FLUSH })

/** The end of a deflated stream that consists of pieces: an empty last block (RFC 1951 section 3.2.6). */
export const lastPiece: Uint8Array = Uint8Array.of(3, 0)

/** Inflates a piece. @param size bytes that it has then; the caller knows that the piece is authentic */
export const inflatedPiece = (piece: Uint8Array, size?: number): Buffer =>
  inflateRawSync(piece, {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(size !== undefined && { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(size, 64) }),
  })

/** Writes the part `rows`: the facts in the first line, and a line for each request, with its id before it. */
export const formatRows = (facts: ChunkFacts, rows: ReadonlyMap<RequestId, ChunkRow>): Uint8Array =>
  deflatedPiece(
    Buffer.from([JSON.stringify(facts), ...[...rows].map(([id, row]) => `${id} ${JSON.stringify(row)}`)].join('\n')),
  )

/** Reads the part `rows`. Rows stay bytes, because only the newest of each request counts. */
export function parseRows(part: Uint8Array): {
  readonly facts: ChunkFacts
  readonly rows: readonly (readonly [RequestId, Buffer])[]
} {
  const [first = Buffer.alloc(0), ...lines] = linesOf(inflatedPiece(part))
  return {
    facts: JSON.parse(first.toString('utf8')) as ChunkFacts,
    rows: lines.map(
      (line) => [line.toString('latin1', 0, idLength) as RequestId, line.subarray(idLength + 1)] as const,
    ),
  }
}

function* linesOf(bytes: Buffer): Generator<Buffer, void, undefined> {
  let from = 0
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
    yield bytes.subarray(from, end)
    from = end + 1
  }
  yield bytes.subarray(from)
}

const newline = 10

export const parseRow = (row: Buffer): ChunkRow => JSON.parse(row.toString('utf8')) as ChunkRow

const idLength = 29

/** Whether a request still changes by itself. Of others only an erasure is recorded. */
export const goesOn = (status: Status): boolean => isOpen({ status }) || status === 'redeemed'

/** Writes the part `lives`: a line for each request that goes on. */
export const formatLives = (lives: readonly Life[]): Uint8Array =>
  deflatedPiece(
    Buffer.from(lives.flatMap((life) => (goesOn(life.request.status) ? [`${JSON.stringify(life)}\n`] : [])).join('')),
  )

export const parseLives = (part: Uint8Array): readonly Life[] =>
  inflatedPiece(part)
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Life)
