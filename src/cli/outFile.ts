import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { isOfSystem, reasonOf } from '../verify/file.ts'
import { Exit, exits } from './exit.ts'

/** Writes a file that appears only when it is complete. @throws {Exit} 78 if it cannot be written */
export async function inFile(path: string, write: (to: Writable) => Promise<void>): Promise<void> {
  const draft = `${path}.${randomUUID().slice(0, 8)}.part`
  // An error between two writes is thrown by the next one; without a listener it would end this program.
  const file = createWriteStream(draft, { flags: 'wx' }).on('error', () => undefined)
  try {
    await once(file, 'open')
    await write(file)
    file.end()
    await finished(file)
    await rename(draft, path)
  } catch (cause) {
    file.destroy()
    await rm(draft, { force: true })
    throw isOfSystem(cause) ? unwritable(`--out: ${path}`, cause) : cause
  }
}

export const unwritable = (what: string, cause: unknown): Exit =>
  new Exit(exits.usage, `${what} cannot be written: ${reasonOf(cause)}.`)

/** A file that is written in steps, and appears only when it is complete. */
export class OutFile {
  readonly #path: string
  readonly #draft: string
  readonly #stream: Writable
  #waiting = ''

  /** @throws {Exit} 78 with the first write, if it cannot be written */
  constructor(path: string) {
    this.#path = path
    this.#draft = `${path}.${randomUUID().slice(0, 8)}.part`
    // An error is thrown by the next write; without a listener it would end this program.
    this.#stream = createWriteStream(this.#draft, { flags: 'wx' }).on('error', () => undefined)
  }

  /** The stream, for who writes all of it. */
  get stream(): Writable {
    return this.#stream
  }

  async write(text: string): Promise<void> {
    this.#waiting += text
    if (this.#waiting.length >= much) await this.#flush()
  }

  /** Ends the file, which is not in its place yet. */
  async finish(): Promise<void> {
    try {
      await this.#flush()
      if (!this.#stream.writableEnded) this.#stream.end()
      await finished(this.#stream)
    } catch (cause) {
      throw isOfSystem(cause) ? unwritable(`--out: ${this.#path}`, cause) : cause
    }
  }

  /** Puts the file in its place. */
  async complete(): Promise<void> {
    await this.finish()
    await rename(this.#draft, this.#path)
  }

  /** Removes what was written, if it is not complete. */
  async discard(): Promise<void> {
    this.#stream.destroy()
    await rm(this.#draft, { force: true })
  }

  async #flush(): Promise<void> {
    if (this.#stream.errored) throw unwritable(`--out: ${this.#path}`, this.#stream.errored)
    const text = this.#waiting
    this.#waiting = ''
    if (text !== '' && !this.#stream.write(text)) await once(this.#stream, 'drain')
  }
}

/** Characters that are written at once. */
const much = 1 << 16
