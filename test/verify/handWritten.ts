import { crc32, deflateRawSync } from 'node:zlib'

/** An entry of a zip that is written by hand, with lies where wanted. */
export interface Entry {
  readonly name: string
  readonly bytes: Buffer
  readonly method?: number
  readonly flags?: number
  /** What is claimed, in the directory and before the member. */
  readonly length?: number
  readonly checksum?: number
  readonly localName?: string
  readonly localFlags?: number
  readonly localLength?: number
  /** Extra fields, in the directory and before the member. */
  readonly extra?: Buffer
  readonly localExtra?: Buffer
  readonly system?: number
  readonly mode?: number
  readonly dosAttributes?: number
  readonly comment?: string
  /** Stands before the member, or behind its bytes. */
  readonly padding?: Buffer
  readonly behind?: Buffer
  /** Points to where another entry begins. */
  readonly at?: number
  /** Is in the zip, and not in its directory. */
  readonly isUnlisted?: true
}

/** An extra field (PKWARE APPNOTE 4.5.1). */
export function extraField(id: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id, 0)
  head.writeUInt16LE(data.length, 2)
  return Buffer.concat([head, data])
}

/** Numbers of 8 bytes, as the field of zip64 has them. */
export function large(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * numbers.length)
  for (const [i, number] of numbers.entries()) bytes.writeBigUInt64LE(BigInt(number), 8 * i)
  return bytes
}

/** A Unicode path, by which Info-ZIP and libarchive unpack a member in place of its name. */
export function unicodePath(name: string, path: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(1, 0)
  head.writeUInt32LE(crc32(name), 1)
  return extraField(0x7075, Buffer.concat([head, Buffer.from(path)]))
}

/** What stands behind a member whose sizes were not known before it (PKWARE APPNOTE 4.3.9). */
export function descriptor(bytes: Buffer, packed: number, checksum = crc32(bytes)): Buffer {
  const fields = Buffer.alloc(16)
  fields.write('PK\x07\x08', 'latin1')
  fields.writeUInt32LE(checksum, 4)
  fields.writeUInt32LE(packed, 8)
  fields.writeUInt32LE(bytes.length, 12)
  return fields
}

/** PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16, as small as can be. */
export function written(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const { name, bytes, method = 8, flags = 0, length = bytes.length, checksum = crc32(bytes) } = entry
    const { localName = name, localFlags = flags, localLength = length, mode = 0o100644 } = entry
    const { extra = Buffer.of(), localExtra = Buffer.of(), comment = '' } = entry
    const packed = method === 8 ? deflateRawSync(bytes) : bytes
    const fields = (start: number, title: string, flag: number, size: number) => {
      const header = Buffer.alloc(start + 26)
      header.writeUInt16LE(20, start)
      header.writeUInt16LE(flag, start + 2)
      header.writeUInt16LE(method, start + 4)
      header.writeUInt32LE(checksum, start + 10)
      header.writeUInt32LE(size === elsewhere ? elsewhere : packed.length, start + 14)
      header.writeUInt32LE(size, start + 18)
      header.writeUInt16LE(Buffer.byteLength(title), start + 22)
      return header
    }
    const local = fields(4, localName, localFlags, localLength)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(localExtra.length, 28)
    if ((localFlags & 8) !== 0) local.fill(0, 14, 26)
    const here = entry.at ?? offset + (entry.padding?.length ?? 0)
    if (entry.at === undefined) {
      const head = [entry.padding ?? Buffer.of(), local, Buffer.from(localName), localExtra]
      const part = Buffer.concat([...head, packed, entry.behind ?? Buffer.of()])
      parts.push(part)
      offset += part.length
    }
    if (entry.isUnlisted) continue
    const central = Buffer.concat([fields(6, name, flags, length), Buffer.alloc(14)])
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(((entry.system ?? 3) << 8) | 20, 4)
    central.writeUInt16LE(extra.length, 30)
    central.writeUInt16LE(Buffer.byteLength(comment), 32)
    central.writeUInt32LE(((mode << 16) | (entry.dosAttributes ?? 0)) >>> 0, 38)
    central.writeUInt32LE(here, 42)
    directory.push(Buffer.concat([central, Buffer.from(name), extra, Buffer.from(comment)]))
  }
  const listed = entries.filter(({ isUnlisted }) => !isUnlisted).length
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(listed, 8)
  end.writeUInt16LE(listed, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}

/** What a field of 32 bits has whose number is in the field of zip64. */
export const elsewhere = 0xffffffff
