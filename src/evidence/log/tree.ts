import { Broken } from '../../core/data/broken.ts'
import { consistencyRanges, inclusionRanges, perfect, type Range, rootOfRange } from '../../core/log/merkle.ts'
import { rootAt, type Tile, tileOf, tilePath } from '../../core/log/tile.ts'
import type { Archive } from '../../ports/archive.ts'

/** Tiles that are kept in memory: 8 KiB each. */
const mostTiles = 512

/**
 * Reads hashes of the log from the archive's tiles.
 *
 * @param size that of a checkpoint: only for those the archive has the tiles of the right edge
 */
export function tree(archive: Pick<Archive, 'read'>, size: number) {
  const known = new Map<string, Promise<Uint8Array>>()

  function read(tile: Tile): Promise<Uint8Array> {
    const path = tilePath(tile)
    const found = known.get(path) ?? readTile(archive, tile)
    known.delete(path)
    known.set(path, found)
    // The first is the one that was not asked for the longest.
    for (const [oldest] of known) if (known.size > mostTiles) known.delete(oldest)
    return found
  }

  async function hashOf(range: Range): Promise<Uint8Array> {
    const roots = perfect(range).map(async (node) => {
      const place = tileOf(node, size)
      return rootAt(place, await read(place.tile))
    })
    return rootOfRange(await Promise.all(roots))
  }

  return {
    /** The proof that a leaf is in the log. */
    inclusion: (index: number): Promise<readonly Uint8Array[]> => Promise.all(inclusionRanges(index, size).map(hashOf)),

    /** The proof that the log of an earlier size is the beginning of this one. */
    consistency: (from: number): Promise<readonly Uint8Array[]> =>
      Promise.all(consistencyRanges(from, size).map(hashOf)),
  }
}

/** @throws {Broken} `wrong-root` if it is missing or has another size */
export async function readTile(archive: Pick<Archive, 'read'>, tile: Tile): Promise<Uint8Array> {
  const bytes = await archive.read(tilePath(tile))
  if (bytes === null) throw new Broken('wrong-root', `The archive has no ${tilePath(tile)}.`)
  if (bytes.length !== tile.width * 32) throw new Broken('wrong-root', `${tilePath(tile)} has ${bytes.length} bytes.`)
  return bytes
}

/** So many of a tile's hashes, from one on. */
export const hashesIn = (tile: Uint8Array, from: number, count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, place) => tile.subarray((from + place) * 32, (from + place + 1) * 32))
