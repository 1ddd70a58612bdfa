import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** The SHA-256 of a file's bytes, in hex, and their number. */
export interface FileDigest {
  readonly sha256: string
  readonly size: number
}

/** Hashes a file of any size. @throws the system's error if the file cannot be read */
export const hashFile = (file: string): FileDigest => withFile(file, hash)

/** Hashes a regular file; `null` for folders, devices and pipes. @throws the system's error if it cannot be read */
export const hashRegular = (file: string): FileDigest | null =>
  withFile(file, (descriptor) => (fstatSync(descriptor).isFile() ? hash(descriptor) : null))

function hash(descriptor: number): FileDigest {
  const sum = createHash('sha256')
  const chunk = Buffer.alloc(1_048_576)
  let size = 0
  for (let read = 0; (read = readSync(descriptor, chunk)) > 0; size += read) sum.update(chunk.subarray(0, read))
  return { sha256: sum.digest('hex'), size }
}

export function withFile<T>(file: string, work: (descriptor: number) => T): T {
  const descriptor = openSync(file, 'r')
  try {
    return work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The system's code of an error, as ENOENT; `null` if it has none. */
export const codeOf = (cause: unknown): string | null =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : null
