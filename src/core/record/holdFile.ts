import type { Hex, HoldId, ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical } from '../data/json.ts'
import { guid, hex, holdId, moment, object, oneOf, whole } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from '../log/authenticated.ts'
import type { Mac } from '../log/mac.ts'
import type { HoldScope } from '../request/hold.ts'
import { holdScope } from './eventFormat.ts'

/** What the write-once archive says of a hold: which event began it, or ended it. It has no text that a person wrote. */
export interface HoldFile {
  readonly hold: HoldId
  readonly act: 'held' | 'released'
  readonly scope: HoldScope
  /** The person who did it, and when. */
  readonly by: ObjectId
  readonly at: Instant
  /** The event in shard 00. */
  readonly seq: number
  readonly leaf: Hex
}

export const holdsPrefix = 'holds/'

export const holdFilePath = ({ hold, act }: Pick<HoldFile, 'hold' | 'act'>): string => `${holdsPrefix}${hold}/${act}`

/** The text that the file's MAC is made of. */
export const authenticatedHold = (origin: string, { scope, ...file }: HoldFile): string =>
  canonical({ type: 'countersign/hold/v1', origin, ...file, scope: { ...scope } })

/** Writes the file: one line of canonical JSON, which fits into a header. */
export const formatHold = ({ scope, ...file }: HoldFile, mac: Mac): string =>
  authenticatedText({ ...file, scope: { ...scope } }, mac)

/** Reads the file without checking its MAC; `null` if it is anything else. */
export const parseHold = (text: string): { readonly file: HoldFile; readonly mac: Mac } | null => {
  const found = readAuthenticated<HoldFile>(text, form, mostBytes)
  return found && { file: found.value, mac: found.mac }
}

/** Three times the longest file. */
const mostBytes = 2_048

const form = object({
  act: oneOf('held', 'released'),
  at: moment,
  by: guid,
  hold: holdId,
  leaf: hex,
  scope: holdScope,
  seq: whole(1),
})
