import type { Entry, LocalFileHeader } from 'yauzl'
import { BrokenAt } from '../finding.ts'

/** APPNOTE 4.5.3: the field that has the numbers which do not fit into 32 bits. */
const zip64 = 0x0001

/** What a 32-bit field has if its number is in the zip64 field. */
const elsewhere = 0xffffffff

/**
 * Checks that a member has no extra field but zip64's, in either header. Tools take names, links, modes and owners from
 * other fields: a Unicode path (0x7075) or libarchive's own attributes (0x6c78), for example.
 *
 * @throws {BrokenAt} `bad-zip`
 */
export function checkExtraFields(entry: Entry, local: LocalFileHeader): void {
  const { fileName: member, uncompressedSize, compressedSize, relativeOffsetOfLocalHeader } = entry
  const bad = (what: string) => new BrokenAt({ check: 'zip', member }, 'bad-zip', `${member} ${what}.`)
  const central = numbersIn(entry.extraFieldRaw)
  const ahead = numbersIn(local.extraField)
  if (central === null || ahead === null)
    throw bad('has an extra field in the zip, which tools could read in different ways')
  // The reader has put the numbers of the field in place of those that did not fit.
  if (!isPartOf(central, [uncompressedSize, compressedSize, relativeOffsetOfLocalHeader]))
    throw bad('has other sizes in the zip for large files than for small ones')
  const isSaid = [local.uncompressedSize, local.compressedSize].every(
    (size) => (size === elsewhere) === ahead.length > 0,
  )
  if (!isSaid || ![0, 2].includes(ahead.length))
    throw bad('has other sizes in the zip for large files than for small ones')
}

/** The sizes that the local header gives, uncompressed and compressed. Its extra field was checked. */
export function localSizes(local: LocalFileHeader): readonly [number, number] {
  const [uncompressed, compressed] = numbersIn(local.extraField) ?? []
  return [uncompressed ?? local.uncompressedSize, compressed ?? local.compressedSize]
}

/** Reads the numbers of the zip64 field, none without one; `null` if there is anything else. */
function numbersIn(raw: Buffer): readonly number[] | null {
  if (raw.length === 0) return []
  const size = raw.length - 4
  const isIt =
    size >= 8 && size <= 24 && size % 8 === 0 && raw.readUInt16LE(0) === zip64 && raw.readUInt16LE(2) === size
  return isIt ? Array.from({ length: size / 8 }, (_, i) => Number(raw.readBigUInt64LE(4 + 8 * i))) : null
}

/** Whether the numbers are some of these, in their order. */
function isPartOf(numbers: readonly number[], all: readonly number[]): boolean {
  let at = 0
  return numbers.every((number) => {
    const found = all.indexOf(number, at)
    at = found + 1
    return found >= 0
  })
}
