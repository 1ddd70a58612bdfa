/** Bytes of a block (POSIX.1-1988, "ustar"). Headers and files begin at blocks. */
const block = 512

/** The most bytes of a file: 11 octal digits. */
const most = 0o77777777777

/** A file that does not fit into an archive. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

/**
 * Puts files together as one archive that every system unpacks (tar, POSIX.1-1988). Nothing is copied: the archive
 * refers to the files, so it may be larger than the memory.
 *
 * @throws {TooLarge} with the file's name, from 8 GiB on
 */
export function tarOf(files: readonly File[]): Blob {
  const parts = files.flatMap((file) => [headerOf(file), file, new Uint8Array(-file.size & (block - 1))])
  return new Blob([...parts, new Uint8Array(2 * block)], { type: 'application/x-tar' })
}

function headerOf({ name, size }: File): Uint8Array<ArrayBuffer> {
  if (size > most) throw new TooLarge(name)
  const header = new Uint8Array(block)
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  put(0, name)
  put(100, octal(0o644, 7))
  put(108, octal(0, 7))
  put(116, octal(0, 7))
  put(124, octal(size, 11))
  put(136, octal(0, 11))
  put(148, ' '.repeat(8))
  put(156, '0')
  put(257, 'ustar\u000000')
  put(148, `${octal(sum(header), 6)} `)
  return header
}

/** The checksum is that of the header with spaces in its own place. */
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0)
