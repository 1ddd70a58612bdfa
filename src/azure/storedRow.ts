import type { StoredRow } from '../ports/ledgerRows.ts'
import { keyOf, type Row } from './column.ts'

/** What the storage adds to each row, and what says where it lies. */
const added = new Set(['odata.metadata', 'etag', 'partitionKey', 'rowKey', 'timestamp'])

/** Turns a row that was read into one that can be kept. @throws {Error} for a column of a type that JSON does not have */
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

/** Turns a row that was kept into one as it is read. */
export const rowFrom = ({ partition, row, columns }: StoredRow): Row => ({
  ...columns,
  partitionKey: partition,
  rowKey: row,
})

/** Columns of an event that no erasure changes. What this program does not know may be a text, and is not among them. */
const lasting = new Set(['v', 'leaf', 'op', 'trace', 'type', 'request', 'mac', 'macKey'])

/** The column of texts of an event that has none. */
const noTexts = '{}'

/** Parts an event's row in what lasts and what can be erased; `null` if there is nothing of the latter. */
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
