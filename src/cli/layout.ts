import type { JsonObject } from '../core/data/json.ts'
import { visible } from '../core/data/text.ts'

/**
 * A label and what it labels: a text, or an object to be written as JSON. Without a label it belongs to the line above.
 * A label that ends with a colon starts a sentence and stands in no column.
 */
export type Line = readonly [label: string, text: string | JsonObject]

/**
 * Lays a line out in rows that no terminal has to wrap, for a row that a terminal wraps goes on where labels stand: a
 * stranger's text could pass for a field. Every row but that of the label has a bar before it.
 *
 * Two texts that differ are shown differently: a row is cut before a space, which starts the next row, or where it is
 * full; a newline is `↵`; spaces that are easily overlooked are named.
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

/** Wide enough for the longest label that stands in a column. */
const column = 16

/** Holds every cell there can be, so that a row always takes one. */
const narrowest = 24

function linesOf(text: string | JsonObject): readonly string[] {
  if (typeof text === 'string') return spaced(visible(text, 'block')).split('\n')
  // The spaces that JSON indents with are ours; whatever comes behind them may be a stranger's.
  const lines = JSON.stringify(text, null, 2).split('\n')
  return lines.map((line) => line.replace(/[^ ].*/su, (rest) => spaced(visible(rest))))
}

/** `visible` leaves no other brackets of this kind, so nobody else can write these. */
const spaced = (text: string): string =>
  text.replace(/ {2,}|^ | $/g, ({ length }) => (length === 1 ? '⟦space⟧' : `⟦${length} spaces⟧`))

/** What is not to be torn apart: something named, or a character with its marks. */
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

/** Before the last space, unless that one starts or indents the row. */
function cutOf(row: readonly string[], next: string): number {
  const space = [...row, next].lastIndexOf(' ')
  return space > 0 && row[space - 1] !== ' ' ? space : row.length
}

/** Terminals disagree on what is wide. None takes more than two columns for a character, or more than one for ASCII. */
const columnsOf = (text: string): number => [...text].reduce((sum, character) => sum + (character <= '~' ? 1 : 2), 0)
