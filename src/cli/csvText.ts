import { visible } from '../core/data/text.ts'

/** What a file of CSV begins with, so that spreadsheets read it as UTF-8. */
export const byteOrderMark = '\ufeff'

/**
 * Makes invisible characters visible, and formulas harmless. A spreadsheet that separates cells by semicolons splits
 * ours, quoted or not, so no part of a cell may begin as a formula.
 *
 * @param text one text, whose lines stay lines; or lines, in each of which a line end is written `↵`, so that a note cannot
 *   add a line that looks like another person's vote
 */
export function harmless(text: string | readonly string[]): string {
  if (typeof text === 'string' && /^[\x20-\x7e]*$/.test(text) && !text.includes(';')) return text
  return (typeof text === 'string' ? text.split('\n') : text)
    .map((line) => visible(line))
    .join('\n')
    .replace(/(?<=[;\n])(?=[=+\-@＝＋－＠])/g, "'")
}
