import { hash } from 'node:crypto'

/**
 * Whole lines. Line k lies between the newline of line k - 1 and `ends[k]`; the first byte belongs to no line. The
 * buffer is not shared with other data, so that it can be transferred to another thread.
 */
export interface Lines {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  /** The number of the first line in its file, from 1. */
  readonly first: number
}

/** Lines with their leaf hashes, 32 bytes each, in a buffer of its own. */
export interface HashedLines extends Lines {
  readonly hashes: Uint8Array
}

export const startOfLine = ({ ends }: Lines, k: number): number => (k === 0 ? 1 : (ends[k - 1] ?? 0) + 1)

/** Makes the error for a bad line. */
export type Refuse = (line: number, what: string) => Error

/**
 * Cuts a file into whole lines, some at a time. Keeps at most one piece of the file and one line in memory.
 *
 * @param most bytes that a line may have; reading stops at a longer line
 * @param refuse makes the error for a line that is too long, or for a last line without a newline
 */
export async function* linesOf(
  source: AsyncIterator<Uint8Array>,
  most: number,
  refuse: Refuse,
): AsyncGenerator<Lines, void, undefined> {
  let rest: Uint8Array = new Uint8Array()
  let first = 1
  for (let next = await source.next(); next.done !== true; next = await source.next()) {
    const piece = next.value
    const end = piece.lastIndexOf(newline) + 1
    if (end > 0) {
      const lines = cut(rest, piece.subarray(0, end), first)
      const long = lines.ends.findIndex((at, k) => at - startOfLine(lines, k) > most)
      if (long >= 0) throw refuse(first + long, `has more than ${most} bytes`)
      yield lines
      first += lines.ends.length
      rest = piece.slice(end)
    } else if (rest.length + piece.length <= most) rest = Buffer.concat([rest, piece])
    else throw refuse(first, `has more than ${most} bytes`)
    if (rest.length > most) throw refuse(first, `has more than ${most} bytes`)
  }
  if (rest.length > 0) throw refuse(first, 'does not end')
}

const newline = 10

function cut(rest: Uint8Array, piece: Uint8Array, first: number): Lines {
  // Small buffers of Node share their memory, so this copy has a buffer of its own.
  const bytes = new Uint8Array(1 + rest.length + piece.length)
  bytes.set(rest, 1)
  bytes.set(piece, 1 + rest.length)
  const ends: number[] = []
  for (let at = bytes.indexOf(newline, 1); at >= 0; at = bytes.indexOf(newline, at + 1)) ends.push(at)
  return { bytes, ends: Uint32Array.from(ends), first }
}

/** RFC 6962 section 2.1: the prefix of a leaf. */
const leafPrefix = 0

const hashBytes = 32

/** One of the hashes of {@link hashesOf}, which it shares the memory of. */
export const hashAt = (hashes: Uint8Array, k: number): Uint8Array => hashes.subarray(hashBytes * k, hashBytes * (k + 1))

/**
 * Computes the leaf hashes of lines, into one buffer that is not shared with other data: 32 bytes each. To avoid a copy it
 * briefly writes the prefix over the byte before a line.
 */
export function hashesOf(lines: Lines): Uint8Array {
  const { bytes, ends } = lines
  const hashes = Buffer.allocUnsafeSlow(hashBytes * ends.length)
  for (let k = 0; k < ends.length; k++) {
    const before = startOfLine(lines, k) - 1
    const kept = bytes[before] ?? 0
    bytes[before] = leafPrefix
    // Node gives text faster than a buffer for each hash.
    hashes.write(hash('sha256', bytes.subarray(before, ends[k]), 'binary'), hashBytes * k, 'binary')
    bytes[before] = kept
  }
  return hashes
}

/** Reads a file line by line, at the pace of another file. */
export class LineReader {
  readonly #source: AsyncGenerator<Lines, void, undefined>
  #lines: Lines | null = null
  #k = 0

  constructor(source: AsyncGenerator<Lines, void, undefined>) {
    this.#source = source
  }

  /** Reads the next line, which stays the next until it is skipped; `null` at the end. */
  async peek(): Promise<{ readonly line: number; readonly text: string } | null> {
    while (this.#lines === null || this.#k === this.#lines.ends.length) {
      const next = await this.#source.next()
      if (next.done === true) return null
      this.#lines = next.value
      this.#k = 0
    }
    const { bytes, ends, first } = this.#lines
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    return { line: first + this.#k, text: all.toString('utf8', startOfLine(this.#lines, this.#k), ends[this.#k]) }
  }

  skip(): void {
    this.#k += 1
  }
}
