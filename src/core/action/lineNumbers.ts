/** Texts with fewer lines are taken in at a glance. With more lines their numbers would fill pages of their own. */
const [least, most] = [10, 999]

/** Whether the lines of a text are numbered. That depends on their count alone, so that a reader can tell. */
const isNumbered = (lines: number): boolean => lines >= least && lines <= most

/** How numbers are written: what fills the place of missing digits, and what ends the number. */
export interface NumberStyle {
  readonly blank: string
  readonly bar: string
}

/**
 * What stands before each line of a text of so many lines: its number, as wide as the last one, and a bar. A line of
 * an agent's text never begins without it, so that no text can imitate a number. Empty for texts without numbers.
 */
export function lineNumber(index: number, lines: number, { blank, bar }: NumberStyle): string {
  if (!isNumbered(lines)) return ''
  const number = String(index + 1)
  return `${blank.repeat(String(lines).length - number.length)}${number}${bar}`
}
