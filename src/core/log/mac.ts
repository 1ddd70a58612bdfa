import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Digest, Hex, Shard } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical, type JsonObject } from '../data/json.ts'

/** One version of the ledger key: 32 random bytes, and the id by which rows name it. */
export interface KeyVersion {
  readonly id: string
  readonly secret: Uint8Array
}

/** Columns of a row by which a reader recognises that the service wrote it. */
export interface Mac {
  /** HMAC-SHA-256 (RFC 2104) of the row's authenticated text. */
  readonly mac: Hex
  /** The id of the key's version. */
  readonly macKey: string
}

/** The text for an event's row: its place and its hash. The log's name keeps it from passing in another ledger. */
export const eventText = (event: {
  readonly origin: string
  readonly shard: Shard
  readonly seq: number
  readonly leaf: Hex
}): string => textOf('event', { origin: event.origin, shard: event.shard, seq: event.seq, leaf: event.leaf })

/** The text for a shard's head. */
export const headText = (head: {
  readonly origin: string
  readonly shard: Shard
  readonly seq: number
  readonly hash: Hex
  readonly recordedAt: Instant | null
  readonly policy: Digest | null
  readonly logKey: string | null
}): string => {
  const { origin, shard, seq, hash, recordedAt, policy, logKey } = head
  return textOf('head', { origin, shard, seq, hash, recordedAt, policy, logKey })
}

/** The text for any other row: its columns. */
export const rowText = (row: {
  readonly origin: string
  readonly partition: string
  readonly row: string
  readonly columns: JsonObject
}): string => textOf('row', { origin: row.origin, partition: row.partition, row: row.row, columns: row.columns })

/** Authenticates a text with a version of the key. */
export const macOf = ({ id, secret }: KeyVersion, text: string): Mac => ({ mac: hmac(secret, text), macKey: id })

/** Tells whether a text was authenticated with one of these versions: the one that it names. */
export function isAuthentic(versions: readonly KeyVersion[], text: string, { mac, macKey }: Mac): boolean {
  const version = versions.find(({ id }) => id === macKey)
  if (version === undefined) return false
  const [expected, found] = [Buffer.from(hmac(version.secret, text)), Buffer.from(mac)]
  return expected.length === found.length && timingSafeEqual(expected, found)
}

/** The type keeps the MAC of one kind of text from passing as that of another. */
const textOf = (kind: 'event' | 'head' | 'row', members: JsonObject): string =>
  canonical({ type: `countersign/${kind}/v1`, ...members })

const hmac = (secret: Uint8Array, text: string): Hex => createHmac('sha256', secret).update(text).digest('hex') as Hex
