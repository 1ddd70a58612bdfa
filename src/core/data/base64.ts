/** Writes standard base64 with padding (RFC 4648 section 4). */
export const encode64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/**
 * Reads what {@link encode64} wrote.
 *
 * Returns `null` for every other text: each value has one encoding only, so a text cannot change and keep its value.
 */
export function decode64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  // Node ignores invalid characters and accepts the URL alphabet and missing padding: encoding again reveals them.
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : null
}

/** Reads a SHA-256 hash in base64. Returns `null` for every other text. */
export function decodeHash(text: string): Uint8Array | null {
  if (text.length !== 44) return null
  const bytes = decode64(text)
  return bytes?.length === 32 ? bytes : null
}
