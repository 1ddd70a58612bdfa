import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hex } from '../../core/data/id.ts'
import { Overlap } from '../../runtime/concurrency.ts'

/** A temporary file with a member of a bundle that is too large for memory. */
export interface Spooled {
  readonly path: string
  readonly size: number
  readonly sha256: Hex
}

/** Characters that are collected before they are written. */
const chunk = 1 << 18

/** Writes texts to a new file, one after the other. */
export class Spool {
  readonly #path: string
  readonly #writing = new Overlap()
  readonly #hash = createHash('sha256')
  #pending: string[] = []
  /** Characters that are pending. */
  #length = 0
  /** Bytes that were written, or are being written. */
  #size = 0

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
  async end(): Promise<Spooled> {
    await this.#flush()
    await this.#writing.end()
    return { path: this.#path, size: this.#size, sha256: this.#hash.digest('hex') as Hex }
  }

  #flush(): Promise<void> {
    const bytes = Buffer.from(this.#pending.join(''))
    this.#pending = []
    this.#length = 0
    this.#size += bytes.length
    this.#hash.update(bytes)
    return this.#writing.start(() => appendFile(this.#path, bytes))
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
