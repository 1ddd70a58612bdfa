import { canonical, isObject, jsonIn, type JsonObject } from '../data/json.ts'
import { type Form, hex, object, text } from '../data/shape.ts'
import type { Mac } from './mac.ts'

/** Writes a small file of the archive: a value and its MAC, as one line of canonical JSON that fits into a header. */
export const authenticatedText = (value: JsonObject, { mac, macKey }: Mac): string => canonical({ value, mac, macKey })

/**
 * Reads such a file without checking its MAC.
 *
 * @param form of the value
 * @param bytes the largest size of a file
 * @returns `null` for anything else: other programs may create files in the archive
 */
export function readAuthenticated<T>(
  file: string,
  form: Form,
  bytes: number,
): { readonly value: T; readonly mac: Mac } | null {
  const read = jsonIn(Buffer.from(file), { bytes, depth: 4, nodes: 200 })
  if (envelope(read) !== null || !isObject(read) || form(read['value']) !== null) return null
  const { value, mac, macKey } = read
  return { value: value as T, mac: { mac, macKey } as unknown as Mac }
}

/** The value's own form is checked after this one. */
const envelope = object({ mac: hex, macKey: text(/^[ -~]{1,128}$/), value: () => null })
