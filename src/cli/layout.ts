import type { JsonObject } from '../core/data/json.ts'
import { visible } from '../core/data/text.ts'

/**
 * A label with its text, or with an object that is written as JSON. An empty label continues the line above. A label
 * that ends with a colon starts a sentence and stands in no column.
 */
export type Line = readonly [label: string, text: string | JsonObject]

/**
 * Lays a line out in rows that fit the terminal. A row that the terminal wraps would continue in the column of labels,
 * where an agent's text could pass for a field. Every row after the first begins with a bar.
 *
 * Different texts look different: a row is cut before a space, which starts the next row, or where the row is full; a
 * newline is `↵`; spaces that are easily overlooked are named.
 */
export function layOut([label, text]: Line, { columns, colours }: Terminal): string {
  const head = label.endsWith(':') ? label : label.padEnd(column)
  const bar = '|'.padStart(head.length)
  const width = Math.max(columns - head.length - 1, narrowest)
  const first = label === '' ? bar : colours ? `\u001b[1m${head}\u001b[22m` : head
  const rows = linesOf(text).flatMap((line) => rowsOf(line, width))
  return rows.map((row, i) => `${i === 0 ? first : bar} ${row}\n`).join('')
}

export interface Terminal {
  readonly columns: number
  readonly colours: boolean
}

/** Characters of the column of labels: enough for the longest. */
const column = 16

/** Columns that hold the longest cell, so that every row takes at least one. */
const narrowest = 24

function linesOf(text: string | JsonObject): readonly string[] {
  if (typeof text === 'string') return spaced(visible(text, 'block')).split('\n')
  // The indentation is this program's. What follows it may be an agent's.
  const lines = JSON.stringify(text, null, 2).split('\n')
  return lines.map((line) => line.replace(/[^ ].*/su, (rest) => spaced(visible(rest))))
}

/** Names spaces. `visible` replaces such brackets in texts, so that no text can imitate these names. */
const spaced = (text: string): string =>
  text.replace(/ {2,}|^ | $/g, ({ length }) => (length === 1 ? '⟦space⟧' : `⟦${length} spaces⟧`))

/** Units that stay in one row: a named character, or a character with its marks. */
const cells = /⟦[^⟧]*⟧|\P{M}\p{M}*|\p{M}/gu

function rowsOf(line: string, width: number): readonly string[] {
  const rows: string[] = []
  let row: string[] = []
  let used = 0
  for (const cell of line.match(cells) ?? []) {
    while (row.length > 0 && used + columnsOf(cell) > width) {
      const end = cutOf(row, cell)
      rows.push(row.slice(0, end).join(''))
      row = row.slice(end)
      used = columnsOf(row.join(''))
    }
    row.push(cell)
    used += columnsOf(cell)
  }
  return [...rows, row.join('')]
}

/** Cuts before the last space, unless that space starts or indents the row. */
function cutOf(row: readonly string[], next: string): number {
  const space = [...row, next].lastIndexOf(' ')
  return space > 0 && row[space - 1] !== ' ' ? space : row.length
}

/** Counts columns. Terminals differ, but none uses more than two for a character, or more than one for ASCII. */
const columnsOf = (text: string): number => [...text].reduce((sum, character) => sum + (character <= '~' ? 1 : 2), 0)
