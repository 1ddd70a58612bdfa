import { randomBytes } from 'node:crypto'
import type { BlobItem, BlockBlobClient, ContainerClient } from '@azure/storage-blob'
import { type BlobCall, creates, found, ifNew, part, reach } from './blob.ts'
import { blockSize } from './blocks.ts'

/** The number of blobs that are copied at the same time. */
const atOnce = 8

/** Milliseconds for each call with all its retries. */
const timeout = 20_000

/**
 * Copies all blobs of a container into another, each with its type and metadata. Existing blobs stay as they are, so
 * that a copy may be repeated.
 *
 * @param copied gets the number of blobs that are done
 * @throws {Error} naming an existing blob of another size
 * @throws {Problem} `unavailable`
 */
export async function copyBlobs(
  from: ContainerClient,
  to: ContainerClient,
  copied: (blobs: number) => void,
): Promise<void> {
  await reach(timeout, (call) => to.createIfNotExists(call))
  const blobs = from.listBlobsFlat({ includeMetadata: true })
  let done = 0
  const work = async () => {
    for await (const blob of blobs) {
      await copyBlob(from.getBlockBlobClient(blob.name), to.getBlockBlobClient(blob.name), blob)
      copied((done += 1))
    }
  }
  // All workers take blobs from one listing.
  await Promise.all(Array.from({ length: atOnce }, work))
}

async function copyBlob(from: BlockBlobClient, to: BlockBlobClient, { name, properties, metadata }: BlobItem) {
  const size = properties.contentLength ?? 0
  const there = await reach(timeout, (call) => found(to.getProperties(call)))
  if (there) {
    if (there.contentLength !== size) throw new Error(`${name} is there already, with another size.`)
    return
  }
  const blobHTTPHeaders = properties.contentType === undefined ? {} : { blobContentType: properties.contentType }
  const about = { blobHTTPHeaders, ...(metadata && { metadata }), conditions: ifNew }
  if (size <= blockSize) {
    const bytes = await read(from, 0, size)
    await reach(timeout, (call: BlobCall) => creates(to.upload(bytes, bytes.length, { ...call, ...about })))
    return
  }
  const prefix = randomBytes(8).toString('hex')
  const ids: string[] = []
  for (let at = 0; at < size; at += blockSize) {
    const id = Buffer.from(`${prefix}-${String(ids.length).padStart(6, '0')}`).toString('base64')
    const bytes = await read(from, at, Math.min(blockSize, size - at))
    await reach(timeout, (call) => to.stageBlock(id, bytes, bytes.length, call))
    ids.push(id)
  }
  await reach(timeout, (call) => creates(to.commitBlockList(ids, { ...call, ...about })))
}

async function read(from: BlockBlobClient, at: number, size: number): Promise<Buffer> {
  if (size === 0) return Buffer.alloc(0)
  const bytes = await reach(timeout, (call) => part(from, at, size, call))
  if (bytes?.length !== size) throw new Error(`${from.name} changed while it was copied.`)
  return bytes
}
