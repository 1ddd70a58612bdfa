import { createHash } from 'node:crypto'
import type { Hex } from './id.ts'

/** RFC 6962 section 2.1: the prefixes keep a leaf from passing as a node. */
const leafPrefix = Uint8Array.of(0)

/** Hashes a leaf (RFC 6962 section 2.1). It is also the link of a shard's chain: one hash, two uses. */
export const leafHash = (leaf: string | Uint8Array): Hex =>
  createHash('sha256').update(leafPrefix).update(leaf).digest('hex') as Hex
