import type { Entry } from 'yauzl'
import { type OpenFile, readInto } from '../file.ts'
import { BrokenAt, Unreadable } from '../finding.ts'

/** The layout of a zip: members, then their directory, then the end record. */
export interface Layout {
  readonly entries: number
  /** Offset of the directory, and its size. */
  readonly directory: number
  readonly directorySize: number
}

/** APPNOTE 4.3.16: without a comment, the end record is the last 22 bytes of the file. */
const endSize = 22
/** APPNOTE 4.3.15 and 4.3.14: two more records precede the end record if a number is too large for it. */
const locatorSize = 20
const largeEndSize = 56

/**
 * Reads the layout from the end of the file.
 *
 * @throws {BrokenAt} `bad-zip`
 * @throws {Unreadable} for a file that is not a zip at all
 */
export async function layoutOf({ fd, size: fileSize, name }: OpenFile): Promise<Layout> {
  const end = await bytesAt(fd, fileSize - endSize, endSize)
  if (end?.readUInt32LE(0) !== 0x06054b50) throw await notEnded(fd, name)
  const [disk, startDisk, here, entries] = [4, 6, 8, 10].map((at) => end.readUInt16LE(at))
  if (disk !== 0 || startDisk !== 0 || here !== entries || end.readUInt16LE(20) !== 0)
    throw badZip('its end is damaged')
  const small = { entries: entries ?? 0, directorySize: end.readUInt32LE(12), directory: end.readUInt32LE(16) }
  const locator = await bytesAt(fd, fileSize - endSize - locatorSize, locatorSize)
  const isLarge = locator?.readUInt32LE(0) === 0x07064b50
  const large = isLarge ? await largeEnd(fd, fileSize, locator) : null
  const { layout, limit } = large ?? { layout: small, limit: fileSize - endSize }
  // A small field has the true number, or the highest value, which says that the number did not fit.
  const fits = (given: number, actual: number, most: number) => given === actual || (isLarge && given === most)
  const isSame =
    fits(small.entries, layout.entries, 0xffff) &&
    fits(small.directorySize, layout.directorySize, 0xffffffff) &&
    fits(small.directory, layout.directory, 0xffffffff)
  if (!isSame || layout.directory + layout.directorySize !== limit) throw badZip('its end does not fit its directory')
  return layout
}

async function largeEnd(fd: number, fileSize: number, locator: Buffer) {
  const limit = fileSize - endSize - locatorSize - largeEndSize
  const end = await bytesAt(fd, limit, largeEndSize)
  const isEnd = end?.readUInt32LE(0) === 0x06064b50 && end.readBigUInt64LE(4) === BigInt(largeEndSize - 12)
  const isOne = locator.readUInt32LE(4) === 0 && locator.readUInt32LE(16) === 1
  if (!isEnd || !isOne || locator.readBigUInt64LE(8) !== BigInt(limit)) throw badZip('its end is damaged')
  const [here, entries, directorySize, directory] = [24, 32, 40, 48].map((at) => Number(end.readBigUInt64LE(at)))
  if (end.readUInt32LE(16) !== 0 || end.readUInt32LE(20) !== 0 || here !== entries) throw badZip('its end is damaged')
  return { layout: { entries: entries ?? 0, directorySize: directorySize ?? 0, directory: directory ?? 0 }, limit }
}

/** Whether the sizes and the checksum of a member follow its bytes (APPNOTE 4.4.4, bit 3). */
export const isStreamed = ({ generalPurposeBitFlag }: Pick<Entry, 'generalPurposeBitFlag'>): boolean =>
  (generalPurposeBitFlag & 8) !== 0

/**
 * Checks that a member is followed by nothing, or by its own data descriptor (APPNOTE 4.3.9).
 *
 * @throws {BrokenAt} `bad-zip`
 */
export async function checkGap(fd: number, entry: Entry, gap: { from: number; to: number }): Promise<void> {
  const { crc32, compressedSize, uncompressedSize, fileName: member } = entry
  const size = gap.to - gap.from
  const found = isStreamed(entry) && size <= 24 ? await bytesAt(fd, gap.from, size) : null
  const fields = [crc32, compressedSize, uncompressedSize]
  const forms = [4, 8].flatMap((width) => {
    const bytes = Buffer.concat(fields.map((field, i) => little(field, i === 0 ? 4 : width)))
    return [bytes, Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), bytes])]
  })
  const isIt = isStreamed(entry) ? forms.some((form) => found?.equals(form)) : size === 0
  if (!isIt) throw new BrokenAt({ check: 'zip', member }, 'bad-zip', `Something is hidden in the zip behind ${member}.`)
}

function little(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes.subarray(0, width)
}

/** Reads bytes; `null` if the file does not have so many there. */
async function bytesAt(fd: number, from: number, size: number): Promise<Buffer | null> {
  if (from < 0) return null
  const bytes = Buffer.alloc(size)
  return (await readInto(bytes, fd, from)) === size ? bytes : null
}

/** Makes the error for a file without an end record. The first bytes show whether it is a zip that was cut off. */
async function notEnded(fd: number, name: string): Promise<Error> {
  const begin = await bytesAt(fd, 0, 2)
  return begin?.toString('latin1') === 'PK'
    ? badZip('it was cut off, or something was added behind it')
    : new Unreadable(`${name} is not a zip.`)
}

const badZip = (what: string): BrokenAt => new BrokenAt({ check: 'zip' }, 'bad-zip', `The zip is damaged: ${what}.`)
