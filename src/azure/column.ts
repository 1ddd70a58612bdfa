import type { Shard } from '../core/data/id.ts'
import { type NewerRow, Problem } from '../core/data/problem.ts'
import { inverseIdIn } from './rowKey.ts'

/** A row as it was read. */
export type Row = Readonly<Record<string, unknown>>

/** The parts of a row that are needed to write it again: its ETag, and the columns that this program does not know. */
export interface ReadRow {
  readonly etag: string
  readonly foreign: Row
}

/**
 * The format of all rows, in their column `v`. A row of a later format is never read, because a member that this
 * program does not know could forbid an action. Only a change that older programs would misread raises the number: they
 * keep unknown members and columns when they write a row again. Rows that are written without being read (`due-`,
 * `agent-`, `voter-`, `post-`) cannot be protected by a version, so a new form of such a row gets a new key. A program that
 * raises the number of a request's row leaves no copy of a lower one in the rows of its indexes.
 */
export const rowVersion = 1

/**
 * A string property holds at most 32 K characters (learn.microsoft.com: Understanding the Table service data model).
 */
const columnLength = 30_000

/** Spreads a text over as many columns as it needs: `name`, `name1`, `name2`. */
export function split(name: string, text: string): Record<string, string> {
  const columns: Record<string, string> = {}
  for (let from = 0, number = 0; number === 0 || from < text.length; number++) {
    // UTF-8 cannot hold half a surrogate pair: it would be replaced on the way.
    const isInPair = /[\ud800-\udbff]/.test(text.charAt(from + columnLength - 1))
    const end = from + columnLength - (isInPair ? 1 : 0)
    columns[column(name, number)] = text.slice(from, end)
    from = end
  }
  return columns
}

/** Whether a row has a later format. If so, only its key and ETag may be read. */
export const isNewer = ({ v }: Row): boolean => typeof v === 'number' && v > rowVersion

/** Names a row of a later format by its key. `request` is present if the key contains it. */
export function newerRow(row: Row): NewerRow {
  const { partitionKey: shard, rowKey: name, v: version } = row as { partitionKey: string; rowKey: string; v: number }
  const request = inverseIdIn(name, shard as Shard)
  return { shard, row: name, ...(request && { request }), version }
}

/** @throws {Problem} `newer-format` for a row of a later format */
function checkVersion(row: Row): void {
  if (isNewer(row))
    throw new Problem('newer-format', 'This was written by a newer version of the service, which alone can read it.', {
      newer: newerRow(row),
    })
  const { v = rowVersion } = row
  if (v !== rowVersion) throw new Error(`A row has format ${JSON.stringify(v)}; this program reads ${rowVersion}.`)
}

/** The columns that the storage adds to each row. */
const ofStorage = ['odata.metadata', 'etag', 'partitionKey', 'rowKey', 'timestamp', 'v']

/**
 * Picks the columns that this program does not know. They are written again with the others, because replacing the row
 * would lose them.
 *
 * @param known names, which {@link split} may have numbered
 */
export function foreignColumns(row: Row, known: readonly string[]): Row {
  const isKnown = (name: string) => ofStorage.includes(name) || known.includes(name.replace(/\d+$/, ''))
  return Object.fromEntries(Object.entries(row).filter(([name]) => !isKnown(name)))
}

/** Reads a row's key, whatever the row's format is. */
export const keyOf = (row: Row): string => row['rowKey'] as string

/**
 * Undoes {@link split}; `null` if there is no such column.
 *
 * @throws {Problem} `newer-format` for a row of a later format
 */
export function textOrNull(row: Row, name: string): string | null {
  checkVersion(row)
  let text: string | null = null
  for (let number = 0; ; number++) {
    const part = row[column(name, number)]
    if (typeof part !== 'string') return text
    text = (text ?? '') + part
  }
}

/** Does what {@link textOrNull} does. @throws {Error} if there is no such column. */
export function textIn(row: Row, name: string): string {
  const text = textOrNull(row, name)
  if (text === null) throw new Error(`A row has no ${name}.`)
  return text
}

/** @throws {Error} if there is no such column, or no integer in it. */
export function integerIn(row: Row, name: string): number {
  checkVersion(row)
  const value = row[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Error(`A row has no ${name}.`)
  return value
}

const column = (name: string, number: number): string => (number === 0 ? name : `${name}${number}`)
