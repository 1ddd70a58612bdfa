import { joinsNext, joinsPrevious, viramas } from './unicodeData.ts'

/**
 * Characters that a reader cannot see or takes for something else: control, format, private and unassigned characters,
 * surrogates, all white space but the plain space, characters that Unicode allows to ignore, blanks that count as
 * letters or symbols, marks that enclose or strike through, and the five signs that `visible` itself writes with.
 */
export const deceptive =
  /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\p{Me}\u0334-\u0338\u20d2\u20d3\u20e5\u20e6\u20ea\u20eb\u2800\ufffc\u{1d159}\u21b5\u21e5\u240d\u27e6\u27e7]/u

/** A character that a reader sees as itself: neither a blank, nor a mark that needs a letter. */
const legible = new RegExp(String.raw`(?!${deceptive.source})[^ \p{M}]`, 'u')

/** Whether a reader sees nothing of a text: it is empty, blank, or of characters alone that nobody sees. */
export const saysNothing = (text: string): boolean => !legible.test(text)

/**
 * Combining marks that deceive. More than four on one letter cover the lines around it; a mark without a letter changes
 * the character before the text.
 */
const stray = /(?<=^|\p{M}{4})\p{M}/u

/** Unicode Technical Standard 51: pictograms, alone or joined, with selectors; keycaps; the flags of three nations. */
const pictogram = String.raw`\p{Extended_Pictographic}(?:[\ufe0e\ufe0f]|\p{Emoji_Modifier})?`
const emoji = [
  String.raw`${pictogram}(?:\u200d${pictogram})*`,
  String.raw`[0-9#*]\ufe0f?\u20e3`,
  String.raw`\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}`,
  String.raw`\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}`,
  String.raw`\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}`,
]
  .toReversed()
  .join('|')

/** The sequences that Unicode recommends for exchange. Others differ from these in characters that nobody sees. */
const recommended = new RegExp(String.raw`^\p{RGI_Emoji}$`, 'v')

/**
 * Unicode Standard Annex 31, section 2.3 (ContextJ): joiners that change what is drawn, which are a non-joiner between
 * letters that would join, and both after the sign that joins consonants. Also the joiner before that sign in Bengali and
 * Kannada, which chapter 12 of the Unicode Standard describes.
 */
const joiner = [
  String.raw`\u200c(?<=[${joinsNext}]\p{Mn}{0,8}\u200c)(?=\p{Mn}{0,8}[${joinsPrevious}])`,
  String.raw`\u200c(?<=\p{L}\p{M}{0,4}[${viramas}]\p{Mn}{0,2}\u200c)(?=\p{Mn}{0,2}\p{L})`,
  String.raw`\u200d(?<=\p{L}\p{M}{0,4}[${viramas}]\p{Mn}{0,2}\u200d)`,
  String.raw`\u200d(?<=[\u09b0\u0cb0]\u200d)(?=[\u09cd\u0ccd])`,
].join('|')

const hidden = `(?<hidden>${deceptive.source}|${stray.source})`
const written = new RegExp(String.raw`(?<kept>${emoji}|${joiner})|\r\n|${hidden}`, 'gu')
const everything = new RegExp(`${written.source}|[^]`, 'gu')
const everyDeceptive = new RegExp(deceptive.source, 'gu')

/** What `visible` writes for a newline, and before it for a carriage return; for a tab. */
const [newline, carriage, tab] = ['\u21b5', '\u240d', '\u21e5']

/** Columns between two tab stops. */
const stop = 4

/**
 * Makes an untrusted text safe to show: writes every invisible or deceptive character as `⟦U+202E⟧`. Two different
 * texts are always shown differently, even if they differ only in how Unicode writes the same letters.
 *
 * A newline is written `↵`, a Windows line end `␍↵`, a tab `⇥`. Emoji, and joiners that a script needs, stay as they are.
 *
 * @param layout `line` keeps the text on one line; `block` breaks the line after `↵` too, and fills a tab up to its stop
 */
export function visible(text: string, layout: 'line' | 'block' = 'line'): string {
  const other = respelledAt(text)
  const shown = text.replace(other.size > 0 ? everything : written, (found: string, ...rest: unknown[]) => {
    const [offset, , groups] = rest.slice(-3) as [number, string, { readonly kept?: string; readonly hidden?: string }]
    if (other.has(offset)) return named(found)
    if (found === '\n') return newline
    if (found === '\r\n') return `${carriage}${newline}`
    if (found === '\t') return tab
    if (groups.hidden !== undefined) return named(found)
    return groups.kept === undefined || isExact(found) ? found : found.replace(everyDeceptive, named)
  })
  return layout === 'line' ? shown : shown.split(newline).map(filled).join(`${newline}\n`)
}

