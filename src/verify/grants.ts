import { Broken } from '../core/data/broken.ts'
import { hex, requestId } from '../core/data/shape.ts'
import { type Hex, type RequestId } from '../core/data/id.ts'
import { isArray, isObject, type Json, jsonIn, type JsonObject } from '../core/data/json.ts'
import { leafHash } from '../core/log/merkle.ts'
import { derOf, spkiOf } from '../core/log/signature.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { readRecord } from '../core/record/record.ts'
import { grantType } from '../core/request/grant.ts'
import { withDay } from './day.ts'
import { verifySignature } from './ecdsa.ts'

/** A grant that an executor kept, and that the service signed. */
export interface KeptGrant {
  /** Where it was found, for people. */
  readonly place: string
  readonly request: RequestId
  /** The hash of the event that approved the request. */
  readonly event: Hex
}

/** Keys that sign grants, by name (SPKI). */
export type GrantKeys = ReadonlyMap<string, Uint8Array>

const limits = { bytes: 65_536, depth: 8, nodes: 2_000 }

/** Reads a JSON Web Key Set (RFC 7517) with the keys that sign grants; `null` if it is anything else. */
export function grantKeysIn(jwks: string): GrantKeys | null {
  const set = jsonIn(Buffer.from(jwks), limits)
  const list = isObject(set) ? set['keys'] : null
  if (!isArray(list) || list.length === 0) return null
  const keys = new Map<string, Uint8Array>()
  for (const key of list) {
    const spki = spkiIn(key)
    if (spki === null || !isObject(key) || typeof key['kid'] !== 'string') return null
    keys.set(key['kid'], spki)
  }
  return keys
}

/**
 * Reads a grant (RFC 7515 section 7.1) that one of these keys signed. Ignores its expiry: an expired grant still proves
 * what was approved.
 *
 * @param place where it was found, for people
 * @throws {Broken} `bad-grant`, `wrong-key`, `bad-signature`
 */
export function readGrant(token: string, keys: GrantKeys, place: string): KeptGrant {
  const [head = '', body = '', signature = '', ...rest] = token.length <= limits.bytes ? token.split('.') : []
  const header = partOf(head)
  if (header === null || rest.length > 0 || header['alg'] !== 'ES256' || header['typ'] !== grantType)
    throw new Broken('bad-grant', `${place} is not a grant.`)
  const key = typeof header['kid'] === 'string' ? keys.get(header['kid']) : undefined
  if (key === undefined) throw new Broken('wrong-key', `${place} names a key that is not among those given.`)
  const raw = Buffer.from(signature, 'base64url')
  const isSigned = raw.length === 64 && verifySignature(key, Buffer.from(`${head}.${body}`), derOf(raw))
  if (!isSigned) throw new Broken('bad-signature', `${place} is not signed by the key that it names.`)
  const claims = partOf(body)
  const { jti, event } = claims ?? {}
  if (requestId(jti) !== null || hex(event) !== null)
    throw new Broken('bad-grant', `${place} does not name a request and the event that approved it.`)
  return { place, request: jti as RequestId, event: event as Hex }
}

/**
 * Finds the events that grants name. Does not verify the bundles: callers do that before.
 *
 * @throws {Broken} `unlogged-grant` for a grant whose event is in none of them, or does not approve its request
 */
export async function checkGrants(bundles: readonly string[], grants: readonly KeptGrant[]): Promise<void> {
  const wanted = new Map<Hex, KeptGrant[]>()
  for (const grant of grants) wanted.set(grant.event, [...(wanted.get(grant.event) ?? []), grant])
  const take = (text: string) => {
    const hash = leafHash(text)
    const found = wanted.get(hash)
    if (found === undefined) return
    const event = readRecord(text)
    for (const grant of found) checkApproves(event, grant)
    wanted.delete(hash)
  }
  for (const bundle of bundles)
    await withDay(bundle, async (day) => {
      for await (const { text } of day.records()) take(text)
    })
  const [missing] = [...wanted.values()].flat()
  if (missing)
    throw new Broken('unlogged-grant', `${missing.place}: no bundle has the event that approved ${missing.request}.`)
}

function checkApproves({ type, request }: LogEvent, grant: KeptGrant): void {
  if (type === 'approved' && request === grant.request) return
  throw new Broken('unlogged-grant', `${grant.place}: the event that it names does not approve ${grant.request}.`)
}

function spkiIn(key: Json): Uint8Array | null {
  if (!isObject(key) || key['kty'] !== 'EC' || key['crv'] !== 'P-256') return null
  const { x, y } = key
  if (typeof x !== 'string' || typeof y !== 'string') return null
  try {
    return spkiOf({ x, y })
  } catch (cause) {
    if (cause instanceof RangeError) return null
    throw cause
  }
}

function partOf(text: string): JsonObject | null {
  const value = jsonIn(Buffer.from(text, 'base64url'), limits)
  return isObject(value) ? value : null
}
