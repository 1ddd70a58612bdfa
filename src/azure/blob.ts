import { type BlobClient, RestError } from '@azure/storage-blob'
import { Problem } from '../core/data/problem.ts'

/** Options that the SDK takes with each request. */
export interface BlobCall {
  readonly abortSignal: AbortSignal
}

/** Limits the time of a call with all its retries. @throws {Problem} `unavailable`, for every error */
export async function reach<T>(timeout: number, work: (call: BlobCall) => Promise<T>): Promise<T> {
  try {
    return await work({ abortSignal: AbortSignal.timeout(timeout) })
  } catch (cause) {
    throw unreachable(cause)
  }
}

export const unreachable = (cause?: unknown): Problem =>
  new Problem('unavailable', 'The archive cannot be reached.', { cause, retryAfter: 5 })

/** The condition of a write that must create the blob. */
export const ifNew = { ifNoneMatch: '*' } as const

/**
 * Returns whether this write created the blob. If not, a blob exists: of an earlier try whose answer was lost, of
 * another instance, or with other bytes.
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

/** Returns `null` if there is no such blob. A missing container is a fault of the deployment, and throws. */
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
      // Range Not Satisfiable: the blob ends before `from`. The loop is there because the SDK retries no broken answer.
      if (cause instanceof RestError && cause.statusCode === 416) return Buffer.alloc(0)
      if (cause instanceof RestError || call.abortSignal.aborted || attempt === tries) throw cause
    }
  }
}

const tries = 3

/** Whether another writer was first. Its commit drops the blocks of all others, so that this list becomes invalid. */
const isTaken = (error: RestError): boolean =>
  error.statusCode === 409 || error.statusCode === 412 || codeOf(error) === 'InvalidBlockList'

/** The SDK's own `code` is read from the body, and the answer to a HEAD has none. */
const codeOf = ({ response }: RestError): string | undefined => response?.headers.get('x-ms-error-code')

async function collected(body: NodeJS.ReadableStream | undefined): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
