/** Stands in for node:zlib, as far as the verifier uses it. */

const polynomial = 0xedb88320

/** Row k has the remainders of a byte that k more bytes follow, so that eight bytes are taken at once. */
const rows = remainders()

/** Computes the CRC-32 of a zip (ISO 3309), continuing the one of the bytes before. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  let at = 0
  const [r0, r1, r2, r3, r4, r5, r6, r7] = rows
  for (; at + 8 <= bytes.length; at += 8) {
    const low = crc ^ word(bytes, at)
    const high = word(bytes, at + 4)
    crc =
      of(r7, low) ^
      of(r6, low >>> 8) ^
      of(r5, low >>> 16) ^
      of(r4, low >>> 24) ^
      of(r3, high) ^
      of(r2, high >>> 8) ^
      of(r1, high >>> 16) ^
      of(r0, high >>> 24)
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ of(r0, crc ^ (bytes[at] ?? 0))
  return ~crc >>> 0
}

function of(row: Int32Array | undefined, byte: number): number {
  return row?.[byte & 0xff] ?? 0
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}

function remainders(): readonly Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? polynomial : 0)
    return rest
  })
  const all = [first]
  for (let k = 1; k < 8; k++) {
    const before = all[k - 1] ?? first
    all.push(before.map((rest) => (rest >>> 8) ^ of(first, rest)))
  }
  return all
}
