import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from '../../src/core/data/id.ts'
import { Sealing, type SealingParts } from '../../src/evidence/seal/seal.ts'
import { readVerifiers } from '../../src/runtime/folder.ts'
import { fileSigner } from '../../src/local/signer.ts'
import type { Archive, ArchivedFile } from '../../src/ports/archive.ts'
import { MemoryArchive } from '../../test/support/fakes/archive.ts'
import { macsFor } from '../../test/support/fakes/macs.ts'
import { clock, date } from './day.ts'
import { wholePolicy, wholeVersion } from './wholePolicy.ts'

const origin = 'countersign.example/evidence'

/** Where the rows lie that say how far the day of a folder is collected. */
export const collectedIn = (folder: string): string => join(folder, 'collected.json')

/** Where a day lies that is sealed. */
export type SealedParts = Pick<SealingParts, 'ledger' | 'seals' | 'archive'>

/** Seals the day of a folder. @throws {Error} if it was not sealed */
export async function sealDay(folder: string, parts: SealedParts): Promise<void> {
  const sealed = await sealerOf(folder, { ...parts, clock })
  const days = await sealed.run()
  if (days.join() !== date) throw new Error(`The day was not sealed: ${JSON.stringify(await parts.seals.alarm())}`)
}

/** A sealer of the day of a folder. */
export async function sealerOf(folder: string, parts: SealedParts & Pick<SealingParts, 'clock'>): Promise<Sealing> {
  const policy = `policy/${wholeVersion.slice('sha256:'.length)}`
  for (const [name, text] of wholePolicy)
    await parts.archive.create(`${policy}/${name}`, Buffer.from(text), 'text/plain')
  return new Sealing({
    ...parts,
    ...{ origin, macs: macsFor(origin), spool: tmpdir(), random: randomBytes },
    signer: await fileSigner(join(folder, 'log.pem')),
    policy: { version: wholeVersion, namedGroups: () => [] },
    directory: { members: async () => [] },
    tool: 'countersign',
    files: readVerifiers('evidence'),
    failed: (cause) => console.error(cause),
  })
}

/**
 * Counts the bytes of bundles and tiles, and keeps them nowhere but in a file for the bundle, if one is given. Chunks are
 * files of a folder, where another process finds them.
 */
export class CountingArchive extends MemoryArchive {
  bytes = 0
  private readonly folder: string
  private readonly bundle: string | undefined
  private readonly tiles: Pick<Archive, 'create'> | undefined

  /**
   * @param folder of the day
   * @param tiles where tiles are stored, if they are not only counted
   */
  constructor(folder: string, bundle?: string, tiles?: Pick<Archive, 'create'>) {
    super()
    this.folder = join(folder, 'chunks')
    this.bundle = bundle
    this.tiles = tiles
    mkdirSync(this.folder, { recursive: true })
  }

  override async create(name: string, bytes: Uint8Array): Promise<void> {
    this.bytes += bytes.length
    if (!name.startsWith('tile/') || this.isKept(name)) await super.create(name, bytes)
    else await this.tiles?.create(name, bytes, 'application/octet-stream')
  }

  /** Other files than bundles and chunks are small, and the seal reads their notes back. */
  override async write(...all: Parameters<MemoryArchive['write']>): Promise<ArchivedFile> {
    const [name, bytes, , noteOf] = all
    const isChunk = name.startsWith('chunks/')
    if (!isChunk && !name.endsWith('.zip')) return super.write(...all)
    const hash = createHash('sha256')
    const path = isChunk ? this.pathOf(name) : this.bundleOf(name)
    const to = path === undefined ? null : createWriteStream(path)
    let size = 0
    for await (const some of bytes) {
      size += some.length
      hash.update(some)
      if (to && !to.write(some)) await once(to, 'drain')
    }
    to?.end()
    if (to) await once(to, 'finish')
    const content = { size, sha256: hash.digest('hex') as Hex }
    if (!isChunk) this.bytes += size
    const note = noteOf?.(content)
    if (isChunk) writeFileSync(`${path}.note`, note ?? '')
    return { name, ...content, ...(note !== undefined && { note }) }
  }

  override async list(prefix: string): Promise<readonly ArchivedFile[]> {
    if (!prefix.startsWith('chunks/')) return super.list(prefix)
    const names = readdirSync(this.folder).filter((file) => file.endsWith('.note') && file.startsWith(fileOf(prefix)))
    return names.sort().map((file) => ({
      name: file.slice(0, -'.note'.length).replaceAll('+', '/'),
      size: statSync(join(this.folder, file.slice(0, -'.note'.length))).size,
      note: readFileSync(join(this.folder, file), 'utf8'),
    }))
  }

  override async open(...[name, range]: Parameters<MemoryArchive['open']>): Promise<AsyncIterable<Uint8Array> | null> {
    if (!name.startsWith('chunks/')) return super.open(name, range)
    const { from = 0, size = Infinity } = range ?? {}
    return size === 0 ? null : createReadStream(this.pathOf(name), { start: from, end: from + size - 1 })
  }

  /** Whether a tile is read again. A single day is sealed without its tiles. */
  protected isKept(_tile: string): boolean {
    return false
  }

  /** Where the bundle of a name is kept; nowhere, if there is no such file. */
  protected bundleOf(_name: string): string | undefined {
    return this.bundle
  }

  private pathOf(name: string): string {
    return join(this.folder, fileOf(name))
  }
}

/** A file's name in the folder: one for each in the archive. */
const fileOf = (name: string): string => name.replaceAll('/', '+')
