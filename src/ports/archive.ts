import type { Hex } from '../core/data/id.ts'

/** A file in the archive, without its content. */
export interface ArchivedFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** The SHA-256 that was stored with the file; absent if none was. */
  readonly sha256?: Hex
  /** As it was given when it was created; absent if none was. Whoever created the file chose it, and the file too. */
  readonly note?: string
}

/** Files that are written once and never change. Only the newest checkpoint, which is public, is replaced. */
export interface Archive {
  /**
   * Creates a file. Succeeds, too, if it exists with the same bytes (after a lost answer, or by another instance).
   *
   * @throws {Error} if it exists with other bytes.
   */
  create(name: string, bytes: Uint8Array, contentType: string): Promise<void>
  /**
   * Creates a file, or reads it if it exists. Returns the stored bytes, which may differ from the given ones: a
   * signature, for example, has other bytes each time it is made.
   *
   * @param note printable ASCII of at most 4 kB, kept beside the file: lists return it, so that the file need not be read
   */
  createOrRead(name: string, bytes: Uint8Array, contentType: string, note?: string): Promise<Uint8Array>
  /**
   * Creates a large file from a stream, and stores its SHA-256 with it. The file appears whole at the end; a stream
   * that fails leaves nothing. An existing file stays as it is. Returns the stored file.
   *
   * @param note as for {@link createOrRead}; made when all bytes were read, and asked for once
   */
  write(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    contentType: string,
    note?: (file: Required<Pick<ArchivedFile, 'size' | 'sha256'>>) => string,
  ): Promise<ArchivedFile>
  /** Reads all of a small file; `null` if it does not exist. */
  read(name: string): Promise<Uint8Array | null>
  find(name: string): Promise<ArchivedFile | null>
  /** Streams a file, or `size` bytes of it beginning with byte `from`; `null` if it does not exist. */
  open(
    name: string,
    range?: { readonly from: number; readonly size: number },
  ): Promise<AsyncIterable<Uint8Array> | null>
  /** Lists files whose names begin with the prefix, sorted by name. */
  list(prefix: string): Promise<readonly ArchivedFile[]>
  /** Replaces the newest checkpoint, which is public. */
  publish(checkpoint: string): Promise<void>
  /**
   * Resolves if the storage answers; for health. `immutable` tells whether the storage itself keeps files from being
   * changed and deleted: for how long, and whether that may be taken back, it does not tell.
   */
  ping(): Promise<{ readonly immutable: boolean }>
}
