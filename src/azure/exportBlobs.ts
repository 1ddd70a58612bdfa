import type { TokenCredential } from '@azure/identity'
import { type AppendBlobClient, ContainerClient, RestError, type StorageSharedKeyCredential } from '@azure/storage-blob'
import { type BlobCall, found, ifNew, part, reach, unreachable } from './blob.ts'

export interface ExportSettings {
  /** The storage account's blob endpoint. */
  readonly url: string
  readonly credential: TokenCredential | StorageSharedKeyCredential
  /** In milliseconds, for each append with all its retries. */
  readonly timeout?: number
  /** Appends to one blob; a blob takes 50,000 (Append Block). */
  readonly mostAppends?: number
}

/** Bytes of one append. The service takes more since version 2022-11-02; Azurite takes these. */
export const mostOfAppend = 4 * 1024 * 1024

/** Lost races after which an append is given up. One process appends at a time, mostly. */
const mostRaces = 10

/** The end of a blob, as it is known. */
interface BlobEnd {
  readonly number: number
  readonly size: number
  readonly appends: number
}

/** Lines that wait to be appended, and who waits for that. */
interface WaitingLines {
  readonly lines: string
  readonly done: () => void
  readonly failed: (cause: unknown) => void
}

/**
 * Appends lines to blobs of the container `export`, which no policy keeps from being changed. A folder begins with blob
 * `0001`, and goes on with the next once a blob has taken 40,000 appends.
 *
 * An append is all or nothing, and only at the end that is known (`appendpos`): after a lost answer it is told by its bytes
 * whether it was carried out, so that a line is never torn, and is doubled only by a crash.
 */
export class ExportBlobs {
  readonly #container: ContainerClient
  readonly #timeout: number
  readonly #mostAppends: number
  readonly #ends = new Map<string, BlobEnd>()
  readonly #waiting = new Map<string, WaitingLines[]>()

  constructor({ url, credential, timeout = 12_000, mostAppends = 40_000 }: ExportSettings) {
    const retryOptions = { maxTries: 4, tryTimeoutInMs: timeout, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 }
    this.#container = new ContainerClient(`${url.replace(/\/$/, '')}/export`, credential, { retryOptions })
    this.#timeout = timeout
    this.#mostAppends = mostAppends
  }

  /** Creates the container, unless it exists. @throws {Problem} `unavailable` */
  async prepare(): Promise<void> {
    await reach(this.#timeout, (call) => this.#container.createIfNotExists(call))
  }

  /**
   * Appends lines to the newest blob of a folder. Lines that come while others are being appended go together with the next,
   * because appends to one blob follow one another.
   *
   * @param lines whole ones, at most {@link mostOfAppend}
   * @throws {Problem} `unavailable`
   */
  append(folder: string, lines: string): Promise<void> {
    return new Promise((done, failed) => {
      const waiting = this.#waiting.get(folder)
      if (waiting) return void waiting.push({ lines, done, failed })
      const own = [{ lines, done, failed }]
      this.#waiting.set(folder, own)
      void this.#run(folder, own)
    })
  }

  async #run(folder: string, waiting: WaitingLines[]): Promise<void> {
    while (waiting.length > 0) {
      const some = fitting(waiting)
      try {
        await reach(this.#timeout, (call) =>
          this.#append(folder, Buffer.from(some.map(({ lines }) => lines).join('')), call),
        )
        for (const { done } of some) done()
      } catch (cause) {
        // What is known of the end may be wrong.
        this.#ends.delete(folder)
        for (const { failed } of some) failed(cause)
      }
    }
    this.#waiting.delete(folder)
  }

  async #append(folder: string, bytes: Buffer, call: BlobCall): Promise<void> {
    for (let race = 0; race < mostRaces; race++) {
      const end = await this.#endOf(folder, call)
      const conditions = { appendPosition: end.size }
      const answer = await answerOf(
        this.#blob(folder, end.number).appendBlock(bytes, bytes.length, { ...call, conditions }),
      )
      const isOurs = answer !== null || (await this.#isThere(folder, end, bytes, call))
      if (isOurs) {
        const appends = answer?.blobCommittedBlockCount ?? end.appends + 1
        this.#ends.set(folder, { ...end, size: end.size + bytes.length, appends })
        return
      }
      // Another process was first, so the end is looked up.
      this.#ends.delete(folder)
    }
    throw new Error('Other writers append to the blob.')
  }

  /** The end of the newest blob, which is made if there is none, or if the newest is full. */
  async #endOf(folder: string, call: BlobCall): Promise<BlobEnd> {
    let end = this.#ends.get(folder) ?? (await this.#lookedUp(folder, call))
    while (end === null || end.appends >= this.#mostAppends)
      end = await this.#begun(folder, (end?.number ?? 0) + 1, call)
    this.#ends.set(folder, end)
    return end
  }

  async #lookedUp(folder: string, call: BlobCall): Promise<BlobEnd | null> {
    let newest: BlobEnd | null = null
    for (let number = 1; ; number++) {
      const next = await this.#propertiesOf(folder, number, call)
      if (next === null) return newest
      newest = next
    }
  }

  async #begun(folder: string, number: number, call: BlobCall): Promise<BlobEnd> {
    const file = { blobHTTPHeaders: { blobContentType: 'application/x-ndjson' }, conditions: ifNew }
    await answerOf(this.#blob(folder, number).create({ ...call, ...file }))
    const end = await this.#propertiesOf(folder, number, call)
    if (end === null) throw unreachable()
    return end
  }

  async #propertiesOf(folder: string, number: number, call: BlobCall): Promise<BlobEnd | null> {
    const properties = await found(this.#blob(folder, number).getProperties(call))
    if (properties === null) return null
    return { number, size: properties.contentLength ?? 0, appends: properties.blobCommittedBlockCount ?? 0 }
  }

  /** Whether the bytes lie where they were to be appended: then the append was carried out, and its answer was lost. */
  async #isThere(folder: string, { number, size }: BlobEnd, bytes: Buffer, call: BlobCall): Promise<boolean> {
    const standing = await part(this.#blob(folder, number), size, bytes.length, call)
    return standing?.equals(bytes) ?? false
  }

  #blob(folder: string, number: number): AppendBlobClient {
    return this.#container.getAppendBlobClient(`${folder}/${String(number).padStart(4, '0')}.jsonl`)
  }
}

/** Takes as many waiting lines as fit into one append: the first in any case. */
function fitting(waiting: WaitingLines[]): readonly WaitingLines[] {
  let size = 0
  const count = waiting.findIndex(({ lines }, i) => (size += Buffer.byteLength(lines)) > mostOfAppend && i > 0)
  return waiting.splice(0, count < 0 ? waiting.length : count)
}

/** Waits for a write. `null` if the blob is not as it was known, or if the answer was lost: then the blob tells. */
async function answerOf<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof RestError && [undefined, 201, 409, 412].includes(cause.statusCode)) return null
    throw cause
  }
}
