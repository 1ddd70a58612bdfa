import { type FileHandle, open } from 'node:fs/promises'
import { Unreadable } from './finding.ts'

/** A file that is open to be read. */
export interface OpenFile {
  readonly fd: number
  readonly size: number
  /** As people named it. */
  readonly name: string
}

/**
 * Opens a file for as long as the work takes.
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

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (cause) {
    throw new Unreadable(`${path} cannot be read: ${reasonOf(cause)}.`, { cause })
  }
}

/** Says why the system refuses a file. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault'
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'it may not be read by this user',
    EISDIR: 'it is a folder',
    ENOTDIR: 'there is no such folder',
  }
  return reasons[code] ?? code
}
