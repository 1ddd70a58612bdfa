import { hash } from 'node:crypto'

/** The namespace of names that are addresses (RFC 9562 section 6.6). */
const urls = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex')

/** Makes the UUID of an address, version 5 (RFC 9562 section 5.5): the same address has always the same. */
export function urlUuid(url: string): string {
  const bytes = Buffer.from(hash('sha1', Buffer.concat([urls, Buffer.from(url)]), 'hex'), 'hex').subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
