import type { TokenCredential } from '@azure/identity'
import { type BlockBlobClient, ContainerClient, type StorageSharedKeyCredential } from '@azure/storage-blob'
import type { Archive, ArchivedFile } from '../ports/archive.ts'
import { type BlobCall, creates, found, ifNew, part, reach, unreachable } from './blob.ts'
import { blockSize, stage } from './blocks.ts'
import { fileOf, pageOf } from './files.ts'

export interface BlobSettings {
  /** The storage account's blob endpoint. */
  readonly url: string
  readonly container: string
  readonly credential: TokenCredential | StorageSharedKeyCredential
  /** In milliseconds, for each call with all its retries; a stream takes as many calls as it has blocks. */
  readonly timeout?: number
}

/** Bytes of the largest file that is read as a whole. */
const largestWhole = 16 * 1024 * 1024

/** Keeps files as blobs of one container, each written once. The newest checkpoint is in the container `public`. */
export class BlobArchive implements Archive {
  readonly #container: ContainerClient
  readonly #public: ContainerClient
  readonly #timeout: number

  constructor({ url, container, credential, timeout = 20_000 }: BlobSettings) {
    const retryOptions = { maxTries: 7, tryTimeoutInMs: timeout, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 }
    const client = (name: string) =>
      new ContainerClient(`${url.replace(/\/$/, '')}/${name}`, credential, { retryOptions })
    this.#container = client(container)
    this.#public = client('public')
    this.#timeout = timeout
  }

  /**
   * Creates both containers, unless they exist. Both are private: whether `public` is opened is the operator's
   * decision.
   */
  async prepare(): Promise<void> {
    const containers = [this.#container, this.#public]
    await Promise.all(containers.map((one) => this.#reach((call) => one.createIfNotExists(call))))
  }

  async create(name: string, bytes: Uint8Array, contentType: string): Promise<void> {
    if (await this.#created(name, bytes, contentType)) return
    const standing = await this.#part(name, 0, bytes.length + 1)
    if (standing === null) throw unreachable()
    if (!standing.equals(bytes)) throw new Error(`${name} is in the archive with other bytes.`)
  }

  async createOrRead(name: string, bytes: Uint8Array, contentType: string, note?: string): Promise<Uint8Array> {
    if (await this.#created(name, bytes, contentType, note)) return bytes
    const standing = await this.read(name)
    if (standing === null) throw unreachable()
    return standing
  }

  async write(...[name, bytes, contentType, noteOf]: Parameters<Archive['write']>): Promise<ArchivedFile> {
    const earlier = await this.find(name)
    if (earlier) return earlier
    const blob = this.#blob(name)
    const { ids, size, sha256 } = await stage(bytes, (id, block) =>
      this.#reach((call) => blob.stageBlock(id, block, block.length, call)),
    )
    const note = noteOf && { note: noteOf({ size, sha256 }) }
    const metadata = { sha256, ...note }
    const file = { blobHTTPHeaders: { blobContentType: contentType }, metadata, conditions: ifNew }
    const created = await this.#reach((call) => creates(blob.commitBlockList([...ids], { ...call, ...file })))
    if (created) return { name, size, sha256, ...note }
    const standing = await this.find(name)
    if (standing === null) throw unreachable()
    return standing
  }

  async read(name: string): Promise<Uint8Array | null> {
    const bytes = await this.#part(name, 0, largestWhole + 1)
    if (bytes && bytes.length > largestWhole) throw new Error(`${name} is too large to be read as a whole.`)
    return bytes
  }

  async find(name: string): Promise<ArchivedFile | null> {
    const properties = await this.#reach((call) => found(this.#blob(name).getProperties(call)))
    return properties && fileOf(name, properties.contentLength, properties.metadata)
  }

  async open(name: string, range?: { from: number; size: number }): Promise<AsyncIterable<Uint8Array> | null> {
    const file = await this.find(name)
    if (file === null) return null
    const { from, size } = range ?? { from: 0, size: file.size }
    return this.#parts(name, from, Math.min(from + size, file.size))
  }

  async list(prefix: string): Promise<readonly ArchivedFile[]> {
    const files: ArchivedFile[] = []
    for (let from: string | undefined = ''; from !== undefined; ) {
      const start: string = from
      const page = await this.#reach((call) => pageOf(this.#container, prefix, start, call))
      files.push(...page.files)
      from = page.next
    }
    return files.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async publish(checkpoint: string): Promise<void> {
    const blob = this.#public.getBlockBlobClient('checkpoint')
    const blobHTTPHeaders = { blobContentType: 'text/plain; charset=utf-8' }
    const bytes = Buffer.from(checkpoint)
    await this.#reach((call) => blob.upload(bytes, bytes.length, { ...call, blobHTTPHeaders }))
  }

  async ping(): Promise<{ readonly immutable: boolean }> {
    const { hasImmutabilityPolicy } = await this.#reach((call) => this.#container.getProperties(call))
    return { immutable: hasImmutabilityPolicy === true }
  }

  #blob(name: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(name)
  }

  #created(name: string, bytes: Uint8Array, contentType: string, note?: string): Promise<boolean> {
    const metadata = note === undefined ? {} : { metadata: { note } }
    const file = { blobHTTPHeaders: { blobContentType: contentType }, conditions: ifNew, ...metadata }
    return this.#reach((call) => creates(this.#blob(name).upload(bytes, bytes.length, { ...call, ...file })))
  }

  #part(name: string, from: number, size: number): Promise<Buffer | null> {
    return this.#reach((call) => part(this.#blob(name), from, size, call))
  }

  /** Asks for one part after another: a slow reader keeps no connection open, and one that stops leaves none. */
  async *#parts(name: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < to; at += blockSize) {
      const size = Math.min(blockSize, to - at)
      const bytes = await this.#part(name, at, size)
      if (bytes?.length !== size) throw unreachable()
      yield bytes
    }
  }

  #reach<T>(work: (call: BlobCall) => Promise<T>): Promise<T> {
    return reach(this.#timeout, work)
  }
}
