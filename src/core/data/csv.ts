/** Spreadsheets run a cell that begins with one of these as a formula; some also accept the full-width signs. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/

/** Writes one line of a table (RFC 4180) in which a spreadsheet runs no formula. An absent cell is written as empty. */
export const csvLine = (cells: readonly (string | number | undefined)[]): string => `${cells.map(cell).join(',')}\r\n`

function cell(value: string | number = ''): string {
  const text = typeof value === 'string' ? value : String(value)
  const safe = formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
