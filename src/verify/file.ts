import { constants, read as readCallback } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Unreadable } from './finding.ts'

/** A file that is open for reading. */
export interface OpenFile {
  readonly fd: number
  readonly size: number
  /** The path as the user wrote it. */
  readonly name: string
}

/**
 * Opens a file, and closes it when the work has ended.
 *
 * @throws {Unreadable}
 */
export async function withFile<T>(path: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
  const handle = await opened(path)
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new Unreadable(`${path} is not a file.`)
    return await work({ fd: handle.fd, size: stat.size, name: path })
  } finally {
    await handle.close()
  }
}

/** A pipe opens at once, and is then refused: without this it would be waited for. Windows has no such flag. */
const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, reading)
  } catch (cause) {
    throw new Unreadable(`${path} cannot be read: ${reasonOf(cause)}.`, { cause })
  }
}

const read = promisify(readCallback)

/**
 * Fills a buffer with bytes of an open file, from an offset on. Returns the number of bytes that the file had there.
 *
 * @throws {Unreadable}
 */
export async function readInto(bytes: Buffer, fd: number, from: number): Promise<number> {
  try {
    return (await read(fd, bytes, 0, bytes.length, from)).bytesRead
  } catch (cause) {
    throw unreadable(cause)
  }
}

/** Makes the error for an open file that cannot be read. */
export const unreadable = (cause: unknown): Unreadable =>
  new Unreadable(`The file cannot be read: ${reasonOf(cause)}.`, { cause })

/** Whether an error comes from the operating system, and not from the content of a file. */
export const isOfSystem = (cause: unknown): boolean => cause instanceof Error && 'syscall' in cause

/** Says why the system refuses a file. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault'
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'it may not be read by this user',
    EISDIR: 'it is a folder',
    ENOTDIR: 'there is no such folder',
    EIO: 'the disk, or the network, does not answer',
    ENOSPC: 'there is no space left',
    EFBIG: 'it would be too large',
  }
  return reasons[code] ?? code
}
