import { ContainerClient, RestError, type StorageSharedKeyCredential } from '@azure/storage-blob'
import type { TokenCredential } from '@azure/identity'
import { Problem } from '../core/problem.ts'
import type { Archive } from '../ports.ts'

export interface BlobSettings {
  /** The storage account's blob endpoint. */
  readonly url: string
  readonly container: string
  readonly credential: TokenCredential | StorageSharedKeyCredential
  /** In milliseconds, for each call with all its retries. */
  readonly timeout?: number
}

interface Call {
  readonly abortSignal: AbortSignal
}

/** Keeps files as blobs of one container, each written once. */
export class BlobArchive implements Archive {
  readonly #container: ContainerClient
  readonly #timeout: number

  constructor({ url, container, credential, timeout = 20_000 }: BlobSettings) {
    this.#timeout = timeout
    this.#container = new ContainerClient(`${url.replace(/\/$/, '')}/${container}`, credential, {
      retryOptions: { maxTries: 4, tryTimeoutInMs: timeout, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
    })
  }

  /** Makes the container, unless it exists. */
  async prepare(): Promise<void> {
    await this.#reach((call) => this.#container.createIfNotExists(call))
  }

  async create(name: string, bytes: Uint8Array, contentType: string): Promise<void> {
    const blob = this.#container.getBlockBlobClient(name)
    const created = await this.#reach(async (call) => {
      try {
        await blob.upload(bytes, bytes.length, {
          ...call,
          conditions: { ifNoneMatch: '*' },
          blobHTTPHeaders: { blobContentType: contentType },
        })
        return true
      } catch (cause) {
        if (cause instanceof RestError && (cause.statusCode === 409 || cause.statusCode === 412)) return false
        throw cause
      }
    })
    // it exists: from a try whose answer was lost, from another instance, or with other bytes
    if (!created && !(await this.#holds(name, bytes))) throw new Error(`${name} is in the archive with other bytes.`)
  }

  async ping(): Promise<void> {
    await this.#reach((call) => this.#container.getProperties(call))
  }

  async #holds(name: string, bytes: Uint8Array): Promise<boolean> {
    const blob = this.#container.getBlobClient(name)
    return this.#reach(async (call) => {
      const { contentLength } = await blob.getProperties(call)
      return contentLength === bytes.length && (await blob.downloadToBuffer(0, contentLength, call)).equals(bytes)
    })
  }

  async #reach<T>(work: (call: Call) => Promise<T>): Promise<T> {
    try {
      return await work({ abortSignal: AbortSignal.timeout(this.#timeout) })
    } catch (cause) {
      throw new Problem('unavailable', 'The archive cannot be reached.', { cause, retryAfter: 5 })
    }
  }
}
