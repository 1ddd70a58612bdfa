import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, type Stats, type WriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { isOfSystem, reasonOf } from '../verify/file.ts'
import { beginDraft, endDraft } from './draft.ts'
import { Exit, exits } from './exit.ts'

/** Writes a file that appears only when it is complete. @throws {Exit} 78 if it cannot be written */
export async function inFile(path: string, write: (to: Writable) => Promise<void>): Promise<void> {
  await checkReplaceable(path)
  const file = new OutFile(path)
  try {
    await file.during(() => write(file.stream))
    await file.complete()
  } catch (cause) {
    await file.discard()
    throw cause
  }
}

export const unwritable = (what: string, cause: unknown): Exit =>
  new Exit(exits.usage, `${what} cannot be written: ${whyNot(cause)}.`)

/** Says why the system does not let a file be written. */
function whyNot(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'this user may not write there' : reasonOf(cause)
}

/**
 * Checks that a file may stand at a path: nothing is there, or a file that is replaced. A folder cannot be, and a device, such
 * as `/dev/full`, would be lost.
 *
 * @throws {Exit} 78
 */
export async function checkReplaceable(path: string): Promise<void> {
  const there = await stat(path).catch((): Stats | null => null)
  if (!there || there.isFile()) return
  const what = there.isDirectory() ? 'it is a folder' : 'it is a device, or something else that is no file'
  throw new Exit(exits.usage, `--out: ${path} cannot be written: ${what}.`)
}

/** A file that is written in steps, and appears only when it is complete. */
export class OutFile {
  readonly #path: string
  readonly #draft: string
  readonly #stream: WriteStream
  #waiting = ''
  #isThere = false

  /** A path that cannot be written is told by the first step that comes to the disk. */
  constructor(path: string) {
    this.#path = path
    this.#draft = `${path}.${randomUUID().slice(0, 8)}.part`
    beginDraft(this.#draft)
    // An error is thrown by the next step; without a listener it would end this program.
    this.#stream = createWriteStream(this.#draft, { flags: 'wx' })
      .on('error', () => undefined)
      .on('open', () => {
        this.#isThere = true
      })
  }

  /** The stream, for who writes all of it. */
  get stream(): Writable {
    return this.#stream
  }

  /** @throws {Exit} 78 if it cannot be written */
  async write(text: string): Promise<void> {
    this.#waiting += text
    if (this.#waiting.length >= much) await this.during(() => this.#flush())
  }

  /** Ends the file, which is not in its place yet. @throws {Exit} 78 if it cannot be written */
  async finish(): Promise<void> {
    await this.during(async () => {
      await this.#flush()
      if (!this.#stream.writableEnded) this.#stream.end()
      await finished(this.#stream)
    })
  }

  /** Puts the file in its place. @throws {Exit} 78 if it cannot be written, or a folder or a device is there */
  async complete(): Promise<void> {
    await this.finish()
    await checkReplaceable(this.#path)
    await this.during(() => rename(this.#draft, this.#path))
    endDraft(this.#draft)
  }

  /** Removes what was written, if it is not complete. */
  async discard(): Promise<void> {
    this.#stream.destroy()
    // A file that is still being opened would appear after it was removed.
    if (!this.#stream.closed) await once(this.#stream, 'close').catch(() => undefined)
    if (this.#isThere) await rm(this.#draft, { force: true })
    endDraft(this.#draft)
  }

  /** Runs work that writes the file. @throws {Exit} 78 if the system does not let it */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw isOfSystem(cause) ? unwritable(`--out: ${this.#path}`, cause) : cause
    }
  }

  async #flush(): Promise<void> {
    if (this.#stream.errored) throw this.#stream.errored
    const text = this.#waiting
    this.#waiting = ''
    if (text !== '' && !this.#stream.write(text)) await once(this.#stream, 'drain')
  }
}

/** Characters that are written at once. */
const much = 1 << 16
