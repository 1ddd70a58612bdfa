import { formats } from './eventTable.ts'
import type { LogEvent } from './eventType.ts'

/** Finds the leaves of one type and version. */
interface Reader {
  readonly leaf: RegExp
  /** What the pattern cannot tell. */
  readonly holds?: (value: unknown) => boolean
}

/** By the end of a leaf, which has its type and version: the two last members in the order of RFC 8785. */
const readers = new Map<string, Reader>()
for (const [type, versions] of formats)
  for (const [v, { canonical }] of versions)
    if (canonical)
      readers.set(`,"type":"${String(type)}","v":${String(v)}}`, {
        leaf: new RegExp(`^${canonical.pattern}$`),
        ...(canonical.holds && { holds: canonical.holds }),
      })

/**
 * Reads a leaf by the pattern of its type, which is twice as fast as comparing the members of the value and writing it
 * again.
 *
 * @returns `null` for a leaf that the pattern does not tell to be right; it may be right all the same
 */
export function readCanonical(leaf: string): LogEvent | null {
  const end = leaf.lastIndexOf(',"type":"')
  const reader = end < 0 ? undefined : readers.get(leaf.slice(end))
  if (!reader?.leaf.test(leaf)) return null
  const value: unknown = JSON.parse(leaf)
  return !reader.holds || reader.holds(value) ? (value as LogEvent) : null
}
