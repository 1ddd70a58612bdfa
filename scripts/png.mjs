// Reads the pixels of a PNG as the build writes them: 8 bits for each of red, green, blue and alpha, not interlaced.
import { inflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** The largest icon. The limit keeps a small file from inflating to gigabytes. */
const largest = 1024

/**
 * Reads a PNG (ISO/IEC 15948). Returns its width, its height, and four bytes for each pixel, row by row.
 *
 * @throws {Error} with a sentence about the file, if it is damaged or of another kind
 */
export function readPng(bytes) {
  if (!signature.equals(bytes.subarray(0, 8))) throw new Error('is not a PNG file')
  const chunks = chunksOf(bytes)
  const header = chunks.find(({ type }) => type === 'IHDR')?.data
  if (header?.length !== 13) throw new Error('is a PNG file without a header')
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  if (width < 1 || height < 1 || width > largest || height > largest)
    throw new Error(`is ${width} x ${height} pixels, and ${largest} x ${largest} is the most that is read`)
  const [depth, colours, , , interlaced] = header.subarray(8)
  if (depth !== 8 || colours !== 6 || interlaced !== 0)
    throw new Error('is not an 8-bit RGBA image without interlacing')
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data))
  return { width, height, pixels: unfiltered(inflated(packed, height * (width * 4 + 1)), width * 4) }
}

function* chunksIn(bytes) {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at)
    if (at + 12 + size > bytes.length) return
    yield { type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + 8, at + 8 + size) }
    at += 12 + size
  }
}

function chunksOf(bytes) {
  const chunks = [...chunksIn(bytes)]
  if (chunks.at(-1)?.type !== 'IEND') throw new Error('is a PNG file that ends early')
  return chunks
}

function inflated(packed, size) {
  let rows
  try {
    rows = inflateSync(packed, { maxOutputLength: size })
  } catch (cause) {
    throw new Error('has pixels that cannot be unpacked', { cause })
  }
  if (rows.length !== size) throw new Error('has fewer pixels than it says')
  return rows
}

/** Undoes the filter of each row (section 9.2): a byte was stored as its difference to its neighbours. */
function unfiltered(rows, stride) {
  const height = rows.length / (stride + 1)
  const pixels = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (stride + 1)]
    for (let x = 0; x < stride; x += 1) {
      const left = x < 4 ? 0 : pixels[y * stride + x - 4]
      const up = y === 0 ? 0 : pixels[(y - 1) * stride + x]
      const corner = x < 4 || y === 0 ? 0 : pixels[(y - 1) * stride + x - 4]
      pixels[y * stride + x] = (rows[y * (stride + 1) + 1 + x] + predicted(filter, left, up, corner)) & 0xff
    }
  }
  return pixels
}

function predicted(filter, left, up, corner) {
  switch (filter) {
    case 0:
      return 0
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return paeth(left, up, corner)
    default:
      throw new Error('has a row with an unknown filter')
  }
}

/** The neighbour that is nearest to `left + up - corner`. */
function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}
