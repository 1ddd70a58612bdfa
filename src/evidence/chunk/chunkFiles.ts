import { Broken } from '../../core/data/broken.ts'
import type { Day } from '../../core/data/day.ts'
import { type Hex, type Shard, sha256 } from '../../core/data/id.ts'
import { evidenceBroken } from '../../core/data/problem.ts'
import {
  authenticatedChunk,
  chunkDigest,
  type ChunkNote,
  type ChunkPart,
  chunkParts,
  chunkPath,
  chunksOf,
  formatChunk,
  placeOfPart,
} from '../../core/log/chunk.ts'
import type { WitnessedHead } from '../../core/log/witness.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Macs } from '../../runtime/macs.ts'
import { readChunks } from '../witnessFiles.ts'
import type { ChunkBytes } from './chunkContent.ts'

export interface ChunkFilesParts {
  readonly archive: Pick<Archive, 'list' | 'open' | 'write'>
  readonly macs: Macs
  readonly random: (bytes: number) => Uint8Array
  /** Is called with forged files, which count for nothing. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** A chunk in the archive. */
export interface KeptChunk extends ChunkNote {
  readonly digest: Hex
  /** Files with this note. One of them has its content: others may be forged. */
  readonly names: readonly string[]
}

/**
 * Stores a chunk. Another process may have stored the same one: then that counts. If a forged file has its name, it is
 * stored beside that.
 *
 * @throws {Problem} `unavailable`
 */
export async function keepChunk(
  parts: ChunkFilesParts,
  about: Omit<ChunkNote, 'parts'>,
  content: ChunkBytes,
): Promise<KeptChunk> {
  const { macs, random } = parts
  const contents = chunkParts.map((part) => [part, { size: content[part].length, sha256: sha256(content[part]) }])
  const note: ChunkNote = { ...about, parts: Object.fromEntries(contents) as ChunkNote['parts'] }
  const { origin, sign } = await macs.rows()
  const text = formatChunk(note, sign(authenticatedChunk(origin, note)))
  const path = chunkPath(note)
  const store = (name: string) => parts.archive.write(name, bytesOf(content), contentType, () => text)
  const [standing] = await authentic(parts, [await store(path)])
  if (standing?.tool === note.tool && standing.from.seq === note.from.seq) return standing
  const [beside] = await authentic(parts, [await store(`${path}.${Buffer.from(random(8)).toString('hex')}`)])
  if (!beside) throw new Error(`${path} was stored, and cannot be read.`)
  return beside
}

const contentType = 'application/octet-stream'

async function* bytesOf(content: ChunkBytes): AsyncGenerator<Uint8Array> {
  for (const part of chunkParts) yield content[part]
}

/**
 * Lists the chunks of a shard's day that the service wrote. Others are reported.
 *
 * @throws {Broken} `missing-member` if one of them names a chunk before it that is not there
 */
export async function chunksIn(parts: ChunkFilesParts, date: Day, shard: Shard): Promise<readonly KeptChunk[]> {
  const chunks = await authentic(parts, await parts.archive.list(chunksOf(date, shard)))
  const digests = new Set(chunks.map(({ digest }) => digest))
  const lone = chunks.find(({ before }) => before !== undefined && !digests.has(before))
  if (lone) throw new Broken('missing-member', `The archive lacks the chunk before ${lone.names[0]}.`)
  return chunks
}

async function authentic(
  { macs, failed }: Pick<ChunkFilesParts, 'macs' | 'failed'>,
  files: readonly ArchivedFile[],
): Promise<readonly KeptChunk[]> {
  const { found, foreign } = await readChunks(macs, files)
  for (const row of foreign) failed(evidenceBroken({ shard: 'chunks', row, check: 'mac' }))
  const known = new Map<Hex, KeptChunk>()
  for (const { name, ...note } of found) {
    const digest = chunkDigest(note)
    known.set(digest, { ...note, digest, names: [...(known.get(digest)?.names ?? []), name] })
  }
  return [...known.values()]
}

/**
 * Picks the chunks that follow each other from an event on. Of those that begin with the same event the longest counts.
 *
 * @param tool the version of the program whose chunks count
 * @throws {Broken} `broken-chain` for a chunk that names another event in the place of one that is before it
 */
export function chainFrom(chunks: readonly KeptChunk[], from: WitnessedHead, tool: string): readonly KeptChunk[] {
  const chain: KeptChunk[] = []
  for (let end = from; ; ) {
    const after = chunks.filter((chunk) => chunk.from.seq === end.seq)
    const other = after.find((chunk) => chunk.from.hash !== end.hash)
    if (other) throw saysOtherwise(end.seq, other.shard)
    const next = after
      .filter((chunk) => chunk.tool === tool)
      .reduce<KeptChunk | null>((a, b) => (a === null || b.to.seq > a.to.seq ? b : a), null)
    if (next === null) return chain
    chain.push(next)
    end = next.to
  }
}

/** The error for an event in whose place a chunk has another. */
export const saysOtherwise = (seq: number, shard: Shard): Broken =>
  new Broken('broken-chain', `Event ${seq} of shard ${shard} is not the one that a chunk in the archive has.`, {
    event: { shard, seq },
  })

/**
 * Reads parts of a chunk that lie one behind the other.
 *
 * @throws {Broken} `missing-member` if no file has them as the note says
 */
export async function readParts<Part extends ChunkPart>(
  { archive, failed }: Pick<ChunkFilesParts, 'archive' | 'failed'>,
  chunk: KeptChunk,
  wanted: readonly [Part, ...Part[]],
): Promise<Readonly<Record<Part, Buffer>>> {
  const { from } = placeOfPart(chunk, wanted[0])
  const size = wanted.reduce((sum, part) => sum + chunk.parts[part].size, 0)
  for (const name of chunk.names) {
    const bytes = await collected(await archive.open(name, { from, size }))
    const found = wanted.map((part) => {
      const place = placeOfPart(chunk, part)
      return [part, bytes.subarray(place.from - from, place.from - from + place.size)] as const
    })
    if (found.every(([part, some]) => sha256(some) === chunk.parts[part].sha256))
      return Object.fromEntries(found) as Record<Part, Buffer>
    failed(evidenceBroken({ shard: 'chunks', row: name, check: 'mac' }))
  }
  throw new Broken('missing-member', `The archive does not have the chunk ${chunkPath(chunk)} as it was written.`)
}

async function collected(bytes: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes ?? []) pieces.push(piece)
  return Buffer.concat(pieces)
}
