import { crc32 } from 'node:zlib'
import { type Hex, sha256 } from '../../core/data/id.ts'
import { deflatedPiece, lastPiece } from '../chunk/chunkContent.ts'
import type { Packed } from './spool.ts'

/** A file of a bundle. */
export type Member = { readonly name: string; readonly sha256: Hex } & (
  | { readonly bytes: Buffer }
  | { readonly packed: Packed }
)

export function member(name: string, content: string | Uint8Array): Member {
  const bytes = Buffer.from(content)
  return { name, bytes, sha256: sha256(bytes) }
}

export const packedMember = (name: string, packed: Packed): Member => ({ name, sha256: packed.sha256, packed })

/** APPNOTE 4.4.1.4: what a field has whose number is in the field of zip64. */
const elsewhere = 0xffffffff

/** APPNOTE 4.4.4, bit 11: names are UTF-8. */
const flags = 0x0800
const deflated = 8
/** 1 January 1980, 00:00, in the form of DOS: the same everywhere. */
const [dosTime, dosDate] = [0, 0x21]
/** Made on Unix, by version 6.3 of the format: a plain file that its owner may write. */
const [madeBy, attributes] = [0x033f, (0o100644 << 16) >>> 0]

interface Entry {
  readonly name: Buffer
  readonly crc32: number
  readonly size: number
  readonly packedSize: number
  /** Where its local header begins. */
  readonly offset: number
}

/**
 * Zips members in this order. Members that are packed are copied as they are. Reads nothing before the caller takes the
 * first bytes.
 *
 * @throws {Error} if a packed member has another length than it says
 */
export async function* zipped(members: readonly Member[]): AsyncGenerator<Uint8Array, void, undefined> {
  const entries: Entry[] = []
  let offset = 0
  for (const one of members) {
    const packed = 'packed' in one ? one.packed : packedBytes(one.bytes)
    const { size, packedSize } = packed
    const entry: Entry = { name: Buffer.from(one.name), crc32: packed.crc32, size, packedSize, offset }
    entries.push(entry)
    const header = localHeader(entry)
    yield header
    let length = 0
    for await (const some of packed.open()) {
      length += some.length
      yield some
    }
    if (length !== packedSize) throw new Error(`${one.name} has ${length} bytes, and not ${packedSize}.`)
    offset += header.length + length
  }
  const directory = entries.map(directoryEntry)
  for (const entry of directory) yield entry
  const directorySize = directory.reduce((sum, { length }) => sum + length, 0)
  yield endOfZip(entries.length, directorySize, offset)
}

type InMemory = Omit<Packed, 'sha256' | 'open'> & { readonly open: () => Iterable<Uint8Array> }

function packedBytes(bytes: Buffer): InMemory {
  const piece = deflatedPiece(bytes)
  const packedSize = piece.length + lastPiece.length
  return { size: bytes.length, crc32: crc32(bytes), packedSize, open: () => [piece, lastPiece] }
}

/** APPNOTE 4.3.7 */
function localHeader({ name, crc32, size, packedSize }: Entry): Buffer {
  const isLarge = size >= elsewhere || packedSize >= elsewhere
  const extra = isLarge ? zip64([size, packedSize]) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(isLarge ? 45 : 20, 4)
  writeFields(header, 6, { crc32, size: isLarge ? elsewhere : size, packedSize: isLarge ? elsewhere : packedSize })
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, name, extra])
}

/** APPNOTE 4.3.12 */
function directoryEntry({ name, crc32, size, packedSize, offset }: Entry): Buffer {
  const extra = zip64([size, packedSize, offset].filter((number) => number >= elsewhere))
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(madeBy, 4)
  header.writeUInt16LE(extra.length > 0 ? 45 : 20, 6)
  writeFields(header, 8, { crc32, size: Math.min(size, elsewhere), packedSize: Math.min(packedSize, elsewhere) })
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(extra.length, 30)
  header.writeUInt32LE(attributes, 38)
  header.writeUInt32LE(Math.min(offset, elsewhere), 42)
  return Buffer.concat([header, name, extra])
}

/** Writes what both headers of a member have, from its flags to its sizes. */
function writeFields(header: Buffer, at: number, of: Pick<Entry, 'crc32' | 'size' | 'packedSize'>): void {
  for (const [place, number] of [flags, deflated, dosTime, dosDate].entries())
    header.writeUInt16LE(number, at + 2 * place)
  for (const [place, number] of [of.crc32, of.packedSize, of.size].entries())
    header.writeUInt32LE(number, at + 8 + 4 * place)
}

/** APPNOTE 4.5.3: the extra field with numbers of 64 bits; empty without numbers. */
function zip64(numbers: readonly number[]): Buffer {
  if (numbers.length === 0) return Buffer.alloc(0)
  const field = Buffer.alloc(4 + 8 * numbers.length)
  field.writeUInt16LE(1, 0)
  field.writeUInt16LE(8 * numbers.length, 2)
  for (const [place, number] of numbers.entries()) field.writeBigUInt64LE(BigInt(number), 4 + 8 * place)
  return field
}

/** APPNOTE 4.3.14 to 4.3.16: the end record, and before it those with larger numbers if it cannot hold them. */
function endOfZip(count: number, size: number, offset: number): Buffer {
  const isLarge = count >= 0xffff || size >= elsewhere || offset >= elsewhere
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  for (const at of [8, 10]) end.writeUInt16LE(Math.min(count, 0xffff), at)
  end.writeUInt32LE(Math.min(size, elsewhere), 12)
  end.writeUInt32LE(Math.min(offset, elsewhere), 16)
  if (!isLarge) return end
  const large = Buffer.alloc(56)
  large.writeUInt32LE(0x06064b50, 0)
  large.writeBigUInt64LE(BigInt(large.length - 12), 4)
  large.writeUInt16LE(madeBy, 12)
  large.writeUInt16LE(45, 14)
  for (const [place, number] of [count, count, size, offset].entries())
    large.writeBigUInt64LE(BigInt(number), 24 + 8 * place)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + size), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([large, locator, end])
}
