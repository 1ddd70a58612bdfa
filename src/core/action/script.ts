/** Unicode Standard Annex 31: table 5, and the scripts of table 7 with letters that look like Latin ones. */
const scripts = [
  ...['Latin', 'Arabic', 'Armenian', 'Bengali', 'Bopomofo', 'Cyrillic', 'Devanagari', 'Ethiopic', 'Georgian', 'Greek'],
  ...['Gujarati', 'Gurmukhi', 'Han', 'Hangul', 'Hebrew', 'Hiragana', 'Kannada', 'Katakana', 'Khmer', 'Lao'],
  ...['Malayalam', 'Myanmar', 'Oriya', 'Sinhala', 'Tamil', 'Telugu', 'Thaana', 'Thai', 'Tibetan'],
  ...['Canadian_Aboriginal', 'Cherokee', 'Coptic', 'Lisu', 'Tifinagh'],
].map((name) => ({ name, letter: new RegExp(`\\p{Script=${name}}`, 'u') }))

/** Unicode Technical Standard 39, section 5.2, "highly restrictive": scripts that one language mixes. */
const together = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]

/** Letters with their marks, and digits. */
export const word = /[\p{L}\p{M}\p{N}]+/gu

/** Mathematical Alphanumeric Symbols: Latin letters in many fonts, among them the font of policy's words on a card. */
export const mathematical = /[\u{1d400}-\u{1d7ff}]/u

/** Whether a character is of this script. */
export const isOf = (name: string, character: string): boolean =>
  scripts.some((script) => script.name === name && script.letter.test(character))

export const scriptsIn = (text: string): readonly string[] =>
  scripts.filter(({ letter }) => letter.test(text)).map(({ name }) => name)

/** Whether no language mixes these scripts in a word. */
export const isMixture = (used: readonly string[]): boolean =>
  used.length > 1 && !together.some((set) => used.every((name) => set.includes(name)))
