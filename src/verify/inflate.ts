import { Readable } from 'node:stream'
import { constants, createInflateRaw } from 'node:zlib'
import { Uninflatable } from './uninflatable.ts'

/**
 * Inflates raw deflate (RFC 1951), as the command does. The build for browsers replaces this file.
 *
 * @param size bytes of the source
 * @param length bytes that there should be after inflating
 * @param chunk the most bytes that are inflated at once
 * @throws {Uninflatable} if the source is no such stream, or goes on behind its end
 */
export async function* inflated(
  from: AsyncIterable<Uint8Array>,
  { size, length, chunk }: { readonly size: number; readonly length: number; readonly chunk: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = Readable.from(from, { objectMode: false, highWaterMark: chunk })
  // A small member needs no large chunk. The byte more shows a member that is longer than the zip says.
  const inflate = createInflateRaw({ chunkSize: Math.min(chunk, Math.max(constants.Z_MIN_CHUNK, length + 1)) })
  source.on('error', (cause) => inflate.destroy(cause))
  source.pipe(inflate)
  try {
    for await (const bytes of inflate) yield bytes as Uint8Array
  } catch (cause) {
    if (!isOfZlib(cause)) throw cause
    throw new Uninflatable('is damaged: it cannot be inflated', { cause })
  } finally {
    source.destroy()
    inflate.destroy()
  }
  if (inflate.bytesWritten !== size) throw new Uninflatable('has something hidden behind it')
}

const isOfZlib = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && String(cause.code).startsWith('Z_')
