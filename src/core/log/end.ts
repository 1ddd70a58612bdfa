import { beginningsBetween, type Hex, idSlack, type RequestId, type Shard } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import { canonical } from '../data/json.ts'
import { hex, moment, object, oneOf, requestId, shard, text, whole } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from './authenticated.ts'
import type { Mac } from './mac.ts'

/** An act that uses up an approval, or takes it away, for good. */
const endActs = ['redeemed', 'revoked', 'cancelled', 'denied'] as const

/** How a request ended: which event says so, and when its file was written. */
export interface End {
  readonly request: RequestId
  readonly act: (typeof endActs)[number]
  /** The uuid that the executor chose. */
  readonly redemption?: string
  readonly shard: Shard
  readonly seq: number
  /** The hash of the event. */
  readonly leaf: Hex
  /** When the file was written. If the archive had failed, this is later than the event. */
  readonly at: Instant
}

/** Files under this prefix say how requests ended; their names are ids, so that they sort by time. */
export const endsPrefix = 'ends/'

export const endPath = (id: RequestId): string => `${endsPrefix}${id}`

/**
 * Lists the prefixes under which the files lie of all requests that were first recorded between two moments.
 *
 * @param length the digits of the ids' time in a prefix: more digits make shorter lists of files
 */
export const endPrefixes = (from: Instant, to: Instant, length: 5 | 6 = 5): readonly string[] =>
  beginningsBetween(plusSeconds(from, -idSlack), plusSeconds(to, idSlack), length).map(
    (beginning) => `${endsPrefix}${beginning}`,
  )

/** The text that the file's MAC is made of. */
export const authenticatedEnd = (origin: string, end: End): string =>
  canonical({ type: 'countersign/end/v1', origin, ...end })

/** Writes the file: one line of canonical JSON. */
export const formatEnd = (end: End, mac: Mac): string => authenticatedText({ ...end }, mac)

/** Reads the file without checking its MAC; `null` if it is anything else. */
export const parseEnd = (file: string): { readonly end: End; readonly mac: Mac } | null => {
  const found = readAuthenticated<End>(file, form, mostBytes)
  return found && { end: found.value, mac: found.mac }
}

/** Whether two files record the same end, whenever each was written. */
export const isSameEnd = (a: Omit<End, 'at'>, b: Omit<End, 'at'>): boolean =>
  a.request === b.request &&
  a.act === b.act &&
  a.redemption === b.redemption &&
  a.shard === b.shard &&
  a.seq === b.seq &&
  a.leaf === b.leaf

/** Four times the longest file. */
const mostBytes = 2_048

const form = object({
  act: oneOf(...endActs),
  at: moment,
  leaf: hex,
  'redemption?': text(/^[ -~]{1,64}$/),
  request: requestId,
  seq: whole(1),
  shard,
})
