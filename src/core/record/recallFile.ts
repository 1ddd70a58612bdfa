import type { Hex, ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical } from '../data/json.ts'
import { guid, hex, moment, object } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from '../log/authenticated.ts'
import type { Mac } from '../log/mac.ts'

/** What the write-once archive says of a member who is back: the deputy's time is over, whatever a row says. */
export interface RecallFile {
  /** The hash of the `delegated` event. */
  readonly event: Hex
  readonly by: ObjectId
  readonly at: Instant
}

export const recallsPrefix = 'recalls/'

export const recallPath = (event: Hex): string => `${recallsPrefix}${event}`

/** The text that the file's MAC is made of. */
export const authenticatedRecall = (origin: string, file: RecallFile): string =>
  canonical({ type: 'countersign/recall/v1', origin, ...file })

/** Writes the file: one line of canonical JSON. */
export const formatRecall = (file: RecallFile, mac: Mac): string => authenticatedText({ ...file }, mac)

/** Reads the file without checking its MAC; `null` if it is anything else. */
export const parseRecall = (text: string): { readonly file: RecallFile; readonly mac: Mac } | null => {
  const found = readAuthenticated<RecallFile>(text, form, mostBytes)
  return found && { file: found.value, mac: found.mac }
}

/** Three times the longest file. */
const mostBytes = 1_536

const form = object({ at: moment, by: guid, event: hex })
