import type { ContainerClient } from '@azure/storage-blob'
import type { Hex } from '../core/data/id.ts'
import type { ArchivedFile } from '../ports/archive.ts'
import type { BlobCall } from './blob.ts'

/** Describes a file. Metadata comes from the storage, so a text that is no digest is left out. */
export function fileOf(name: string, size = 0, metadata: Readonly<Record<string, string>> = {}): ArchivedFile {
  const { sha256 = '', note } = metadata
  const isDigest = /^[0-9a-f]{64}$/.test(sha256)
  return { name, size, ...(isDigest && { sha256: sha256 as Hex }), ...(note !== undefined && { note }) }
}

interface Page {
  readonly files: readonly ArchivedFile[]
  /** Where the next page begins; absent on the last. */
  readonly next?: string
}

/** Reads one page of the files whose names begin so; a page may be empty and not the last. */
export async function pageOf(container: ContainerClient, prefix: string, from: string, call: BlobCall): Promise<Page> {
  const blobs = container.listBlobsFlat({ prefix, includeMetadata: true, ...call })
  for await (const page of blobs.byPage(from === '' ? {} : { continuationToken: from })) {
    const files = page.segment.blobItems.map(({ name, properties, metadata }) =>
      fileOf(name, properties.contentLength, metadata),
    )
    return page.continuationToken ? { files, next: page.continuationToken } : { files }
  }
  return { files: [] }
}
