import { encode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { emptyFrontier, type Frontier, growing, hashLeaf, rootOf } from '../../core/log/merkle.ts'
import { Problem } from '../../core/data/problem.ts'
import { entryBundleOf, rightEdge, type Tile, tilePath } from '../../core/log/tile.ts'
import type { Archive } from '../../ports/archive.ts'
import type { SealHead } from '../../ports/seals.ts'
import { abreast, behind } from '../../runtime/concurrency.ts'
import { hashesIn, readTile } from './tree.ts'

/** C2SP tlog-tiles: hashes in a full tile. */
const full = 256

/** Tiles that are written at the same time. */
const atOnce = 8

/** The tile of one level that is being filled: its hashes, and the tree over them. */
interface Level {
  readonly hashes: Uint8Array
  index: number
  width: number
  tree: ReturnType<typeof growing>
}

/**
 * Lets the log grow from where it stood, and writes its tiles into the archive.
 *
 * @throws {Broken} `wrong-root` if the archive's tiles are not those of the log as it was sealed
 */
export async function growth(archive: Archive, from: Pick<SealHead, 'size' | 'root' | 'frontier'>) {
  const levels = await levelsOf(archive, from)
  let leaves = await lastLeaves(archive, from.size)
  let size = from.size
  let unwritten: { readonly tile: Tile; readonly bytes: Uint8Array }[] = []
  const writing = behind()

  const levelOf = (number: number): Level => (levels[number] ??= emptyLevel(0))
  const entries = (width: number) => ({ level: 'entries', index: Math.floor((size - 1) / full), width }) as const

  function grow(number: number, hash: Uint8Array): void {
    const level = levelOf(number)
    level.hashes.set(hash, level.width * 32)
    level.tree.add(hash)
    level.width += 1
    if (level.width < full) return
    unwritten.push({ tile: { level: number, index: level.index, width: full }, bytes: level.hashes })
    levels[number] = emptyLevel(level.index + 1)
    grow(number + 1, rootOf(level.tree.frontier()))
  }

  function flush(): Promise<void> {
    const tiles = unwritten
    unwritten = []
    return writing.start(() => abreast(atOnce, tiles, ({ tile, bytes }) => keep(archive, tile, bytes)))
  }

  return {
    /** @param hash the leaf's */
    add(leaf: string, hash: Uint8Array): void {
      size += 1
      leaves.push(leaf)
      grow(0, hash)
      if (leaves.length < full) return
      unwritten.push({ tile: entries(full), bytes: entriesOf(leaves) })
      leaves = []
    },

    /** Resolves when more may be added. */
    async room(): Promise<void> {
      if (unwritten.length >= atOnce) await flush()
    },

    /** Writes the tiles of the right edge; resolves when all tiles are in the archive. */
    async end(): Promise<Frontier> {
      const edge = rightEdge(size).map((tile) => ({ tile, bytes: edgeOf(levels, tile) }))
      unwritten.push(...edge)
      if (leaves.length > 0) unwritten.push({ tile: entries(leaves.length), bytes: entriesOf(leaves) })
      await flush()
      await writing.end()
      return frontierOf(levels, size)
    },
  }
}

/** The tiles as they were filled when the log was sealed. */
async function levelsOf(archive: Archive, { size, root, frontier }: Pick<SealHead, 'size' | 'root' | 'frontier'>) {
  const levels: Level[] = []
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / full))
    levels.push(emptyLevel(Math.floor(hashes / full)))
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
  ...{ index, width: 0 },
  hashes: new Uint8Array(full * 32),
  tree: growing(emptyFrontier),
})

/** A tile has the size of a perfect subtree: the roots of all levels, from the highest on, are the log's. */
const frontierOf = (levels: readonly Level[], size: number): Frontier => ({
  size,
  roots: levels
    .map(({ tree }) => tree.frontier().roots)
    .reverse()
    .flat(),
})

const edgeOf = (levels: readonly Level[], { level, width }: Tile): Uint8Array =>
  levels[Number(level)]?.hashes.slice(0, width * 32) ?? new Uint8Array()

const entriesOf = (leaves: readonly string[]): Uint8Array => entryBundleOf(leaves.map((leaf) => Buffer.from(leaf)))

/** The leaves of the entry bundle that is not full. */
async function lastLeaves(archive: Archive, size: number): Promise<string[]> {
  const width = size % full
  if (width === 0) return []
  const tile = { level: 'entries', index: Math.floor(size / full), width } as const
  const bytes = await archive.read(tilePath(tile))
  const hashes = await readTile(archive, { ...tile, level: 0 })
  const leaves = bytes === null ? [] : leavesOf(bytes)
  const isSealed = hashesIn(hashes, 0, width).every((hash, place) => {
    const leaf = leaves[place]
    return leaf !== undefined && Buffer.from(hashLeaf(leaf)).equals(hash)
  })
  if (!isSealed || leaves.length !== width)
    throw new Broken('wrong-root', `${tilePath(tile)} does not hold the leaves that were sealed.`)
  return leaves.map((leaf) => Buffer.from(leaf).toString('utf8'))
}

/** Undoes {@link entryBundleOf}; what does not fit is another leaf, and has another hash. */
function leavesOf(bundle: Uint8Array): Uint8Array[] {
  const leaves: Uint8Array[] = []
  for (let at = 0; at + 2 <= bundle.length; ) {
    const end = at + 2 + (bundle[at] ?? 0) * 256 + (bundle[at + 1] ?? 0)
    leaves.push(bundle.subarray(at + 2, end))
    at = end
  }
  return leaves
}

async function keep(archive: Archive, tile: Tile, bytes: Uint8Array): Promise<void> {
  try {
    await archive.create(tilePath(tile), bytes, 'application/octet-stream')
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw new Broken('wrong-root', `${tilePath(tile)} is in the archive with other bytes.`, { cause })
  }
}
