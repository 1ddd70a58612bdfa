import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hex } from '../../core/data/id.ts'
import { behind } from '../../runtime/concurrency.ts'

/** A member of a bundle that is too large for memory: a temporary file. */
export interface Spooled {
  readonly path: string
  readonly size: number
  readonly sha256: Hex
}

/** Bytes, about, that are written at once. */
const chunk = 1 << 18

/** Writes texts to a new file, one after the other. */
export async function spool(path: string) {
  const writing = behind()
  const hash = createHash('sha256')
  let pending: string[] = []
  let length = 0
  let size = 0
  await writeFile(path, '', { flag: 'wx' })

  const flush = () => {
    const bytes = Buffer.from(pending.join(''))
    pending = []
    length = 0
    size += bytes.length
    hash.update(bytes)
    return writing.start(() => appendFile(path, bytes))
  }

  return {
    add(text: string): void {
      pending.push(text)
      length += text.length
    },

    /** Resolves when more may be added. */
    async room(): Promise<void> {
      if (length >= chunk) await flush()
    },

    /** Resolves when all of it is written. */
    async end(): Promise<Spooled> {
      await flush()
      await writing.end()
      return { path, size, sha256: hash.digest('hex') as Hex }
    },
  }
}

/** Runs work with a fresh folder for temporary files, and removes it in the end. */
export async function inFolder<T>(where: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(where, 'countersign-seal-'))
  try {
    return await work(folder)
  } finally {
    // A write that nobody waits for any more may bring a file back while they are removed.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
