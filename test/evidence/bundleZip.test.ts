import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, inflateRawSync } from 'node:zlib'
import type { Hex } from '../../src/core/data/id.ts'
import { deflatedPiece, lastPiece } from '../../src/evidence/chunk/chunkContent.ts'
import { member, packedMember, zipped } from '../../src/evidence/seal/bundleZip.ts'
import { type Packed, Packing, Spool, unpacked } from '../../src/evidence/seal/spool.ts'
import { withFile } from '../../src/verify/file.ts'
import { directory } from '../../src/verify/zip/centralDirectory.ts'
import { scratch } from './days.ts'

const { folder, clean } = scratch()
afterAll(clean)

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const some of bytes) pieces.push(some)
  return Buffer.concat(pieces).toString()
}

/** Zeros that would fill a disk, as the pieces of a deflated stream. */
function zeros(pieces: number, size: number): Packed {
  const bytes = Buffer.alloc(size)
  const piece = deflatedPiece(bytes)
  let checksum = 0
  for (let i = 0; i < pieces; i++) checksum = crc32(bytes, checksum)
  async function* packed() {
    for (let i = 0; i < pieces; i++) yield piece
    yield lastPiece
  }
  const packedSize = pieces * piece.length + lastPiece.length
  return { size: pieces * size, sha256: '0'.repeat(64) as Hex, crc32: checksum, packedSize, open: packed }
}

test('a member beyond four gigabytes has its sizes where zip64 has them', async () => {
  const name = join(folder, 'large.zip')
  const file = await open(name, 'w')
  const records = zeros(65, 1 << 26)
  const others = [
    ...['README.txt', 'verify.sh', 'verify.py', 'checkpoint.prev', 'checkpoint', 'checkpoint.add', 'carried.jsonl'],
    ...['requests.csv', 'exceptions.csv', 'metrics.csv', 'manifest.sigstore.json'],
  ].map((name) => member(name, name))
  for await (const some of zipped([packedMember('records.jsonl', records), ...others])) await file.write(some)
  await file.close()
  const members = await withFile(name, directory)
  expect([...members.keys()]).toEqual(['records.jsonl', ...others.map(({ name }) => name)])
  expect(members.get('records.jsonl')).toMatchObject({
    ...{ size: records.packedSize, length: 65 * 2 ** 26, crc32: records.crc32, method: 'deflated' },
  })
})

test('a packed member that has another length than it says ends the zip', async () => {
  const short = { ...zeros(1, 10), packedSize: 5 }
  await expect(textOf(zipped([packedMember('records.jsonl', short)]))).rejects.toThrow('records.jsonl')
})

test('what is spooled lies deflated in a file, and is read as it was added', async () => {
  const path = join(folder, 'spooled')
  const spool = await Spool.open(path)
  const lines = Array.from({ length: 100_000 }, (_, i) => `line ${i}\r\n`)
  for (const line of lines) {
    spool.add(line)
    await spool.room()
  }
  const packed = await spool.end()
  expect(packed.size).toBe(lines.join('').length)
  expect(packed.packedSize).toBeLessThan(packed.size / 2)
  expect(await textOf(unpacked(packed))).toBe(lines.join(''))
})

test('a packed member without pieces is empty', async () => {
  const packed = new Packing().end(async function* () {})
  expect(packed).toMatchObject({ size: 0, crc32: 0, packedSize: 2 })
  const bytes: Uint8Array[] = []
  for await (const some of packed.open()) bytes.push(some)
  expect(inflateRawSync(Buffer.concat(bytes))).toHaveLength(0)
})

test('a packed member whose pieces cannot be read fails', async () => {
  const broken: Packed = {
    ...zeros(1, 10),
    open: async function* () {
      yield lastPiece.subarray(0, 0)
      throw new Error('gone')
    },
  }
  await expect(textOf(unpacked(broken))).rejects.toThrow('gone')
})
