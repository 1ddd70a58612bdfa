import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Archive } from '../../src/ports/archive.ts'

/** How many tiles were stored, and the seconds from the first to the last of them. */
export interface StoredTiles {
  readonly count: number
  readonly seconds: number
}

const fileIn = (folder: string): string => join(folder, 'tiles.json')

export const tilesIn = (folder: string): StoredTiles => JSON.parse(readFileSync(fileIn(folder), 'utf8')) as StoredTiles

/** Measures how long an archive takes for its tiles. */
export function timedTiles<A extends Pick<Archive, 'create'>>(archive: A) {
  const create = archive.create.bind(archive)
  let [count, first, last] = [0, Number.POSITIVE_INFINITY, 0]
  archive.create = async (name, bytes, contentType) => {
    const began = performance.now()
    await create(name, bytes, contentType)
    if (!name.startsWith('tile/')) return
    first = Math.min(first, began)
    last = performance.now()
    count += 1
  }
  return {
    archive,
    /** Writes it into the folder of the day, for the process that asked. */
    tell: (folder: string) =>
      writeFileSync(fileIn(folder), JSON.stringify({ count, seconds: Math.max(0, last - first) / 1000 })),
  }
}
