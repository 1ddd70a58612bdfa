import type { Figure, Goal } from './figure.ts'

const heading = ['figure', 'ours', 'floor', 'ratio', 'goal', '']

/** For people, in a terminal. */
export function tableOf(figures: readonly Figure[]): string {
  const lines = [heading, ...figures.map(cells)]
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const cell = (text: string, column: number) =>
    column > 0 && column < 4 ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
  return lines.map((line) => `${line.map(cell).join('  ').trimEnd()}\n`).join('')
}

/** For a document. */
export function markdownOf(figures: readonly Figure[]): string {
  const lines = [heading, ['---', '---:', '---:', '---:', '---', '---'], ...figures.map(cells)]
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('')
}

/**
 * Replaces what stands between the marks of one table in a document.
 *
 * @throws {Error} if the marks are not there
 */
export function inserted(document: string, name: string, table: string): string {
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
  const [start, end] = [document.indexOf(open), document.indexOf(close)]
  if (start < 0 || end < start) throw new Error(`The document has no marks for a table named ${name}.`)
  return `${document.slice(0, start + open.length)}\n${table}\n${document.slice(end)}`
}

function cells({ name, unit, ours, floor, ratio, goal, holds }: Figure): string[] {
  const rest = [floor === undefined ? '' : number(floor), ratio === undefined ? '' : ratio.toFixed(2)]
  return [name, `${number(ours)} ${unit}`, ...rest, goal ? goalOf(goal, unit) : '', verdict(holds)]
}

const verdict = (holds: boolean | undefined): string => (holds === undefined ? '' : holds ? 'holds' : 'missed')

function goalOf({ of, least, most }: Goal, unit: string): string {
  const what = of === 'ratio' ? '× floor' : unit
  return [...(least === undefined ? [] : [`≥ ${least} ${what}`]), ...(most === undefined ? [] : [`≤ ${most} ${what}`])]
    .join(', ')
    .trim()
}

/** Three digits that count, at least. */
function number(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en')
  return value.toPrecision(3)
}
