import { decodeHash } from '../data/base64.ts'
import { Broken } from '../data/broken.ts'
import type { Hex } from '../data/id.ts'
import { type Instant, parseInstant } from '../data/instant.ts'
import { isArray, isObject, type Json, type JsonObject } from '../data/json.ts'

/** Reads an object with these members and no others. @throws {Broken} `bad-manifest`, as all readers below do. */
export function members(
  value: Json | undefined,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  const found = object(value, name)
  const keys = Object.keys(found)
  if (!required.every((key) => Object.hasOwn(found, key))) throw badField(name)
  if (!keys.every((key) => required.includes(key) || optional.includes(key))) throw badField(name)
  return found
}

export function object(value: Json | undefined, name: string): JsonObject {
  if (!isObject(value)) throw badField(name)
  return value
}

export function list(value: Json | undefined, name: string): readonly Json[] {
  if (!isArray(value)) throw badField(name)
  return value
}

export function string(value: Json | undefined, name: string, form = /^/): string {
  if (typeof value !== 'string' || !form.test(value)) throw badField(name)
  return value
}

/** Reads a whole number that is not negative. */
export function natural(value: Json | undefined, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw badField(name)
  return value
}

export const hex = (value: Json | undefined, name: string): Hex => string(value, name, /^[0-9a-f]{64}$/) as Hex

/** Reads a SHA-256 hash, and returns it in base64 as it was. */
export function hash64(value: Json | undefined, name: string): string {
  const text = string(value, name)
  if (decodeHash(text) === null) throw badField(name)
  return text
}

/** Reads a moment that is written with milliseconds, as {@link Instant} has them. */
export function moment(value: Json | undefined, name: string): Instant {
  const text = string(value, name)
  try {
    const at = parseInstant(text)
    if (at === text) return at
  } catch (cause) {
    throw badField(name, { cause })
  }
  throw badField(name)
}

export function same(value: Json | undefined, expected: string, name: string): void {
  if (value !== expected) throw badField(name)
}

export const badField = (name: string, options?: ErrorOptions): Broken =>
  new Broken('bad-manifest', `The manifest is not as it should be at “${name}”.`, options)
