import type { StoredRow } from '../ports/ledgerRows.ts'
import { keyOf, type Row } from './column.ts'

/** Columns that the storage adds to each row, and the row's keys. */
const added = new Set(['odata.metadata', 'etag', 'partitionKey', 'rowKey', 'timestamp'])

/**
 * Turns a row of the storage into one for a snapshot.
 *
 * @throws {Error} for a column of a type that JSON does not have
 */
export function storedOf(row: Row): StoredRow {
  const columns = Object.entries(row).filter(([name]) => !added.has(name))
  for (const [name, value] of columns)
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw new Error(`The column ${name} of ${keyOf(row)} has a type that cannot be kept.`)
  return {
    partition: row['partitionKey'] as string,
    row: keyOf(row),
    columns: Object.fromEntries(columns) as StoredRow['columns'],
  }
}

/** Turns a row of a snapshot into one as the storage returns it. */
export const rowFrom = ({ partition, row, columns }: StoredRow): Row => ({
  ...columns,
  partitionKey: partition,
  rowKey: row,
})

/** Columns of an event that no erasure changes. Unknown columns are not among them, because they may be texts. */
const lasting = new Set(['v', 'leaf', 'op', 'trace', 'type', 'request', 'mac', 'macKey'])

/** The column of texts of an event without texts. */
const noTexts = '{}'

/** Divides an event's row into a lasting half and an erasable one; the latter is `null` if it would be empty. */
export function halvesOf(stored: StoredRow): { readonly lasting: StoredRow; readonly erasable: StoredRow | null } {
  const half = (which: (name: string) => boolean): StoredRow => ({
    ...stored,
    columns: Object.fromEntries(Object.entries(stored.columns).filter(([name]) => which(name))),
  })
  const erasable = half((name) => !lasting.has(name))
  const isEmpty = Object.entries(erasable.columns).every(([name, value]) => name === 'said' && value === noTexts)
  return { lasting: half((name) => lasting.has(name)), erasable: isEmpty ? null : erasable }
}

/** Undoes {@link halvesOf}. */
export const wholeOf = (last: StoredRow, erasable: StoredRow | null): StoredRow => ({
  ...last,
  columns: { ...last.columns, said: noTexts, ...erasable?.columns },
})
