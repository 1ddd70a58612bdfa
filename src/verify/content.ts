import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Hex } from '../core/data/id.ts'
import type { Extent } from './zip/centralDirectory.ts'
import { readInto } from './file.ts'
import { BrokenAt } from './finding.ts'
import { inflated } from './inflate.ts'
import { Uninflatable } from './uninflatable.ts'

/** Bytes that are read or inflated at once. Large chunks let the threads of Node work side by side. */
const chunk = 1 << 18

/**
 * Streams a member, exactly the bytes that the zip says: other tools refuse a member with another length or checksum.
 *
 * @throws {BrokenAt} `bad-zip` if there are more, fewer or others, or if they cannot be inflated
 */
export async function* contentOf(fd: number, extent: Extent): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0
  let checksum = 0
  for await (const bytes of extent.method === 'stored' ? storedOf(fd, extent) : inflatedOf(fd, extent)) {
    length += bytes.length
    // The zip only claims this size: reading stops there, so that a member cannot inflate without bound.
    if (length > extent.length) throw damaged(extent, 'has more bytes than the zip says')
    checksum = crc32(bytes, checksum)
    yield bytes
  }
  if (length < extent.length) throw damaged(extent, 'has fewer bytes than the zip says')
  if (checksum !== extent.crc32) throw damaged(extent, 'has another checksum than the zip says')
}

/** Reads all of a small member. The check of the zip's directory has limited its size. */
export async function bytesOf(fd: number, extent: Extent): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of contentOf(fd, extent)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Computes the SHA-256 of a member. */
export async function digestOf(fd: number, extent: Extent): Promise<Hex> {
  const hash = createHash('sha256')
  for await (const piece of contentOf(fd, extent)) hash.update(piece)
  return hash.digest('hex') as Hex
}

/** Streams bytes of an open file, and leaves it open. A stream of Node would close the file when its reader stops. */
export async function* storedOf(
  fd: number,
  { start, size }: Pick<Extent, 'start' | 'size'>,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; ) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(chunk, size - at))
    const bytesRead = await readInto(bytes, fd, start + at)
    if (bytesRead === 0) return
    yield bytes.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function* inflatedOf(fd: number, extent: Extent): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* inflated(storedOf(fd, extent), { ...extent, chunk })
  } catch (cause) {
    if (!(cause instanceof Uninflatable)) throw cause
    throw damaged(extent, cause.message, cause)
  }
}

const damaged = ({ name: member }: Extent, what: string, cause?: unknown): BrokenAt =>
  new BrokenAt({ check: 'zip', member }, 'bad-zip', `${member} ${what}.`, cause === undefined ? undefined : { cause })
