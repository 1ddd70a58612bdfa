/** Spreadsheets run a cell that begins with one of these as a formula; some also accept the full-width signs. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/

/** Writes one line of a table (RFC 4180) in which a spreadsheet runs no formula. An absent cell is written as empty. */
export const csvLine = (cells: readonly (string | number | undefined)[]): string => `${cells.map(cell).join(',')}\r\n`

/** What is written as it is: neither a formula, nor in need of quotes. */
const plain = /^(?:[^=+\-@\t\r\n＝＋－＠",][^",\r\n]*)?$/

function cell(value: string | number = ''): string {
  const text = typeof value === 'string' ? value : String(value)
  if (plain.test(text)) return text
  const safe = formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/**
 * Reads a table that {@link csvLine} wrote, its header included. The `'` before what would be a formula is taken off, so no
 * cell may begin with both by itself.
 */
export function csvRows(table: string): readonly (readonly string[])[] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain = '', end] of table.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    const text = quoted === undefined ? plain : quoted.replaceAll('""', '"')
    row.push(unguarded(text))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

/** Takes off the `'` with which {@link csvLine} keeps a cell from being a formula. */
export const unguarded = (cell: string): string =>
  cell.startsWith("'") && formula.test(cell.slice(1)) ? cell.slice(1) : cell
