import * as fc from 'fast-check'
import { emptyFrontier, growing, hashLeaf, rootOf, type Subtree } from '../../../src/core/log/merkle.ts'
import { entryBundleOf, leavesIn, rightEdge, rootAt, type Tile, tileOf, tilePath } from '../../../src/core/log/tile.ts'

// The first and the widths are C2SP tlog-tiles' own examples.
test.each<[Tile, string]>([
  [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
  [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
  [{ level: 1, index: 999, width: 255 }, 'tile/1/999.p/255'],
  [{ level: 2, index: 1000, width: 1 }, 'tile/2/x001/000.p/1'],
  [{ level: 'entries', index: 0, width: 17 }, 'tile/entries/000.p/17'],
  [{ level: 'entries', index: 1_234, width: 256 }, 'tile/entries/x001/234'],
  [{ level: 5, index: 2 ** 45, width: 256 }, 'tile/5/x035/x184/x372/x088/832'],
])('the path of %j is %s', (tile, path) => {
  expect(tilePath(tile)).toBe(path)
})

test.each<[number, readonly string[]]>([
  [0, []],
  [1, ['tile/0/000.p/1']],
  [255, ['tile/0/000.p/255']],
  [256, ['tile/1/000.p/1']],
  [257, ['tile/0/001.p/1', 'tile/1/000.p/1']],
  [65_536, ['tile/2/000.p/1']],
  [70_000, ['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']],
  [2 ** 40 + 5, ['tile/0/x004/x294/x967/296.p/5', 'tile/5/000.p/1']],
])('the right edge of %d leaves', (size, paths) => {
  expect(rightEdge(size).map(tilePath)).toEqual(paths)
})

test.each<[Subtree, number, string, number, number]>([
  [{ level: 0, index: 5 }, 6, 'tile/0/000.p/6', 5, 1],
  [{ level: 0, index: 256 }, 70_000, 'tile/0/001', 0, 1],
  [{ level: 7, index: 1 }, 256, 'tile/0/000', 128, 128],
  [{ level: 8, index: 0 }, 256, 'tile/1/000.p/1', 0, 1],
  [{ level: 10, index: 67 }, 70_000, 'tile/1/001.p/17', 12, 4],
  [{ level: 16, index: 0 }, 70_000, 'tile/2/000.p/1', 0, 1],
  [{ level: 40, index: 0 }, 2 ** 40 + 5, 'tile/5/000.p/1', 0, 1],
])('the root of %j of %d leaves is in %s', (node, size, path, from, count) => {
  const place = tileOf(node, size)
  expect([tilePath(place.tile), place.from, place.count]).toEqual([path, from, count])
})

test.each<[Subtree, number]>([
  [{ level: 0, index: 0 }, 0],
  [{ level: 0, index: 6 }, 6],
  [{ level: 8, index: 0 }, 255],
  [{ level: 3, index: 2 }, 23],
])('%j is not in a log of %d leaves', (node, size) => {
  expect(() => tileOf(node, size)).toThrow(RangeError)
})

test('every subtree is found in the tiles, and folds to its root', () => {
  const subtrees = fc
    .integer({ min: 0, max: 11 })
    .chain((level) => fc.nat(Math.floor(2_500 / 2 ** level) - 1).map((index) => ({ level, index })))
  fc.assert(
    fc.property(subtrees, fc.nat(2_500), (node, more) => {
      const width = 2 ** node.level
      const size = Math.min(2_500, (node.index + 1) * width + more)
      const place = tileOf(node, size)
      const { tile } = place
      expect(tile.width === 256 || rightEdge(size).some((edge) => tilePath(edge) === tilePath(tile))).toBe(true)
      expect(hex(rootAt(place, Buffer.concat(hashesOf(tile))))).toBe(
        hex(rootOfLeaves(node.index * width, (node.index + 1) * width)),
      )
    }),
  )
})

test('a tile that is too short has no root', () => {
  const place = tileOf({ level: 1, index: 1 }, 4)
  const tile = Buffer.concat(leaves.slice(0, 4))
  expect(hex(rootAt(place, tile))).toBe(hex(rootOfLeaves(2, 4)))
  expect(() => rootAt(place, tile.subarray(1))).toThrow(RangeError)
})

test('a bundle holds leaves, each after its length', () => {
  expect(hex(entryBundleOf([]))).toBe('')
  expect(hex(entryBundleOf([Buffer.from('a'), new Uint8Array(0), Buffer.from('bc')]))).toBe('000161000000026263')
  expect(hex(entryBundleOf([new Uint8Array(0xfffe)])).slice(0, 6)).toBe('fffe00')
  expect(entryBundleOf([new Uint8Array(0xffff)])).toHaveLength(0x10001)
  expect(() => entryBundleOf([new Uint8Array(0x10000)])).toThrow(RangeError)
})

test('leaves come out of an entry bundle as they went in', () => {
  const leaf = fc.uint8Array({ maxLength: 600 })
  fc.assert(
    fc.property(fc.array(leaf, { maxLength: 8 }), (written) => {
      expect(leavesIn(entryBundleOf(written)).map(hex)).toEqual(written.map(hex))
    }),
  )
})

test.each(['00', '0002', '000261', '00016100', '0001610002'])(
  'bytes of no entry bundle give other leaves: %s',
  (bytes) => {
    const broken = Buffer.from(bytes, 'hex')
    expect(hex(entryBundleOf(leavesIn(broken)))).not.toBe(bytes)
  },
)

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const leaves = Array.from({ length: 2_500 }, (_, i) => hashLeaf(String(i)))

/** C2SP tlog-tiles: hash i of tile n on level l is that of the leaves (n × 256 + i) × 256^l and on, 256^l of them. */
function hashesOf({ level, index, width }: Tile): readonly Uint8Array[] {
  const span = 256 ** Number(level)
  return Array.from({ length: width }, (_, i) => rootOfLeaves((index * 256 + i) * span, (index * 256 + i + 1) * span))
}

function rootOfLeaves(from: number, to: number): Uint8Array {
  const log = growing(emptyFrontier)
  for (const leaf of leaves.slice(from, to)) log.add(leaf)
  return rootOf(log.frontier())
}