/** Joiners, pictograms alone, and recommended sequences. */
const isExact = (kept: string): boolean => kept.length === 1 || recommended.test(kept)

/** Fills each tab up to the next stop. */
function filled(line: string): string {
  const [first = '', ...rest] = line.split(tab)
  let column = first.length
  return rest.reduce((before, part) => {
    const room = stop - 1 - (column % stop)
    column += 1 + room + part.length
    return `${before}${tab}${'\u00a0'.repeat(room)}${part}`
  }, first)
}

/**
 * Removes from a text that a person copied the marks where a line of it may break, which `breakable` in core/action/page.ts
 * wrote. `visible` writes every other such character as a name, so nothing of the text itself is lost.
 */
export const unbroken = (text: string): string => text.replaceAll('\u200b', '')

const named = (character: string): string => `⟦${codePointName(character)}⟧`

/** Unicode's notation for a character, as `U+202F`. */
export const codePointName = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** Scripts whose writers use joiners, also where these change nothing. */
const joining = ['Arabic', 'Syriac', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu']
  .concat(['Kannada', 'Malayalam', 'Sinhala', 'Khmer', 'Myanmar', 'Mongolian'])
  .map((name) => String.raw`\p{Script=${name}}`)
  .join('')

/** Scripts without spaces between words, whose writers mark with a space of no width where a line may break. */
const unspaced = ['Khmer', 'Myanmar', 'Thai', 'Lao'].map((name) => String.raw`\p{Script=${name}}`).join('')

/**
 * What ordinary texts have: line ends, tabs, spaces of typography, a byte order mark at the start, emoji, joiners beside
 * letters of a script that uses them.
 */
const ordinary = [
  String.raw`\r\n|[\n\t]|(?! )\p{Zs}|^\ufeff|${emoji}|${joiner}`,
  String.raw`[\u200c\u200d](?:(?<=[${joining}][\u200c\u200d])|(?=[${joining}]))(?![\u200c\u200d])`,
  String.raw`\u200b(?:(?<=[${unspaced}]\u200b)|(?=[${unspaced}]))(?!\u200b)`,
].join('|')

const unusual = new RegExp(`(?:${ordinary})|${hidden}`, 'gu')

/** Lists the characters of a text that people do not see, or see as something else, and that ordinary texts lack. */
export const hiddenIn = (text: string): readonly string[] =>
  [...text.matchAll(unusual)].flatMap(({ groups }) => groups?.['hidden'] ?? [])

/** Lists the characters of a text that Unicode's form NFC writes otherwise, so that another text looks the same. */
export const respelledIn = (text: string): readonly string[] =>
  [...respelledAt(text)].map((at) => String.fromCodePoint(text.codePointAt(at) ?? 0))

/** The offsets of what NFC writes otherwise: single letters, and marks that it joins to their letter or puts in order. */
function respelledAt(text: string): ReadonlySet<number> {
  const found = new Set<number>()
  if (isComposed(text)) return found
  for (const { 0: cluster, index } of text.matchAll(clusters)) {
    if (isComposed(cluster)) continue
    let at = index
    for (const character of cluster) {
      if (/[\p{M}\u1100-\u11ff]/u.test(character) || !isComposed(character)) found.add(at)
      at += character.length
    }
  }
  return found
}

/** Letters with all their marks; letters of Korean that form syllables. */
const clusters = /[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]{2,}|\P{M}?\p{M}+|[^\p{M}\0-\u036f]/gu

function isComposed(text: string): boolean {
  const plain = text.replace(takenApart, decomposed).replace(reordered, decomposed)
  return plain.normalize() === plain
}

const decomposed = (text: string): string => text.normalize('NFD')

/**
 * Letters of Indic scripts that NFC takes apart (Unicode Standard Annex 15, section 5: composition exclusions), and that
 * their keyboards write all the same.
 */
const takenApart = /[\u0958-\u095f\u09dc\u09dd\u09df\u0a33\u0a36\u0a59-\u0a5b\u0a5e\u0b5c\u0b5d]/gu

/** Signs of Hebrew, Arabic and Burmese, which people write in another order than Unicode's. */
const reordered = /[\u0591-\u05c7\u064b-\u0652\u0670\u06d6-\u06ed\u1037\u1039\u103a]{2,}/gu
