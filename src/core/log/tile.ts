import { emptyFrontier, growing, rootOf, type Subtree } from './merkle.ts'

/**
 * A file of up to 256 hashes of the tree, or of up to 256 leaves (C2SP tlog-tiles).
 *
 * A hash on level L is the root of 256^L leaves. Only tiles at the right edge of the log have fewer than 256 entries.
 */
export interface Tile {
  readonly level: number | 'entries'
  readonly index: number
  /** 1 to 256. */
  readonly width: number
}

/** Where to find a subtree's root: it is the root over `count` hashes of the tile, beginning with number `from`. */
export interface TilePlace {
  readonly tile: Tile
  readonly from: number
  readonly count: number
}

/** C2SP tlog-tiles: a full tile has 256 hashes or leaves, and spans eight levels of the tree. */
export const fullTile = 256
const height = 8
const hashBytes = 32

/** C2SP tlog-tiles, "Log entries": an entry's length is a uint16. */
const mostEntryBytes = 0xffff

/** Writes a tile's path (C2SP tlog-tiles), as `tile/0/x001/234` or `tile/entries/000.p/17`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${path}${width < fullTile ? `.p/${width}` : ''}`
}

/** The tiles of hashes that are not full in a log of this size, from level 0 up. A level has one or none. */
export function rightEdge(size: number): readonly Tile[] {
  const tiles: Tile[] = []
  for (let level = 0, hashes = size; hashes > 0; level += 1, hashes = Math.floor(hashes / fullTile)) {
    const width = hashes % fullTile
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / fullTile), width })
  }
  return tiles
}

/**
 * Finds a perfect subtree's root in the tiles of a log of this size.
 *
 * @throws {RangeError} if the log has no such subtree.
 */
export function tileOf(node: Subtree, size: number): TilePlace {
  const level = Math.floor(node.level / height)
  const count = 2 ** (node.level % height)
  const first = node.index * count
  const hashes = Math.floor(size / fullTile ** level)
  if (first + count > hashes) throw new RangeError('The log has no such subtree.')
  const index = Math.floor(first / fullTile)
  return { tile: { level, index, width: Math.min(fullTile, hashes - index * fullTile) }, from: first % fullTile, count }
}

/**
 * Computes a subtree's root from the bytes of its tile, or of a wider tile at the same index.
 *
 * @throws {RangeError} if the tile is too short.
 */
export function rootAt({ from, count }: TilePlace, tile: Uint8Array): Uint8Array {
  if (tile.length < (from + count) * hashBytes) throw new RangeError('The tile is too short.')
  const log = growing(emptyFrontier)
  for (let i = from; i < from + count; i++) log.add(tile.subarray(i * hashBytes, (i + 1) * hashBytes))
  return rootOf(log.frontier())
}

/** Writes leaves one after the other, each after its length (C2SP tlog-tiles, "Log entries"). */
export function entryBundleOf(leaves: readonly Uint8Array[]): Uint8Array {
  const bundle = new Uint8Array(leaves.reduce((bytes, leaf) => bytes + 2 + leaf.length, 0))
  let at = 0
  for (const leaf of leaves) {
    if (leaf.length > mostEntryBytes) throw new RangeError('A leaf is too long for an entry bundle.')
    bundle.set([leaf.length >> 8, leaf.length & 0xff], at)
    bundle.set(leaf, at + 2)
    at += 2 + leaf.length
  }
  return bundle
}

/**
 * Reads the leaves of an entry bundle. Never throws: altered bytes give other leaves, with other hashes.
 */
export function leavesIn(bundle: Uint8Array): readonly Uint8Array[] {
  const leaves: Uint8Array[] = []
  for (let at = 0; at + 2 <= bundle.length; ) {
    const end = at + 2 + (bundle[at] ?? 0) * 256 + (bundle[at + 1] ?? 0)
    leaves.push(bundle.subarray(at + 2, end))
    at = end
  }
  return leaves
}
