import { lineNumber } from '../core/action/lineNumbers.ts'
import { plainWord } from '../core/action/value.ts'
import { isArray, isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { visible } from '../core/data/text.ts'

/**
 * A label with its text, or with an object, which is written as an indented tree. An empty label continues the line above. A label
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
  const pieces = typeof text === 'string' ? linesOf(text).map((line) => piece('', line)) : treeOf(text, 0, width)
  const rows = pieces.flatMap((piece) => rowsIn(piece, width))
  const blank = ' '.repeat(bar.length)
  return rows.map(({ row, isMarked }, i) => `${i === 0 ? first : isMarked ? blank : bar} ${row}\n`).join('')
}

export interface Terminal {
  readonly columns: number
  readonly colours: boolean
}

/** Characters of the column of labels: enough for the longest. */
const column = 16

/** Columns that hold the longest cell, so that every row takes at least one. */
const narrowest = 24

const linesOf = (text: string): readonly string[] => spaced(visible(text, 'block')).split('\n')

/** The lines of a text that stand behind a bar: spaces at their beginnings can be seen there, and need no names. */
const textLines = (text: string): readonly string[] =>
  visible(text, 'block')
    .split('\n')
    .map((line, i, { length }) => {
      const [indent = ''] = length > 1 ? (/^ */.exec(line) ?? []) : []
      return `${indent}${spaced(line.slice(indent.length))}`
    })

/** A text that may need several rows. `lead` stands before the first of them, and `next` before all others. */
interface Piece {
  readonly lead: string
  readonly next: string
  readonly text: string
  /** Which rows have the bar of a text: all, or all but the first, on which a name stands. */
  readonly marks?: 'all' | 'later'
}

const piece = (lead: string, text: string, next = ' '.repeat(lead.length)): Piece => ({ lead, next, text })

/** A row of the terminal. One that is marked has a bar of its own, so it needs none in the column of labels. */
interface TerminalRow {
  readonly row: string
  readonly isMarked: boolean
}

const rowsIn = ({ lead, next, text, marks }: Piece, width: number): readonly TerminalRow[] =>
  rowsOf(text, Math.max(width - lead.length, 1)).map((row, i) => ({
    row: `${i === 0 ? lead : next}${row}`,
    isMarked: marks === 'all' || (marks === 'later' && i > 0),
  }))

/**
 * Writes an object as a tree, in the order of the canonical form: each member and item on rows of its own, indented by
 * its depth. A text stands behind `| ` on each of its rows, however they are cut, so that no text can pass for a member,
 * and `1` and the text "1" differ. The lines of a long text have numbers.
 */
function treeOf(value: Json, depth: number, width: number): readonly Piece[] {
  if (isArray(value)) return value.flatMap((item) => member('-', item, depth, width))
  if (!isObject(value)) return []
  return Object.keys(value)
    .sort()
    .flatMap((key) => member(`${nameOf(key)}:`, value[key] as Json, depth, width))
}

function member(name: string, value: Json, depth: number, width: number): readonly Piece[] {
  const most = width - narrowest
  const indent = indentOf(depth, most)
  const isNested = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  const head = `${indent}${name} `
  if (isNested) return [nameAlone(indent, name), ...treeOf(value, depth + 1, width)]
  if (head.length + mark.length <= most) return valueBehind(head, value)
  return [nameAlone(indent, name), ...valueBehind(indentOf(depth + 1, most), value)]
}

/** Stands before every row of a text. */
const mark = '| '

/** Terminals differ in the width of other bars. */
const ascii = { blank: ' ', bar: '| ' }

function valueBehind(head: string, value: Json): readonly Piece[] {
  if (typeof value !== 'string') return [piece(head, JSON.stringify(value))]
  const next = `${' '.repeat(head.length)}${mark}`
  const lines = textLines(value)
  return lines.map((line, i): Piece => {
    const number = lineNumber(i, lines.length, ascii)
    const marks = i === 0 ? 'later' : 'all'
    return {
      lead: `${i === 0 ? `${head}${mark}` : next}${number}`,
      text: line,
      next: next + ' '.repeat(number.length),
      marks,
    }
  })
}

/** The rows of a long name begin with a sign of their own, so that its end cannot pass for another name. */
const nameAlone = (indent: string, name: string): Piece => piece(indent, name, `${indent}… `)

/** A depth that a narrow terminal has no room for is written as a number. */
const indentOf = (depth: number, most: number): string => (2 * depth <= most ? ' '.repeat(2 * depth) : `…${depth} `)

/** A name that is no plain word is quoted. */
const nameOf = (key: string): string => spaced(visible(plainWord.test(key) ? key : JSON.stringify(key)))

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
