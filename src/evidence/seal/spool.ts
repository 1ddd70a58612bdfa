import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, createInflateRaw } from 'node:zlib'
import type { Hex } from '../../core/data/id.ts'
import { Overlap } from '../../runtime/concurrency.ts'
import { deflatedPiece, lastPiece } from '../chunk/chunkContent.ts'

/** A member of a bundle that is too large for memory, deflated. */
export interface Packed {
  /** Bytes, sha256 and CRC-32 before it was deflated. */
  readonly size: number
  readonly sha256: Hex
  readonly crc32: number
  /** Deflated bytes. */
  readonly packedSize: number
  /** Streams the deflated bytes. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/** Streams a packed member as it was before it was deflated. */
export async function* unpacked({ open }: Packed): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw()
  const source = async () => {
    for await (const some of open())
      if (!inflate.write(some)) await new Promise((resolve) => inflate.once('drain', resolve))
    inflate.end()
  }
  source().catch((cause: Error) => inflate.destroy(cause))
  for await (const some of inflate) yield some as Buffer
}

/** Counts and digests the bytes of a packed member, piece by piece. */
export class Packing {
  readonly #hash = createHash('sha256')
  #size = 0
  #crc32 = 0
  #packedSize = lastPiece.length

  /** @param packed bytes of the piece, deflated */
  add(bytes: Uint8Array, packed: number): void {
    this.#hash.update(bytes)
    this.#crc32 = crc32(bytes, this.#crc32)
    this.#size += bytes.length
    this.#packedSize += packed
  }

  /** @param pieces streams the pieces in the order in which they were added */
  end(pieces: () => AsyncIterable<Uint8Array>): Packed {
    const open = async function* () {
      yield* pieces()
      yield lastPiece
    }
    const sha256 = this.#hash.digest('hex') as Hex
    return { size: this.#size, sha256, crc32: this.#crc32, packedSize: this.#packedSize, open }
  }
}

/** Characters that are collected before they are written, and bytes that are read at once. */
const chunk = 1 << 18

/** Writes texts to a new file, one after the other, deflated. */
export class Spool {
  readonly #path: string
  readonly #writing = new Overlap()
  readonly #packing = new Packing()
  #pending: string[] = []
  /** Characters that are pending. */
  #length = 0

  private constructor(path: string) {
    this.#path = path
  }

  /** Creates the file. */
  static async open(path: string): Promise<Spool> {
    await writeFile(path, '', { flag: 'wx' })
    return new Spool(path)
  }

  add(text: string): void {
    this.#pending.push(text)
    this.#length += text.length
  }

  /** Resolves when more may be added. */
  async room(): Promise<void> {
    if (this.#length >= chunk) await this.#flush()
  }

  /** Resolves when everything is written. */
  async end(): Promise<Packed> {
    await this.#flush()
    await this.#writing.end()
    return this.#packing.end(() => createReadStream(this.#path, { highWaterMark: chunk }))
  }

  #flush(): Promise<void> {
    const bytes = Buffer.from(this.#pending.join(''))
    this.#pending = []
    this.#length = 0
    const piece = deflatedPiece(bytes)
    this.#packing.add(bytes, piece.length)
    return this.#writing.start(() => appendFile(this.#path, piece))
  }
}

/** Runs work with a new folder for temporary files, and removes the folder in the end. */
export async function inFolder<T>(where: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(where, 'countersign-seal-'))
  try {
    return await work(folder)
  } finally {
    // After a failure a write may still be under way, and may create a file during the removal.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
