import { Broken } from '../../core/data/broken.ts'
import { consistencyRanges, inclusionRanges, perfect, type Range, rootOfRange } from '../../core/log/merkle.ts'
import { rootAt, type Tile, tileOf, tilePath } from '../../core/log/tile.ts'
import type { Archive } from '../../ports/archive.ts'
import { remember } from '../../runtime/remember.ts'

/** Tiles that are kept in memory: 8 KiB each. */
const mostTiles = 512

/** Reads hashes of the log from the archive's tiles, and keeps the newest tiles in memory. */
export class LogTree {
  readonly #archive: Pick<Archive, 'read'>
  readonly #size: number
  /** Tiles by path. The first is the least recently used. */
  readonly #known = new Map<string, Promise<Uint8Array>>()

  /** @param size the size of a checkpoint, because the archive has the right edge only for these */
  constructor(archive: Pick<Archive, 'read'>, size: number) {
    this.#archive = archive
    this.#size = size
  }

  /**
   * Proves that a leaf is in the log.
   *
   * @throws {Broken} `wrong-root`
   */
  inclusion(index: number): Promise<readonly Uint8Array[]> {
    return Promise.all(inclusionRanges(index, this.#size).map((range) => this.#hashOf(range)))
  }

  /**
   * Proves that the log of an earlier size is the beginning of this one.
   *
   * @throws {Broken} `wrong-root`
   */
  consistency(from: number): Promise<readonly Uint8Array[]> {
    return Promise.all(consistencyRanges(from, this.#size).map((range) => this.#hashOf(range)))
  }

  async #hashOf(range: Range): Promise<Uint8Array> {
    const roots = perfect(range).map(async (node) => {
      const place = tileOf(node, this.#size)
      return rootAt(place, await this.#read(place.tile))
    })
    return rootOfRange(await Promise.all(roots))
  }

  #read(tile: Tile): Promise<Uint8Array> {
    const path = tilePath(tile)
    const found = this.#known.get(path) ?? readTile(this.#archive, tile)
    remember(this.#known, path, found, mostTiles)
    return found
  }
}

/**
 * Reads a tile of hashes.
 *
 * @throws {Broken} `wrong-root` if it is missing or has another size
 */
export async function readTile(archive: Pick<Archive, 'read'>, tile: Tile): Promise<Uint8Array> {
  const bytes = await archive.read(tilePath(tile))
  if (bytes === null) throw new Broken('wrong-root', `The archive has no ${tilePath(tile)}.`)
  if (bytes.length !== tile.width * 32) throw new Broken('wrong-root', `${tilePath(tile)} has ${bytes.length} bytes.`)
  return bytes
}

/** Takes `count` of a tile's hashes, beginning with number `from`. */
export const hashesIn = (tile: Uint8Array, from: number, count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, place) => tile.subarray((from + place) * 32, (from + place + 1) * 32))
