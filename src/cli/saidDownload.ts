import { Unreachable } from '../client/failure.ts'
import type { ServiceDownload } from '../client/http.ts'

/**
 * Receives a said file. If the transfer breaks off, it goes on at the newest event, whose lines may not all have come. It
 * gives up when nothing new came since the last break.
 *
 * @param again opens the rest of the file, from this log index on
 * @throws {Unreachable} if the transfer breaks off for good, and what `again` throws
 */
export async function* receiveSaid(
  bytes: AsyncIterable<Uint8Array>,
  again: (from: number) => Promise<Pick<ServiceDownload, 'bytes'>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let rest = bytes
  for (;;) {
    let newest = Number.NaN
    let lines: Uint8Array[] = []
    let hasNews = false
    try {
      for await (const line of linesOf(rest)) {
        const index = indexIn(line)
        if (lines.length > 0 && index !== newest) {
          yield Buffer.concat(lines)
          hasNews = true
          lines = []
        }
        newest = index
        lines.push(line)
      }
      yield Buffer.concat(lines)
      return
    } catch (cause) {
      if (!(cause instanceof Unreachable) || !hasNews || Number.isNaN(newest)) throw cause
    }
    rest = (await again(newest)).bytes
  }
}

const newline = 0x0a

/** Divides bytes after each line. The last line may lack its end. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let begun: Uint8Array[] = []
  for await (const piece of bytes) {
    let from = 0
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, end + 1)])
      begun = []
      from = end + 1
    }
    if (from < piece.length) begun.push(piece.subarray(from))
  }
  if (begun.length > 0) yield Buffer.concat(begun)
}

/** The log index of a line; NaN if it has none, as a line of another program. */
function indexIn(line: Uint8Array): number {
  const [, digits = ''] = /^\{"index":(\d{1,15}),/.exec(Buffer.from(line).subarray(0, 32).toString()) ?? []
  return digits === '' ? Number.NaN : Number(digits)
}
