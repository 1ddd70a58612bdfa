import { Uninflatable } from '../../verify/uninflatable.ts'

/** Bytes that are given to the browser at once. Deflate makes at most 1,032 bytes of one: so a piece has at most 17 MB. */
const piece = 1 << 14

/**
 * Inflates raw deflate (RFC 1951) with the browser's own decompression. Stands in for `src/verify/inflate.ts`.
 *
 * @throws {Uninflatable} if the source is no such stream, or goes on behind its end
 */
export async function* inflated(from: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = cut(from)
  const deflated = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = await source.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
  })
  const reader = deflated.pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } catch (cause) {
    // The Compression Standard throws a TypeError both for a bad stream and for bytes behind its end.
    if (!(cause instanceof TypeError)) throw cause
    throw new Uninflatable('is damaged: it cannot be inflated, or something is hidden behind it', { cause })
  } finally {
    // A reader that stops early leaves the rest unread. After an error there is nothing left to cancel.
    await reader.cancel().catch(() => undefined)
  }
}

async function* cut(from: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  for await (const bytes of from)
    for (let at = 0; at < bytes.length; at += piece) yield new Uint8Array(bytes.subarray(at, at + piece))
}
