/**
 * Characters that a reader cannot see or takes for something else: control, format, private and unassigned characters,
 * surrogates, all white space but the plain space, characters that Unicode allows to ignore, blanks that count as
 * letters or symbols, marks that enclose or strike through, and the three signs that `visible` itself writes with.
 */
export const deceptive =
  /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\p{Me}\u0334-\u0338\u20d2\u20d3\u20e5\u20e6\u20ea\u20eb\u2800\ufffc\u{1d159}\u21b5\u27e6\u27e7]/u

/**
 * Combining marks that deceive. More than four on one letter cover the lines around it; a mark without a letter changes
 * the character before the text.
 */
const stray = /(?<=^|\p{M}{4})\p{M}/u

const escaped = new RegExp(`${deceptive.source}|${stray.source}`, 'gu')

/**
 * Makes an untrusted text safe to show: writes every invisible or deceptive character as `⟦U+202E⟧`. Two different
 * texts are always shown differently.
 *
 * @param layout `line` keeps the text on one line and shows a newline as `↵`; `block` breaks the line after it too.
 */
export function visible(text: string, layout: 'line' | 'block' = 'line'): string {
  const newline = layout === 'line' ? '↵' : '↵\n'
  return text.replace(escaped, (found) => (found === '\n' ? newline : named(found)))
}

const named = (character: string): string => `⟦${codePointName(character)}⟧`

/** Unicode's notation for a character, as `U+202F`. */
export const codePointName = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
