import type { Hex } from '../core/data/id.ts'

/** What is known of a file in the archive. */
export interface ArchivedFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** As it was given when it was written; absent if it was not. */
  readonly sha256?: Hex
}

/** Files that are written once and never change; and the one that does: the newest checkpoint, for everybody. */
export interface Archive {
  /**
   * Creates a file, or finds that it exists with the same bytes (a lost answer, another instance).
   *
   * @throws {Error} if it exists with other bytes.
   */
  create(name: string, bytes: Uint8Array, contentType: string): Promise<void>
  /**
   * Creates a file, or finds that it exists; answers the bytes that stand. For what is not made twice alike: signatures.
   */
  settle(name: string, bytes: Uint8Array, contentType: string): Promise<Uint8Array>
  /**
   * Creates a large file from a stream, all of it at once at the end, and keeps its SHA-256 with it. One that exists
   * stays as it is; answers what stands. A stream that fails leaves nothing.
   */
  write(name: string, bytes: AsyncIterable<Uint8Array>, contentType: string): Promise<ArchivedFile>
  /** Reads all of a small file; `null` if it does not exist. */
  read(name: string): Promise<Uint8Array | null>
  find(name: string): Promise<ArchivedFile | null>
  /** Streams a file from a byte on, so many bytes or to the end; `null` if it does not exist. */
  open(
    name: string,
    range?: { readonly from: number; readonly size: number },
  ): Promise<AsyncIterable<Uint8Array> | null>
  /** Files whose names begin so, by name. */
  list(prefix: string): Promise<readonly ArchivedFile[]>
  /** Makes this the newest checkpoint, which anybody may read. */
  publish(checkpoint: string): Promise<void>
  ping(): Promise<void>
}
