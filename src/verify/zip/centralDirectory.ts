import { fromFdPromise, type Entry, type LocalFileHeader, type ZipFile } from 'yauzl'
import { isOfSystem, type OpenFile, unreadable } from '../file.ts'
import { BrokenAt } from '../finding.ts'
import { checkNames, limitOf } from './memberNames.ts'
import { checkGap, isStreamed, type Layout, layoutOf } from './endRecord.ts'
import { checkExtraFields, localSizes } from './extraFields.ts'

/** Where the bytes of a member lie in the zip. */
export interface Extent {
  readonly name: string
  /** Offset of the first byte, and the number of bytes in the zip. */
  readonly start: number
  readonly size: number
  /** Bytes after inflating, as the zip claims. */
  readonly length: number
  readonly method: 'stored' | 'deflated'
  /** CRC-32 of the inflated bytes, as the zip claims. */
  readonly crc32: number
}

export type ZipMembers = ReadonlyMap<string, Extent>

/** More members than any bundle needs: a policy has about ten files, and a day few versions. */
const mostEntries = 10_000

/** Deflate makes at most 1,032 bytes of one byte; a larger claim is refused. */
const mostRatio = 1_100

/** The most bytes of all small members together. */
const mostSmall = 256 * 2 ** 20

/** APPNOTE 4.4.4: how hard deflate tried (bits 1 and 2), sizes behind the member (3), and a name in UTF-8 (11). */
const knownFlags = 0b1000_0000_1110

/** APPNOTE 4.4.2: FAT, Unix, NTFS (two numbers are in use), VFAT, Darwin. Of others tools read attributes in other ways. */
const knownSystems: readonly number[] = [0, 3, 10, 11, 14, 19]

/** Read-only, hidden, system, archive and normal; 0x8000 says that the upper half has a mode of Unix. */
const knownDosAttributes = 0x80a7

/**
 * Reads the directory of a zip, and checks all that can be checked without reading a member: a bundle may have these
 * members, they lie inside the file without gap or overlap, and they cannot inflate without bound.
 *
 * @throws {BrokenAt} `bad-zip`, `unlisted-member`, `missing-member`
 */
export async function directory(file: OpenFile): Promise<ZipMembers> {
  const { fd } = file
  const layout = await layoutOf(file)
  if (layout.entries > mostEntries) throw badZip(`lists ${layout.entries} members, more than any bundle has`)
  const zip = await understood(() => fromFdPromise(fd, { lazyEntries: true, autoClose: false, strictFileNames: true }))
  const entries: Entry[] = []
  for (let i = 0; i < layout.entries; i++) entries.push(await understood(() => nextEntry(zip)))
  const names = entries.map(memberName)
  checkNames(names)
  checkDirectory(entries, layout)
  const extents = []
  for (const entry of entries) extents.push(await extentOf(zip, entry))
  await checkPlaces(fd, entries, extents, layout)
  return new Map(extents.map((extent) => [extent.name, extent]))
}

function nextEntry(zip: ZipFile): Promise<Entry> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error('fewer entries than counted'))
    const done = () => {
      zip.off('entry', taken).off('error', failed).off('end', end)
    }
    const taken = (entry: Entry) => {
      done()
      resolve(entry)
    }
    const failed = (cause: Error) => {
      done()
      reject(cause)
    }
    zip.on('entry', taken).on('error', failed).on('end', end)
    zip.readEntry()
  })
}

/** Translates errors of the zip library, whose messages are for programmers and quote untrusted text. */
async function understood<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (isOfSystem(cause)) throw unreadable(cause)
    const words = cause instanceof Error ? cause.message : ''
    if (/relative path|absolute path|invalid characters/.test(words))
      throw badZip('has a member whose name leads out of the folder it is unpacked to', cause)
    throw badZip('is damaged: its directory cannot be read', cause)
  }
}

function memberName({ fileName: name, fileNameRaw }: Entry): string {
  // Other tools would unpack other bytes under a name of their own.
  if (!Buffer.from(name, 'latin1').equals(fileNameRaw)) throw badZip('has a member with two names')
  return name
}

