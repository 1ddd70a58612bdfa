import { createHash } from 'node:crypto'
import { encode64 } from '../../src/core/data/base64.ts'
import {
  append,
  checkConsistency,
  checkInclusion,
  emptyFrontier,
  type Frontier,
  hashLeaf,
  rootOf,
} from '../../src/core/log/merkle.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { rightEdge, tilePath } from '../../src/core/log/tile.ts'
import { TileWriter } from '../../src/evidence/log/tileWriter.ts'
import { LogTree } from '../../src/evidence/log/tree.ts'
import type { Archive } from '../../src/ports/archive.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'

const leafOf = (number: number) => Buffer.from(`leaf ${createHash('sha256').update(String(number)).digest('hex')}`)
const leaves = (count: number) => Array.from({ length: count }, (_, number) => leafOf(number))

const frontiers: Frontier[] = [emptyFrontier]
const frontierAt = (size: number): Frontier => {
  for (let at = frontiers.length; at <= size; at++)
    frontiers.push(append(frontiers[at - 1] ?? emptyFrontier, hashLeaf(leafOf(at - 1))))
  return frontiers[size] ?? emptyFrontier
}
const standing = (size: number) => {
  const frontier = frontierAt(size)
  return { size, root: encode64(rootOf(frontier)), frontier: frontier.roots.map(encode64) }
}

async function grown(archive: Archive, from: number, to: number): Promise<Frontier> {
  const log = await TileWriter.open(archive, standing(from))
  for (const leaf of leaves(to).slice(from)) {
    log.add(leaf, hashLeaf(leaf))
    await log.room()
  }
  return log.end()
}

test.each([
  [0, 0],
  [0, 1],
  [0, 256],
  [1, 255],
  [1, 256],
  [255, 257],
  [256, 256],
  [256, 300],
  [300, 1000],
  [511, 513],
  [1000, 1000],
])('tiles prove that the log grew from %i to %i leaves', async (from, to) => {
  const archive = new MemoryArchive()
  await grown(archive, 0, from)
  expect(await grown(archive, from, to)).toEqual(frontierAt(to))
  const log = new LogTree(archive, to)
  const [fromRoot, toRoot] = [rootOf(frontierAt(from)), rootOf(frontierAt(to))]
  expect(checkConsistency({ from, to, proof: await log.consistency(from), fromRoot, toRoot })).toBe(true)
  for (const index of [0, from - 1, from, 255, 256, to - 1].filter((place) => place >= 0 && place < to)) {
    const proof = await log.inclusion(index)
    const leaf = hashLeaf(leafOf(index))
    expect(checkInclusion({ index, size: to, leaf, proof, root: toRoot })).toBe(true)
  }
})

test('full tiles and entry bundles hold all leaves in order, partial ones stay beside them', async () => {
  const archive = new MemoryArchive()
  await grown(archive, 0, 300)
  await grown(archive, 300, 600)
  const names = (await archive.list('')).map(({ name }) => name)
  expect(names).toEqual(
    [
      ...['tile/0/000', 'tile/0/001', 'tile/0/001.p/44', 'tile/0/002.p/88', 'tile/1/000.p/1', 'tile/1/000.p/2'],
      ...['tile/entries/000', 'tile/entries/001', 'tile/entries/001.p/44', 'tile/entries/002.p/88'],
    ].toSorted(),
  )
  const bundle = Buffer.from((await archive.read('tile/entries/001')) ?? [])
  const wanted = leaves(512)
    .slice(256)
    .map((leaf) => Buffer.concat([Buffer.of(leaf.length >> 8, leaf.length & 255), leaf]))
  expect(bundle).toEqual(Buffer.concat(wanted))
  const hashes = Buffer.concat(leaves(512).slice(256).map(hashLeaf))
  expect(Buffer.from((await archive.read('tile/0/001')) ?? [])).toEqual(hashes)
})

test('writing again from the same size writes the same', async () => {
  const archive = new MemoryArchive()
  await grown(archive, 0, 300)
  await grown(archive, 300, 700)
  const before = await archive.list('')
  await grown(archive, 300, 700)
  expect(await archive.list('')).toEqual(before)
})

describe('an existing tile in the archive is checked:', () => {
  const without = async (name: string, other?: (bytes: Buffer) => Uint8Array) => {
    const whole = new MemoryArchive()
    await grown(whole, 0, 300)
    const archive = new MemoryArchive()
    for (const file of await whole.list('')) {
      const bytes = Buffer.from((await whole.read(file.name)) ?? [])
      if (file.name !== name) await archive.create(file.name, bytes)
      else if (other) await archive.create(file.name, other(bytes))
    }
    return archive
  }
  const flipped = (bytes: Buffer) => bytes.map((byte, place) => (place === 5 ? byte ^ 1 : byte))
  const shortened = (bytes: Buffer) => bytes.subarray(0, -1)

  const edge = [...rightEdge(300).map(tilePath), 'tile/entries/001.p/44']
  test.each(edge.flatMap((name) => [undefined, flipped, shortened].map((other) => [name, other] as const)))(
    '%s',
    async (name, other) => {
      await expect(grown(await without(name, other), 300, 301)).rejects.toMatchObject({ code: 'wrong-root' })
    },
  )

  test('a full tile with other bytes', async () => {
    const archive = new MemoryArchive()
    await archive.create('tile/0/000', new Uint8Array(256 * 32))
    await expect(grown(archive, 0, 700)).rejects.toMatchObject({ code: 'wrong-root' })
  })

  test('an unreachable archive is not broken evidence', async () => {
    const archive = new MemoryArchive()
    archive.create = async () => {
      throw new Problem('unavailable', 'Not now.')
    }
    await expect(grown(archive, 0, 700)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
