import { type Hex, sha256 } from '../../../src/core/data/id.ts'
import type { Archive, ArchivedFile } from '../../../src/ports/archive.ts'

interface Kept {
  readonly bytes: Buffer
  readonly sha256?: Hex
  readonly note?: string
}

/** Files in memory. They are copied in and out, so that callers share no bytes with them. */
export class MemoryArchive implements Archive {
  /** The newest checkpoint; `null` before the first. */
  published: string | null = null

  private readonly files = new Map<string, Kept>()

  async create(name: string, bytes: Uint8Array): Promise<void> {
    const kept = this.keep(name, { bytes: Buffer.from(bytes) })
    if (!kept.bytes.equals(bytes)) throw new Error(`${name} is in the archive with other bytes.`)
  }

  async createOrRead(name: string, bytes: Uint8Array, _contentType = '', note?: string): Promise<Uint8Array> {
    return Buffer.from(this.keep(name, { bytes: Buffer.from(bytes), ...(note !== undefined && { note }) }).bytes)
  }

  async write(...[name, bytes, , noteOf]: Parameters<Archive['write']>): Promise<ArchivedFile> {
    const earlier = this.files.get(name)
    if (earlier) return fileOf(name, earlier)
    const chunks: Buffer[] = []
    for await (const chunk of bytes) chunks.push(Buffer.from(chunk))
    const all = Buffer.concat(chunks)
    const stored = { size: all.length, sha256: sha256(all) }
    const note = noteOf && { note: noteOf(stored) }
    return fileOf(name, this.keep(name, { bytes: all, sha256: stored.sha256, ...note }))
  }

  async read(name: string): Promise<Uint8Array | null> {
    const kept = this.files.get(name)
    if (kept && kept.bytes.length > largestWhole) throw new Error(`${name} is too large to be read as a whole.`)
    return kept ? Buffer.from(kept.bytes) : null
  }

  async find(name: string): Promise<ArchivedFile | null> {
    const kept = this.files.get(name)
    return kept ? fileOf(name, kept) : null
  }

  async open(name: string, range?: { from: number; size: number }): Promise<AsyncIterable<Uint8Array> | null> {
    const kept = this.files.get(name)
    const { from, size } = range ?? { from: 0, size: Infinity }
    return kept ? parts(kept.bytes.subarray(from, from + size)) : null
  }

  async list(prefix: string): Promise<readonly ArchivedFile[]> {
    const names = [...this.files].filter(([name]) => name.startsWith(prefix))
    return names.map(([name, kept]) => fileOf(name, kept)).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async publish(checkpoint: string): Promise<void> {
    this.published = checkpoint
  }

  async ping(): Promise<{ readonly immutable: boolean }> {
    return { immutable: false }
  }

  /** Keeps a file unless it exists. Returns the bytes that exist then. */
  private keep(name: string, file: Kept): Kept {
    const standing = this.files.get(name) ?? file
    this.files.set(name, standing)
    return standing
  }
}

const largestWhole = 16 * 1024 * 1024

const fileOf = (name: string, { bytes, ...more }: Kept): ArchivedFile => ({ name, size: bytes.length, ...more })

async function* parts(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield Buffer.from(bytes.subarray(at, at + 65_536))
}
