import { Broken } from '../data/broken.ts'
import { maxLeafBytes } from '../request/event.ts'
import { type Misfit, shard, whole } from '../data/shape.ts'
import { readCanonical } from './canonicalRecord.ts'
import { placed } from './eventFormat.ts'
import { formats, typeOf } from './eventTable.ts'
import type { LogEvent } from './eventType.ts'
import type { Digest } from '../data/id.ts'
import { canonical, isObject, type Json, type JsonObject } from '../data/json.ts'

/** The place of an event: the part that all types and versions have, even those that this program does not know. */
export type PlacedEvent = Pick<LogEvent, 'at' | 'shard' | 'seq' | 'prev'> & { readonly type: string }

/**
 * Reads a leaf strictly: canonical, at most 4 KiB, every member of its type and version with the right form, and no
 * others.
 *
 * @throws {Broken} `newer-format` for an unknown type, or an unknown version of a type, otherwise `bad-record`. A leaf
 *   with `newer-format` is known to be canonical JSON and {@link PlacedEvent}.
 */
export function readRecord(leaf: string): LogEvent {
  if (leaf.length > maxLeafBytes || Buffer.byteLength(leaf) > maxLeafBytes) throw badRecord('it has over 4,096 bytes')
  return readCanonical(leaf) ?? readStrictly(leaf)
}

/** Does what {@link readRecord} does for each leaf of a fitting size, and tells what is wrong with it. */
export function readStrictly(leaf: string): LogEvent {
  const value = parsed(leaf)
  if (!isObject(value)) throw badRecord('it is not a JSON object')
  const form = formats.get(value['type'])?.get(value['v'])
  if (form === undefined) throw newer(value, leaf)
  // The form has checked that all members are sorted, so `JSON.stringify` writes the canonical text.
  const misfit = form(value)
  if (misfit !== null) throw badRecord(wordsFor(misfit), value)
  if (JSON.stringify(value) !== leaf) throw badRecord('it is not canonical JSON (RFC 8785)', value)
  return value as unknown as LogEvent
}

/** The policy version that the event names, whose files its bundle must have; `null` if it names none. */
export const policyIn = (event: LogEvent): Digest | null => typeOf(event).policy?.(event) ?? null

function parsed(leaf: string): Json {
  try {
    return JSON.parse(leaf) as Json
  } catch (cause) {
    throw badRecord('it is not JSON', undefined, { cause })
  }
}

/** Tells an event that a later version of this program may have written from one that no version writes. */
function newer(value: JsonObject, leaf: string): Broken {
  const misfit = placed(value)
  if (misfit !== null) return badRecord(wordsFor(misfit), value)
  if (!isCanonical(value, leaf)) return badRecord('it is not canonical JSON (RFC 8785)', value)
  const { type, v } = value as JsonObject & { readonly type: string; readonly v: number }
  const what = `has type “${type}” and version ${v}, which this program does not know`
  return new Broken('newer-format', `${recordName(value)} ${what}. Use a newer countersign to verify it.`)
}

function isCanonical(value: Json, leaf: string): boolean {
  try {
    return canonical(value) === leaf
  } catch {
    return false
  }
}

function wordsFor({ path, how }: Misfit): string {
  // An unknown name comes from the log, so it may hold characters that deceive on a terminal.
  const which = /^[\w.[\]-]{1,120}$/.test(path) ? `“${path.slice(1)}”` : null
  switch (how) {
    case 'missing':
      return `${which} is missing`
    case 'unknown':
      return which ? `it has an unknown member ${which}` : 'it has an unknown member'
    case 'unsorted':
      return `its members are not sorted as RFC 8785 asks, at ${which}`
    case 'wrong':
      return `${which} has another form`
    case 'disagrees':
      return `the members of ${which ?? 'the event'} do not fit each other`
  }
}

function badRecord(what: string, value?: JsonObject, options?: ErrorOptions): Broken {
  return new Broken('bad-record', `${recordName(value)} is not as it should be: ${what}.`, options)
}

function recordName({ seq, shard: place }: JsonObject = {}): string {
  const isPlaced = typeof place === 'string' && shard(place) === null && whole(1)(seq) === null
  return isPlaced ? `Event ${Number(seq)} of shard ${place}` : 'An event'
}
