/** A row as it was read. */
export type Row = Readonly<Record<string, unknown>>

/** The format of all rows, in their column `v`. Code reads this one and the one before. */
export const rowVersion = 1

/** A string property holds at most 32 K characters (learn.microsoft.com: Understanding the Table service data model). */
const columnLength = 30_000

/** Spreads a text over as many columns as it needs: `name`, `name1`, `name2`. */
export function split(name: string, text: string): Record<string, string> {
  const columns: Record<string, string> = {}
  for (let from = 0, number = 0; number === 0 || from < text.length; number++) {
    // Half a surrogate pair would not survive the way.
    const isInPair = /[\ud800-\udbff]/.test(text.charAt(from + columnLength - 1))
    const end = from + columnLength - (isInPair ? 1 : 0)
    columns[column(name, number)] = text.slice(from, end)
    from = end
  }
  return columns
}

/** Undoes {@link split}; `null` if there is no such column. @throws {Error} for a row in a format of the future. */
export function textOrNull(row: Row, name: string): string | null {
  const { v = rowVersion } = row
  if (v !== rowVersion) throw new Error(`A row has format ${JSON.stringify(v)}; this program reads ${rowVersion}.`)
  let text: string | null = null
  for (let number = 0; ; number++) {
    const part = row[column(name, number)]
    if (typeof part !== 'string') return text
    text = (text ?? '') + part
  }
}

/** As {@link textOrNull}. @throws {Error} if there is no such column. */
export function textIn(row: Row, name: string): string {
  const text = textOrNull(row, name)
  if (text === null) throw new Error(`A row has no ${name}.`)
  return text
}

/** @throws {Error} if there is no such column, or no integer in it. */
export function integerIn(row: Row, name: string): number {
  const value = row[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Error(`A row has no ${name}.`)
  return value
}

const column = (name: string, number: number): string => (number === 0 ? name : `${name}${number}`)
