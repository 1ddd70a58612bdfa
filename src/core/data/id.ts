import { hash } from 'node:crypto'
import { type Instant, instant, milliseconds } from './instant.ts'
import { noSuchHold, noSuchRequest, Problem } from './problem.ts'

/** An Entra object id: a GUID in lower case. */
export type ObjectId = string & { readonly __brand: 'ObjectId' }

/** A partition of the ledger: `00`..`0f`. */
export type Shard = string & { readonly __brand: 'Shard' }

/** A lower-case ULID, `-`, its shard. Sorts by time of creation. */
export type RequestId = string & { readonly __brand: 'RequestId' }

/** A lower-case ULID that names a hold. Sorts by time of creation. */
export type HoldId = string & { readonly __brand: 'HoldId' }

/** SHA-256 as 64 lower-case hex digits. */
export type Hex = string & { readonly __brand: 'Hex' }

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly __brand: 'Digest' }

/** All 16 shards. The number is stored in the ledger's `meta` and can never change for an existing ledger. */
export const shards: readonly Shard[] = Array.from({ length: 16 }, (_, i) => i.toString(16).padStart(2, '0') as Shard)

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Crockford's base 32, as ULIDs use it. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const ulid = `[0-7][${digits}]{25}`
export const requestIdPattern = new RegExp(`^${ulid}-0[0-9a-f]$`)
export const holdIdPattern = new RegExp(`^${ulid}$`)

export const isObjectId = (text: string): boolean => guid.test(text)

export const isRequestId = (text: string): boolean => requestIdPattern.test(text)

export const isHoldId = (text: string): boolean => holdIdPattern.test(text)

/** @throws {Problem} `invalid-input` unless the text is a GUID. */
export function parseObjectId(text: string, pointer = ''): ObjectId {
  if (!guid.test(text)) throw new Problem('invalid-input', 'An object id is a GUID.', { pointer })
  return text.toLowerCase() as ObjectId
}

/** @throws {Problem} `not-found` unless the text is a request id: no request has a malformed id. */
export function parseRequestId(text: string): RequestId {
  if (!requestIdPattern.test(text)) throw noSuchRequest()
  return text as RequestId
}

/** @throws {Problem} `not-found` unless the text is the id of a hold: no hold has a malformed id. */
export function parseHoldId(text: string): HoldId {
  if (!holdIdPattern.test(text)) throw noSuchHold()
  return text as HoldId
}

/** @throws {Problem} `invalid-input` unless the text is `sha256:` and 64 lower-case hex digits. */
export function parseDigest(text: string, pointer = ''): Digest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text))
    throw new Problem('invalid-input', 'A digest is sha256: and 64 lower-case hex digits.', { pointer })
  return text as Digest
}

/** @throws {Problem} `invalid-input` unless the text is 64 lower-case hex digits */
export function parseEventHash(text: string): Hex {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new Problem('invalid-input', '/event: an event is named by 64 lower-case hex digits.', { pointer: '/event' })
  return text as Hex
}

/** Makes an id from the time, 10 random bytes and the shard. */
export const newRequestId = (at: Instant, random: Uint8Array, shard: Shard): RequestId =>
  `${ulidOf(at, random)}-${shard}` as RequestId

/** Makes the id of a hold from the time and 10 random bytes. */
export const newHoldId = (at: Instant, random: Uint8Array): HoldId => ulidOf(at, random) as HoldId

/** Makes a ULID (github.com/ulid/spec): 48 bits of time, 80 random. */
function ulidOf(at: Instant, random: Uint8Array): string {
  let bits = BigInt(milliseconds(at))
  for (const byte of random.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let i = 0; i < 26; i++, bits >>= 5n) text = (digits[Number(bits & 31n)] ?? '') + text
  return text
}

export const shardOf = (id: RequestId): Shard => id.slice(27) as Shard

/** The time at which the id was made, to the millisecond. */
export const timeOf = (id: RequestId): Instant =>
  instant([...id.slice(0, 10)].reduce((ms, digit) => ms * 32 + digits.indexOf(digit), 0))

/** The most seconds between the moment in a request's id and its first event, which another clock may have dated. */
export const idSlack = 600

/**
 * Lists the beginnings of all ids that were made between two moments, both included: the first `length` digits of their
 * time. Five digits stand for 9.3 hours, six for 17.5 minutes.
 */
export function beginningsBetween(from: Instant, to: Instant, length: 5 | 6): readonly string[] {
  const width = 32 ** (10 - length)
  const [first, last] = [from, to].map((at) => Math.floor(milliseconds(at) / width)) as [number, number]
  return Array.from({ length: last - first + 1 }, (_, i) => base32(first + i, length))
}

function base32(number: number, length: number): string {
  let text = ''
  for (let left = number; text.length < length; left = Math.floor(left / 32)) text = (digits[left % 32] ?? '') + text
  return text
}

/** Picks the shard of a request with an idempotency key, so that the request and the key's row share a partition. */
export const shardOfKey = (agent: ObjectId, key: string): Shard => shardAt(keyHash(agent, key))

/** Hashes an idempotency key with its agent, so that two agents may use the same key. */
export const keyHash = (agent: ObjectId, key: string): Hex => sha256(`${agent}\n${key}`)

/** The shard that has the events and rows of a deputy. */
export const shardOfDeputy = (deputy: ObjectId): Shard => shardAt(deputy.slice(-1))

/** Picks a shard from a hash or from random hex digits. */
export const shardAt = (hex: string): Shard => `0${hex.slice(0, 1)}` as Shard

/** Complements each digit of the id's ULID, so that ascending row keys list the newest request first. */
export const inverse = (id: RequestId): string =>
  [...id.slice(0, 26)].map((digit) => digits[31 - digits.indexOf(digit)]).join('')

/** Undoes {@link inverse}. */
export const fromInverse = (inverted: string, shard: Shard): RequestId =>
  parseRequestId(`${[...inverted].map((digit) => digits[31 - digits.indexOf(digit)]).join('')}-${shard}`)

export const sha256 = (data: string | Uint8Array): Hex => hash('sha256', data, 'hex') as Hex

export const digestOf = (data: string | Uint8Array): Digest => `sha256:${sha256(data)}` as Digest
