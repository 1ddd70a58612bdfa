import { escaped, shown } from '../html.ts'

/** A cell of a table on a page: a text, a number, or markup that is safe. */
export type PageCell = string | number | { readonly html: string }

/** Writes a table. Numbers stand right. */
export function pageTable(heads: readonly string[], rows: readonly (readonly PageCell[])[]): string {
  const isNumber = heads.map((_head, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'))
  const head = heads.map((text, i) => `<th${isNumber[i] ? ' class="n"' : ''}>${escaped(text)}</th>`).join('')
  const body = rows.map((row) => `<tr>${row.map((cell, i) => cellOf(cell, isNumber[i] === true)).join('')}</tr>`)
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>\n`
}

function cellOf(cell: PageCell, isNumber: boolean): string {
  if (typeof cell === 'object') return `<td>${cell.html}</td>`
  if (typeof cell === 'number') return `<td${isNumber ? ' class="n"' : ''}>${cell.toLocaleString('en')}</td>`
  return /^\d{4}-\d\d-\d\d$/.test(cell) ? `<td class="t">${cell}</td>` : `<td>${shown(cell)}</td>`
}
