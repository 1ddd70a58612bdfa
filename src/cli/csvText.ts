import { visible } from '../core/data/text.ts'

/** What a file of CSV begins with, so that spreadsheets read it as UTF-8. */
export const byteOrderMark = '\ufeff'

/**
 * Makes invisible characters visible, and formulas harmless. A spreadsheet that separates cells by semicolons splits
 * ours, quoted or not, so no part of a cell may begin as a formula.
 */
export function harmless(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes(';')) return text
  return text
    .split('\n')
    .map((line) => visible(line))
    .join('\n')
    .replace(/(?<=[;\n])(?=[=+\-@＝＋－＠])/g, "'")
}
