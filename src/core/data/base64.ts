/** Writes standard base64 with padding (RFC 4648 section 4). */
export const encode64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/** Reads what {@link encode64} wrote. `null` for every other text: one value has one text, so no text can be altered. */
export function decode64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  // Node skips what is not base64, takes the URL alphabet, and does without padding.
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : null
}

/** Reads a SHA-256 hash. `null` for every other text. */
export function decodeHash(text: string): Uint8Array | null {
  if (text.length !== 44) return null
  const bytes = decode64(text)
  return bytes?.length === 32 ? bytes : null
}
