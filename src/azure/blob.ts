import { type BlobClient, RestError } from '@azure/storage-blob'
import { Problem } from '../core/data/problem.ts'

/** What the SDK takes with each request. */
export interface BlobCall {
  readonly abortSignal: AbortSignal
}

/** Waits at most so long for the storage, with all retries, and says in our own words that it cannot be reached. */
export async function reach<T>(timeout: number, work: (call: BlobCall) => Promise<T>): Promise<T> {
  try {
    return await work({ abortSignal: AbortSignal.timeout(timeout) })
  } catch (cause) {
    throw unreachable(cause)
  }
}

export const unreachable = (cause?: unknown): Problem =>
  new Problem('unavailable', 'The archive cannot be reached.', { cause, retryAfter: 5 })

/** The condition of a write that creates. */
export const ifNew = { ifNoneMatch: '*' } as const

/**
 * Answers whether this created the blob. If not, one exists: from a try whose answer was lost, from another instance,
 * or with other bytes.
 */
export async function creates(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (cause) {
    if (cause instanceof RestError && isTaken(cause)) return false
    throw cause
  }
}

/** Answers `null` if there is no such blob; a container that is missing is a fault. */
export async function found<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof RestError && cause.statusCode === 404 && codeOf(cause) !== 'ContainerNotFound') return null
    throw cause
  }
}

/** Reads at most so many bytes from one on: none if there are no more; `null` if there is no such blob. */
export async function part(blob: BlobClient, from: number, size: number, call: BlobCall): Promise<Buffer | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await found(blob.download(from, size, call))
      return answer && (await collected(answer.readableStreamBody))
    } catch (cause) {
      // Range Not Satisfiable: nothing begins here. The SDK asks again until an answer begins, not if it breaks off.
      if (cause instanceof RestError && cause.statusCode === 416) return Buffer.alloc(0)
      if (cause instanceof RestError || call.abortSignal.aborted || attempt === tries) throw cause
    }
  }
}

const tries = 3

/** Once another writer has committed, blocks that it did not name are gone: then ours are not in the list. */
const isTaken = (error: RestError): boolean =>
  error.statusCode === 409 || error.statusCode === 412 || codeOf(error) === 'InvalidBlockList'

/** The SDK's own `code` is read from the body, and the answer to a HEAD has none. */
const codeOf = ({ response }: RestError): string | undefined => response?.headers.get('x-ms-error-code')

async function collected(body: NodeJS.ReadableStream | undefined): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
