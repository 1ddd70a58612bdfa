import { type Digest, digestOf, type Hex } from '../data/id.ts'
import { canonical, isObject, readJson } from '../data/json.ts'

const type = 'countersign/policy/v1'

/** The file of a bundle that lists all files of a policy version. Its SHA-256 is the version. */
export const editionFile = 'version.json'

/** Writes the text whose digest is the policy version: the SHA-256 of each file by name. */
export const editionOf = (files: Iterable<readonly [string, Hex]>): string =>
  canonical({ files: Object.fromEntries(files), type })

export const versionOf = (files: Iterable<readonly [string, Hex]>): Digest => digestOf(editionOf(files))

const limits = { bytes: 1_048_576, depth: 2, nodes: 10_000 }

/** Reads the SHA-256 of each file by name; `null` if the bytes are not the text of this version. */
export function readEdition(bytes: Uint8Array, version: Digest): ReadonlyMap<string, Hex> | null {
  if (digestOf(bytes) !== version) return null
  try {
    const value = readJson(bytes, limits)
    const files = isObject(value) ? value['files'] : undefined
    if (!isObject(files)) return null
    const found = Object.entries(files).flatMap(([name, hash]) => (isHex(hash) ? [[name, hash] as const] : []))
    return editionOf(found) === Buffer.from(bytes).toString('utf8') ? new Map(found) : null
  } catch {
    return null
  }
}

const isHex = (value: unknown): value is Hex => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
