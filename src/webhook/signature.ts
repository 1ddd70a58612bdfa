import { createHmac } from 'node:crypto'

/** The key of a secret: `whsec_` and 24 to 64 bytes in base64. `null` for a text of another form. */
export function hookKey(secret: string): Uint8Array | null {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})\s*$/.exec(secret) ?? []
  if (text === undefined) return null
  const key = Buffer.from(text, 'base64')
  const isWhole = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  return isWhole && key.length >= 24 && key.length <= 64 ? key : null
}

/** What is signed: the same id at each try of an event, and the moment of this try, in seconds since 1970. */
export interface SignedMessage {
  readonly id: string
  readonly timestamp: number
  readonly body: string
}

/**
 * The headers of a signed message (https://www.standardwebhooks.com, version 1). With two keys it has two signatures, so that
 * a receiver may know either while a secret is being changed.
 */
export function signedHeaders(
  keys: readonly Uint8Array[],
  { id, timestamp, body }: SignedMessage,
): Readonly<Record<string, string>> {
  const signed = keys.map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'))
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signed.map((signature) => `v1,${signature}`).join(' '),
  }
}
