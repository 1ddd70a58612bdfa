import { encode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { emptyFrontier, type Frontier, growing, hashLeaf, rootOf } from '../../core/log/merkle.ts'
import { Problem } from '../../core/data/problem.ts'
import { entryBundleOf, fullTile, leavesIn, rightEdge, type Tile, tilePath } from '../../core/log/tile.ts'
import type { Archive } from '../../ports/archive.ts'
import type { SealHead } from '../../ports/seals.ts'
import { abreast, Overlap } from '../../runtime/concurrency.ts'
import { hashesIn, readTile } from './tree.ts'

/** Tiles that are written at the same time. */
const atOnce = 8

/** The tile of one level that is being filled: its hashes, and the tree over them. */
interface Level {
  readonly hashes: Uint8Array
  index: number
  width: number
  tree: ReturnType<typeof growing>
}

/** Grows the log from its sealed size on, and writes its tiles into the archive. */
export class TileWriter {
  readonly #archive: Archive
  readonly #levels: Level[]
  readonly #writing = new Overlap()
  /** The leaves of the entry bundle that is being filled. */
  #leaves: Uint8Array[]
  #size: number
  #unwritten: { readonly tile: Tile; readonly bytes: Uint8Array }[] = []

  private constructor(archive: Archive, size: number, levels: Level[], leaves: Uint8Array[]) {
    this.#archive = archive
    this.#size = size
    this.#levels = levels
    this.#leaves = leaves
  }

  /**
   * Opens a writer at the end of the sealed log.
   *
   * @throws {Broken} `wrong-root` if the archive's tiles are not those of the sealed log
   */
  static async open(archive: Archive, from: Pick<SealHead, 'size' | 'root' | 'frontier'>): Promise<TileWriter> {
    const levels = await levelsOf(archive, from)
    return new TileWriter(archive, from.size, levels, await lastLeaves(archive, from.size))
  }

  /** @param hash the leaf hash. Neither may change afterwards */
  add(leaf: Uint8Array, hash: Uint8Array): void {
    this.#size += 1
    this.#leaves.push(leaf)
    this.#grow(0, hash)
    if (this.#leaves.length < fullTile) return
    this.#unwritten.push(this.#entries())
    this.#leaves = []
  }

  /** Resolves when more may be added. */
  async room(): Promise<void> {
    if (this.#unwritten.length >= atOnce) await this.#flush()
  }

  /**
   * Writes the tiles of the right edge. Resolves when all tiles are in the archive.
   *
   * @throws {Broken} `wrong-root` if the archive has another tile in the place of one of them
   */
  async end(): Promise<Frontier> {
    for (const tile of rightEdge(this.#size)) this.#unwritten.push({ tile, bytes: edgeOf(this.#levels, tile) })
    if (this.#leaves.length > 0) this.#unwritten.push(this.#entries())
    await this.#flush()
    await this.#writing.end()
    return frontierOf(this.#levels, this.#size)
  }

  #grow(number: number, hash: Uint8Array): void {
    const level = this.#levels[number] ?? emptyLevel(0)
    this.#levels[number] = level
    level.hashes.set(hash, level.width * 32)
    level.tree.add(hash)
    level.width += 1
    if (level.width < fullTile) return
    this.#unwritten.push({ tile: { level: number, index: level.index, width: fullTile }, bytes: level.hashes })
    this.#levels[number] = emptyLevel(level.index + 1)
    this.#grow(number + 1, rootOf(level.tree.frontier()))
  }

  /** Makes the entry bundle of the newest leaves. */
  #entries(): { readonly tile: Tile; readonly bytes: Uint8Array } {
    const index = Math.floor((this.#size - 1) / fullTile)
    const bytes = entryBundleOf(this.#leaves)
    return { tile: { level: 'entries', index, width: this.#leaves.length }, bytes }
  }

  #flush(): Promise<void> {
    const tiles = this.#unwritten
    this.#unwritten = []
    return this.#writing.start(() => abreast(atOnce, tiles, ({ tile, bytes }) => keep(this.#archive, tile, bytes)))
  }
}

/**
 * Reads the tiles of the right edge, as the newest seal left them.
 *
 * @throws {Broken} `wrong-root`
 */
async function levelsOf(archive: Archive, { size, root, frontier }: Pick<SealHead, 'size' | 'root' | 'frontier'>) {
  const levels: Level[] = []
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / fullTile))
    levels.push(emptyLevel(Math.floor(hashes / fullTile)))
  for (const tile of rightEdge(size)) {
    const level = levels[Number(tile.level)]
    if (!level) continue
    const bytes = await readTile(archive, tile)
    level.hashes.set(bytes)
    level.width = tile.width
    for (const hash of hashesIn(bytes, 0, tile.width)) level.tree.add(hash)
  }
  const found = frontierOf(levels, size)
  const isSealed = found.roots.map(encode64).join() === frontier.join() && encode64(rootOf(found)) === root
  if (!isSealed) throw new Broken('wrong-root', `The archive's tiles are not those of the sealed log of size ${size}.`)
  return levels
}

const emptyLevel = (index: number): Level => ({
  index,
  width: 0,
  hashes: new Uint8Array(fullTile * 32),
  tree: growing(emptyFrontier),
})

/** Gives the roots of the log: those of all levels, from the highest on, since a tile is a perfect subtree. */
const frontierOf = (levels: readonly Level[], size: number): Frontier => ({
  size,
  roots: levels
    .map(({ tree }) => tree.frontier().roots)
    .reverse()
    .flat(),
})

const edgeOf = (levels: readonly Level[], { level, width }: Tile): Uint8Array =>
  levels[Number(level)]?.hashes.slice(0, width * 32) ?? new Uint8Array()

/**
 * Reads the leaves of the entry bundle that is not full.
 *
 * @throws {Broken} `wrong-root`
 */
async function lastLeaves(archive: Archive, size: number): Promise<Uint8Array[]> {
  const width = size % fullTile
  if (width === 0) return []
  const tile = { level: 'entries', index: Math.floor(size / fullTile), width } as const
  const bytes = await archive.read(tilePath(tile))
  const hashes = await readTile(archive, { ...tile, level: 0 })
  const leaves = bytes === null ? [] : leavesIn(bytes)
  const isSealed = hashesIn(hashes, 0, width).every((hash, place) => {
    const leaf = leaves[place]
    return leaf !== undefined && Buffer.from(hashLeaf(leaf)).equals(hash)
  })
  if (!isSealed || leaves.length !== width)
    throw new Broken('wrong-root', `${tilePath(tile)} does not have the leaves that were sealed.`)
  return [...leaves]
}

async function keep(archive: Archive, tile: Tile, bytes: Uint8Array): Promise<void> {
  try {
    await archive.create(tilePath(tile), bytes, 'application/octet-stream')
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw new Broken('wrong-root', `${tilePath(tile)} is in the archive with other bytes.`, { cause })
  }
}
