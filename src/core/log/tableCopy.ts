import type { Day } from '../data/day.ts'
import type { Hex } from '../data/id.ts'
import { canonical } from '../data/json.ts'
import { hex, object, text } from '../data/shape.ts'
import { authenticatedText, readAuthenticated } from './authenticated.ts'
import type { Mac } from './mac.ts'

/** The tables of a bundle that lie beside it, too, so that they can be read without opening it. */
export const copiedTables = ['exceptions', 'metrics'] as const

export type CopiedTable = (typeof copiedTables)[number]

export const tablePath = (date: Day, table: CopiedTable): string => `tables/${date}/${table}.csv`

/** What the note beside such a file says of it. */
export interface TableCopy {
  /** The name of the file, of {@link tablePath}. */
  readonly file: string
  readonly sha256: Hex
}

/** The text that the note's MAC is made of. */
export const authenticatedCopy = (origin: string, { file, sha256 }: TableCopy): string =>
  canonical({ type: 'countersign/table/v1', origin, file, sha256 })

/** Writes the note: one line of canonical JSON. */
export const formatCopy = ({ file, sha256 }: TableCopy, mac: Mac): string => authenticatedText({ file, sha256 }, mac)

/** Reads the note without checking its MAC; `null` if it is anything else. */
export const parseCopy = (note: string): { readonly copy: TableCopy; readonly mac: Mac } | null => {
  const found = readAuthenticated<TableCopy>(note, form, mostBytes)
  return found && { copy: found.value, mac: found.mac }
}

/** Four times the longest note. */
const mostBytes = 2_048

const form = object({ file: text(/^[ -~]{1,64}$/), sha256: hex })
