import { passingFor } from '../data/unicodeData.ts'
import { isMixture, isOf, mathematical, scriptsIn, word } from './script.ts'

/** Characters that pass for one of ASCII, with that one. */
const passing: ReadonlyMap<string, string> = new Map(
  passingFor.flatMap(([ascii, codes]) =>
    codes.split(' ').map((code) => [String.fromCodePoint(Number.parseInt(code, 16)), ascii] as const),
  ),
)

/** Returns the ASCII character that a character passes for, or `null`. */
function passesFor(character: string): string | null {
  if (/[\0-\x7f]/.test(character)) return null
  const plain = character.normalize('NFKC')
  return passing.get(character) ?? (/^[!-~]$/.test(plain) ? plain : null)
}

const passesForLetter = (character: string): boolean => /[A-Za-z]/.test(passesFor(character) ?? '')

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/**
 * Lists letters of another script than the rest of their word, where no language mixes these scripts and one can pass
 * for the other, as in `pаypal` with a Cyrillic letter. In a text without spaces, letters from right to left are listed
 * beside others too, since such a name is not drawn in the order in which it is written.
 */
export function mixedIn(text: string): readonly string[] {
  if (isAscii(text)) return []
  const isName = !/\s/.test(text)
  if (isName && rightToLeft.test(text) && /\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic}/u.test(text))
    return [...text].filter((character) => rightToLeft.test(character))
  return (text.match(word) ?? []).filter((one) => !isAscii(one)).flatMap((one) => strangersIn(one))
}

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Thaana}\p{Script=Syriac}\p{Script=Nko}]/u

/** The letters of a word that do not belong to its main script. */
function strangersIn(one: string): readonly string[] {
  const used = scriptsIn(one)
  if (!isMixture(used) || isUsual(one, used)) return []
  const letters = (name: string) => [...one].filter((character) => isOf(name, character))
  const [, ...others] = used.map(letters).sort((a, b) => b.length - a.length)
  return others.flat()
}

/** Scripts with letters of the same shapes as Latin ones. */
const alike: ReadonlySet<string> = new Set([
  'Cyrillic',
  'Greek',
  'Armenian',
  'Cherokee',
  'Coptic',
  'Lisu',
  'Canadian_Aboriginal',
  'Tifinagh',
])

/** Whether people write a word like this: Latin letters in scripts without spaces, a prefix before a name, `Δt`. */
function isUsual(one: string, used: readonly string[]): boolean {
  const [other, ...more] = used.filter((name) => name !== 'Latin')
  if (other === undefined || more.length > 0) return false
  const theirs = [...one].filter((character) => /\p{L}/u.test(character) && isOf(other, character))
  if (other === 'Greek')
    return (
      theirs.every((letter) => passesFor(letter) === null) ||
      /^\p{N}*\p{Script=Greek}\p{Script=Latin}{1,2}\p{N}*$/u.test(one)
    )
  if (alike.has(other)) return false
  if (rightToLeft.test(one))
    return /^\p{Script=Latin}[^]*$/u.test(one) ? switches(one) : switches([...one].reverse().join(''))
  return theirs.every((letter) => passesFor(letter) === null)
}

/** Whether Latin letters come first, and then only others. */
function switches(one: string): boolean {
  const letters = one.replace(/[\p{M}\p{N}]/gu, '')
  const other = letters.search(/\P{Script=Latin}/u)
  return other < 0 || !/\p{Script=Latin}/u.test(letters.slice(other))
}

/** A character that passes for another one. */
export interface LookAlike {
  readonly character: string
  readonly ascii: string
}

/** Lists characters that pass for those of ASCII where a reader expects ASCII. */
export function lookAlikesIn(text: string): readonly LookAlike[] {
  if (isAscii(text)) return []
  const native = nativeScripts(text)
  const words = [...text.matchAll(word)].filter(([one]) => !isAscii(one)).flatMap(([one]) => disguisesIn(one, native))
  const signs = signsIn(text).filter((sign) => !wide.test(sign) || !hasWide(native))
  const characters = [...words, ...signs]
  return [...new Set(characters)].flatMap((character) => {
    const ascii = passesFor(character)
    return ascii === null ? [] : [{ character, ascii }]
  })
}

/** The scripts in which a text is really written: some of their letters pass for no Latin ones. */
function nativeScripts(text: string): ReadonlySet<string> {
  const own = text.match(/\p{L}/gu)?.filter((letter) => !passesForLetter(letter)) ?? []
  return new Set(scriptsIn(own.join('')))
}

/** Latin letters of Turkish, Icelandic, Kabyle and Ewe, and the florin sign. */
const usualLatin = /[\u0131\u00fe\u0192\u0263\u028b]/u

/** The characters of a word that are there for their looks, as far as one can tell. */
function disguisesIn(one: string, native: ReadonlySet<string>): readonly string[] {
  const found = [...one].filter((character) => /\p{L}|\p{N}/u.test(character) && passesFor(character) !== null)
  const hasAscii = /[A-Za-z]/.test(one)
  const foreign = found.filter((character) => {
    const plain = character.normalize('NFKC')
    if (mathematical.test(character)) return true
    if (wide.test(character)) return !hasWide(native)
    if (isAscii(plain)) return hasAscii && /[A-Za-z]/.test(plain) && /^[\u2100-\u218f]$/u.test(character)
    return /\p{Script=Latin}/u.test(character) && hasAscii && !usualLatin.test(character)
  })
  if (foreign.length > 0) return foreign
  const letters = [...one].filter((character) => /\p{L}/u.test(character))
  const [script, ...more] = scriptsIn(one)
  const isWhole = letters.length > 0 && letters.every(/[0-9]/.test(one) ? passesFor : passesForLetter)
  if (!isWhole || more.length > 0 || script === undefined || !alike.has(script) || native.has(script)) return []
  return script === 'Greek' && letters.length === 1 ? [] : letters
}

/** Letters and signs of ASCII in the width of Chinese and Japanese ones. */
const wide = /[\uff01-\uff5e]/u
const hasWide = (native: ReadonlySet<string>): boolean =>
  ['Han', 'Hiragana', 'Katakana', 'Hangul'].some((name) => native.has(name))

/** Signs that pass for a slash, a back slash, a colon or a dot, between characters of ASCII: not in `1⁄2` and `16∶9`. */
const signsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<=[A-Za-z0-9_.-])(?<!\p{N}(?=[^]\p{N}))[\p{S}\p{P}\p{Lm}](?=[!-~])/gu)]
    .map(([sign]) => sign)
    .filter((sign) => /[/\\:.]/.test(passesFor(sign) ?? ''))
