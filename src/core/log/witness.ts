import { type Day, dayOf } from '../data/day.ts'
import { type Hex, type Shard, shards } from '../data/id.ts'
import { type Instant, instant, milliseconds } from '../data/instant.ts'
import { canonical, type JsonObject } from '../data/json.ts'
import { hex, moment, object, whole } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from './authenticated.ts'
import type { Mac } from './mac.ts'

/** How far a shard's chain went. */
export interface WitnessedHead {
  readonly seq: number
  readonly hash: Hex
}

/** How far all chains went at a moment. Earlier events cannot be cut off unseen. Shards without events are absent. */
export interface Witnessed {
  readonly at: Instant
  readonly heads: Readonly<Partial<Record<Shard, WitnessedHead>>>
}

/** Files under this prefix say where the chains stood; their names sort by time. */
export const headsPrefix = 'heads/'

export const headsOf = (day: Day): string => `${headsPrefix}${day}/`

/** Seconds between two files. */
export const witnessEvery = 300

/** The moment that names the file: the last full five minutes. */
export const slotOf = (at: Instant): Instant => instant(milliseconds(at) - (milliseconds(at) % (witnessEvery * 1000)))

/** `heads/2026-01-31/0930` */
export function headsPath(at: Instant): string {
  const slot = slotOf(at)
  return `${headsOf(dayOf(at))}${slot.slice(11, 13)}${slot.slice(14, 16)}`
}

/** Whether a file's name belongs to its time, perhaps with a suffix. A copy of an older file has another name. */
export const isHeadsName = (name: string, { at }: Witnessed): boolean =>
  name === headsPath(at) || name.startsWith(`${headsPath(at)}.`)

/** The text that the file's MAC is made of. */
export const authenticatedHeads = (origin: string, witnessed: Witnessed): string =>
  canonical({ type: 'countersign/heads/v1', origin, ...jsonOf(witnessed) })

/** Writes the file: one line of canonical JSON. */
export const formatHeads = (witnessed: Witnessed, mac: Mac): string => authenticatedText(jsonOf(witnessed), mac)

/** Reads the file without checking its MAC; `null` if it is anything else. */
export const parseHeads = (file: string): { readonly heads: Witnessed; readonly mac: Mac } | null => {
  const found = readAuthenticated<Witnessed>(file, form, mostBytes)
  return found && { heads: found.value, mac: found.mac }
}

const jsonOf = ({ at, heads }: Witnessed): JsonObject => ({
  at,
  heads: Object.fromEntries(Object.entries(heads).map(([shard, head]) => [shard, { ...head }])),
})

/** Twice as much as 16 heads need, and the most that a note in the archive may have. */
const mostBytes = 4_096

const form = object({
  at: moment,
  heads: object(Object.fromEntries(shards.map((name) => [`${name}?`, object({ hash: hex, seq: whole(1) })]))),
})
