import { Broken } from '../data/broken.ts'
import { type Actor, type Fact, maxLeafBytes } from '../request/event.ts'
import { shard, whole } from '../data/shape.ts'
import { format } from './eventFormat.ts'
import type { Digest, Hex, RequestId, Shard } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical, isObject, type Json, type JsonObject } from '../data/json.ts'

/** An event as its leaf says it. `said` has the digests of what people wrote. */
export type LogEvent = Fact & {
  readonly v: 1
  readonly at: Instant
  readonly shard: Shard
  readonly seq: number
  readonly prev: Hex
  readonly actor: Actor
  readonly request?: RequestId
  readonly said?: Readonly<Record<string, Hex>>
}

/**
 * Reads a leaf strictly: canonical, at most 4 KiB, every member of its type with the right form, and no others.
 *
 * @throws {Broken} `newer-format` for a version or type of event that is not known here, else `bad-record`.
 */
export function readRecord(leaf: string): LogEvent {
  if (leaf.length > maxLeafBytes || Buffer.byteLength(leaf) > maxLeafBytes) throw bad('it has over 4,096 bytes')
  const value = parsed(leaf)
  if (!isObject(value)) throw bad('it is not a JSON object')
  const form = format.get(value['type'])
  if (form === undefined || value['v'] !== 1) throw newer(value, leaf)
  // All members are known to be sorted once the form holds: then this is the canonical text.
  const wrong = form(value)
  if (wrong !== null) throw bad(wordsFor(wrong), value)
  if (JSON.stringify(value) !== leaf) throw bad('it is not canonical JSON (RFC 8785)', value)
  return value as unknown as LogEvent
}

/** The policy version that a bundle with this event has to explain; `null` if it names none. */
export function policyIn(event: LogEvent): Digest | null {
  if (event.type === 'requested') return event.data.policy.version
  return event.type === 'policy-changed' ? event.data.to : null
}

function parsed(leaf: string): Json {
  try {
    return JSON.parse(leaf) as Json
  } catch (cause) {
    throw bad('it is not JSON', undefined, { cause })
  }
}

/** What a later version of this program may have written is no fault, as long as it is an event at all. */
function newer(value: JsonObject, leaf: string): Broken {
  const { v, type } = value
  if (whole(1)(v) !== null) return bad('its version “v” is missing or no number')
  if (typeof type !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(type))
    return bad('its “type” is missing or has another form')
  if (!isCanonical(value, leaf)) return bad('it is not canonical JSON (RFC 8785)')
  return new Broken('newer-format', `An event of version ${Number(v)} and type “${type}” needs a newer program.`)
}

function isCanonical(value: Json, leaf: string): boolean {
  try {
    return canonical(value) === leaf
  } catch {
    return false
  }
}

const wordsFor = (path: string): string =>
  path === ''
    ? 'it has an unknown member, or its members are not sorted'
    : `“${path.slice(1)}” is missing or has another form`

function bad(what: string, value?: JsonObject, options?: ErrorOptions): Broken {
  const { seq, shard: place } = value ?? {}
  const isPlaced = typeof place === 'string' && shard(place) === null && whole(1)(seq) === null
  const which = isPlaced ? `Event ${Number(seq)} of shard ${place}` : 'An event'
  return new Broken('bad-record', `${which} is not as it should be: ${what}.`, options)
}
