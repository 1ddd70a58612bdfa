import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../../src/azure/archive.ts'
import { openAccount } from '../support/azurite.ts'

/** More than two blocks; what repeats fits no block, so that exchanged blocks show. */
export const large = Buffer.alloc(
  9 * 1024 * 1024 + 1,
  Uint8Array.from({ length: 65_537 }, (_, i) => i % 251),
)

/** An account's blobs that are there for one test file, in memory. */
export type TestBlobs = Awaited<ReturnType<typeof startBlobs>>

export async function startBlobs() {
  const azurite = await openAccount()
  const { blobsUrl: url, account, key } = azurite
  const credential = new StorageSharedKeyCredential(account, key)
  const container = (name = 'evidence') => new ContainerClient(`${url}/${name}`, credential)
  return {
    url,
    account,
    container,
    /** Connects as a process of its own would; through another address if told so. */
    archive: (more: { url?: string; container?: string; timeout?: number; key?: string } = {}) =>
      new BlobArchive({
        ...{ url: more.url ?? url, container: more.container ?? 'evidence', timeout: more.timeout ?? 10_000 },
        credential: more.key === undefined ? credential : new StorageSharedKeyCredential(account, more.key),
      }),
    async kept(name: string, of?: string) {
      const blob = container(of).getBlobClient(name)
      const { contentType, contentLength = 0 } = await blob.getProperties()
      return { content: contentLength === 0 ? Buffer.alloc(0) : await blob.downloadToBuffer(), contentType }
    },
    close: () => azurite.close(),
  }
}

export async function* streamOf(all: Buffer, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
}

export async function collect(stream: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  if (stream === null) throw new Error('There is no such file.')
  const read: Uint8Array[] = []
  for await (const chunk of stream) read.push(chunk)
  return Buffer.concat(read)
}
