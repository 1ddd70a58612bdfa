import { sha256 } from '../core/data/id.ts'
import { Refused } from './failure.ts'

/** Characters of an idempotency key. */
const longest = 255

/**
 * Makes an idempotency key of the names of one call, as of the program, its run and the call in it. The same call gives
 * the same key in every process, so that a program that starts over finds its request. Parts are percent-encoded and
 * joined by colons; a key past 255 characters ends in its SHA-256.
 *
 * @throws {Refused} `invalid-input` for a part that is missing: a key without a call's id would join calls that differ
 */
export function keyOf(...parts: readonly [string, ...string[]]): string {
  if (parts.some((part) => typeof part !== 'string' || part === ''))
    throw new Refused('invalid-input', 'Every part of a key is a text that is not empty.')
  const key = parts.map((part) => encodeURIComponent(part.toWellFormed())).join(':')
  if (key.length <= longest) return key
  const hash = sha256(key)
  return `${key.slice(0, longest - hash.length - 1)}:${hash}`
}

/** @throws {Refused} `invalid-input` */
export function checkKey(key: unknown): void {
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new Refused('invalid-input', 'key: 1 to 255 visible ASCII characters, made from the id of the call (keyOf).')
}
