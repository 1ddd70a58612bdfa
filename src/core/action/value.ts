import type { Action } from './action.ts'
import { canonical, type Json } from '../data/json.ts'
import { visible } from '../data/text.ts'

/** `line` writes a text on one line; `block` keeps its line breaks. */
export type TextLayout = 'line' | 'block'

/** The top-level params in the order of the canonical form. */
export const keysOf = (action: Action): readonly string[] => Object.keys(action.params).sort()

/** A plain word needs no quotation marks to be told from the text around it. */
export const plainWord = /^[\p{L}_][\p{L}\p{M}\p{N}_.-]*$/u

/** Writes a key for people: a plain word as it is, any other in quotation marks. Two keys are never written alike. */
export const keyText = (key: string): string => cardText(plainWord.test(key) ? key : JSON.stringify(key))

/**
 * Writes a param's value for people on one line: a string as it is, any other value in its canonical form. A string that could be
 * taken for another value, as `"1"` or `"true"`, is quoted. So different values always have different texts.
 */
export const valueText = (value: Json): string =>
  cardText(typeof value === 'string' && !isMistakable(value) ? value : canonical(value))

/** Like {@link valueText}, but quotes every string, so that none can be taken for a value written in a format. */
export const quotedText = (value: Json): string => cardText(canonical(value))

/** Letters, digits and ASCII signs except comma and quotation mark. Other signs can pass for commas or arrows. */
const oneItem = /^[\p{L}\p{M}\p{N}!#-+\--~]+$/u

/** Like {@link valueText}, for one of several values in a row: quotes a string that could be taken for two values. */
export const itemText = (value: Json): string =>
  cardText(typeof value === 'string' && oneItem.test(value) && !isMistakable(value) ? value : canonical(value))

/** Unicode's blocks of right-to-left scripts. Signs between words of such scripts are drawn from right to left, too. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** Whether the text, and signs beside it, are always drawn in the order in which they are written. */
export const keepsOrder = (text: string): boolean => !rightToLeft.test(text)

function isMistakable(text: string): boolean {
  const plain = text.normalize('NFKC').trim()
  return /^["{[]|^(?:true|false|null)$/i.test(plain) || !Number.isNaN(Number(plain))
}

/**
 * Makes an untrusted text safe to show, so that different texts are always shown differently. Makes hidden characters
 * visible, and also spaces that a client drops: in a row, at either end, or so many that they push text out of sight.
 */
export const cardText = (text: string, layout: TextLayout = 'line'): string =>
  visible(text, layout)
    .replace(/^ | $/g, '⟦U+0020⟧')
    .replace(/ {41,}/g, (run) => `⟦U+0020 × ${run.length}⟧`)
    .replace(/(?<=\n) /g, '\u00a0')
    .replaceAll('  ', ' \u00a0')