/** Checks the directory's entries before any member is read. */
function checkDirectory(entries: readonly Entry[], layout: Layout): void {
  const length = entries.reduce((sum, e) => sum + 46 + e.fileNameLength + e.extraFieldLength + e.fileCommentLength, 0)
  if (length !== layout.directorySize) throw badZip('has something hidden in its directory')
  let small = 0
  for (const entry of entries) {
    const { fileName: name, compressedSize, uncompressedSize: size } = entry
    if (entry.isEncrypted()) throw badZip('is encrypted', undefined, name)
    if ((entry.generalPurposeBitFlag & ~knownFlags) !== 0)
      throw badZip('has flags in the zip that are not read here', undefined, name)
    if (!entry.canDecodeFileData()) throw badZip('is compressed in a way that is not read here', undefined, name)
    if (entry.fileCommentLength > 0) throw badZip('has a comment in the zip', undefined, name)
    checkAttributes(entry)
    const limit = limitOf(name)
    if (size > limit.bytes) throw badZip(`is said to have ${size} bytes, more than it can have`, undefined, name)
    if (size > (compressedSize + 8) * mostRatio)
      throw badZip('claims to be larger than its bytes can be', undefined, name)
    if (!limit.streamed) small += size
  }
  if (small > mostSmall) throw badZip('is larger than a bundle can be')
}

/** Checks that every tool unpacks a plain file: a link would lead elsewhere, and a folder would have no bytes. */
function checkAttributes({ versionMadeBy, externalFileAttributes, fileName: name }: Entry): void {
  const [mode, dos] = [externalFileAttributes >>> 16, externalFileAttributes & 0xffff]
  const [type, special] = [mode >> 12, mode & 0o7000]
  // Some tools read the mode of Unix whatever the system is.
  const isPlain = (type === 0 || type === 8) && special === 0 && (dos & ~knownDosAttributes) === 0
  if (!isPlain || !knownSystems.includes(versionMadeBy >> 8)) throw badZip('is not a plain file', undefined, name)
}

async function extentOf(zip: ZipFile, entry: Entry): Promise<Extent> {
  const header = await understood(() => zip.readLocalFileHeaderPromise(entry))
  const { fileName: name, compressedSize: size, uncompressedSize: length, crc32 } = entry
  checkExtraFields(entry, header)
  if (!agrees(header, entry)) throw badZip('has two entries in the zip that do not agree', undefined, name)
  const method = entry.compressionMethod === 8 ? 'deflated' : 'stored'
  // A tool that reads from the front would look for the end of a stored member in the member's own bytes.
  if (method === 'stored' && isStreamed(entry)) throw badZip('is stored, with its size behind it', undefined, name)
  return { name, start: header.fileDataStart, size, length, method, crc32 }
}

/** Whether both headers of a member agree: some tools read the local header, others the directory. */
function agrees(local: LocalFileHeader, entry: Entry): boolean {
  const sizes = localSizes(local)
  const isLater = isStreamed(entry) && local.crc32 === 0 && sizes.every((size) => size === 0)
  return (
    local.fileName.equals(entry.fileNameRaw) &&
    local.generalPurposeBitFlag === entry.generalPurposeBitFlag &&
    local.compressionMethod === entry.compressionMethod &&
    local.lastModFileTime === entry.lastModFileTime &&
    local.lastModFileDate === entry.lastModFileDate &&
    (isLater ||
      (local.crc32 === entry.crc32 && sizes[0] === entry.uncompressedSize && sizes[1] === entry.compressedSize))
  )
}

/** Checks that members fill the file from its first byte to the directory: none may overlap, nothing may be hidden. */
async function checkPlaces(fd: number, entries: readonly Entry[], extents: readonly Extent[], layout: Layout) {
  const places = entries
    .map((entry, i) => ({ entry, from: entry.relativeOffsetOfLocalHeader, extent: extents[i] }))
    .sort((a, b) => a.from - b.from)
  let end = 0
  for (const [i, { entry, from, extent }] of places.entries()) {
    if (from !== end) throw badZip(from < end ? 'has members that overlap' : 'has something hidden between its members')
    const next = places[i + 1]?.from ?? layout.directory
    const last = extent ? extent.start + extent.size : from
    if (last > next) throw badZip('has members that overlap')
    await checkGap(fd, entry, { from: last, to: next })
    end = next
  }
  if (end !== layout.directory) throw badZip('has something hidden between its members')
}

function badZip(what: string, cause?: unknown, member?: string): BrokenAt {
  const place = { check: 'zip', ...(member !== undefined && { member }) } as const
  return new BrokenAt(place, 'bad-zip', `${member ?? 'The zip'} ${what}.`, cause === undefined ? undefined : { cause })
}
