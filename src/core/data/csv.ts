/** A cell that begins so is a formula to a spreadsheet; in some countries with the wide signs too. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/

/** Writes one line of a table (RFC 4180), which a spreadsheet opens without running anything. Absent is empty. */
export const csvLine = (cells: readonly (string | number | undefined)[]): string => `${cells.map(cell).join(',')}\r\n`

function cell(value: string | number = ''): string {
  const text = typeof value === 'string' ? value : String(value)
  const safe = formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
