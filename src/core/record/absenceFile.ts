import type { Hex, ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical } from '../data/json.ts'
import { guid, hex, moment, object, whole } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from '../log/authenticated.ts'
import type { Mac } from '../log/mac.ts'

/**
 * What the write-once archive says of a member's word to be away: where its event is. It gives nobody a right. It is how the
 * member ends an absence whose row somebody has deleted, and could put back later.
 */
export interface AbsenceFile {
  readonly member: ObjectId
  readonly deputy: ObjectId
  /** The number of the `delegated` event in the deputy's shard. */
  readonly seq: number
  /** The hash of that event. */
  readonly event: Hex
  readonly until: Instant
}

/** Where the files of a member are. */
export const absencesOf = (member: ObjectId): string => `absences/${member}/`

export const absencePath = ({ member, event }: Pick<AbsenceFile, 'member' | 'event'>): string =>
  `${absencesOf(member)}${event}`

/** The text that the file's MAC is made of. */
export const authenticatedAbsence = (origin: string, file: AbsenceFile): string =>
  canonical({ type: 'countersign/absence/v1', origin, ...file })

/** Writes the file: one line of canonical JSON. */
export const formatAbsence = (file: AbsenceFile, mac: Mac): string => authenticatedText({ ...file }, mac)

/** Reads the file without checking its MAC; `null` if it is anything else. */
export const parseAbsence = (text: string): { readonly file: AbsenceFile; readonly mac: Mac } | null => {
  const found = readAuthenticated<AbsenceFile>(text, form, mostBytes)
  return found && { file: found.value, mac: found.mac }
}

/** Three times the longest file. */
const mostBytes = 2_048

const form = object({ deputy: guid, event: hex, member: guid, seq: whole(1), until: moment })
