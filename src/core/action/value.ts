import type { Action } from './action.ts'
import { canonical, type Json } from '../data/json.ts'
import { visible } from '../data/text.ts'

/** On one line, or broken into lines where it has them. */
export type TextLayout = 'line' | 'block'

/** The top-level params in the order of the canonical form. */
export const keysOf = (action: Action): readonly string[] => Object.keys(action.params).sort()

/**
 * Writes a param's value for people: a string as it is, anything else in its canonical form. A string that could be
 * read as something else, as `"1"` or `"true"`, is quoted; so no two values are written alike.
 */
export const valueText = (value: Json, layout: TextLayout): string =>
  cardText(typeof value === 'string' && !isMistakable(value) ? value : canonical(value), layout)

/** As {@link valueText}, where every string is quoted: none is taken for what a format writes. */
export const quotedText = (value: Json, layout: TextLayout): string => cardText(canonical(value), layout)

/** Letters, digits and ASCII signs but the comma and the quotation mark: other signs pass for commas and arrows. */
const oneItem = /^[\p{L}\p{M}\p{N}!#-+\--~]+$/u

/** As {@link valueText}, of one value beside others: what could be read as two is quoted. */
export const itemText = (value: Json): string =>
  cardText(typeof value === 'string' && oneItem.test(value) && !isMistakable(value) ? value : canonical(value))

/** Scripts that run from right to left, and turn what stands between their words around too: Unicode's blocks of them. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** Whether it is drawn in the order in which it is written, whatever stands beside it. */
export const keepsOrder = (text: string): boolean => !rightToLeft.test(text)

function isMistakable(text: string): boolean {
  const plain = text.normalize('NFKC').trim()
  return /^["{[]|^(?:true|false|null)$/i.test(plain) || !Number.isNaN(Number(plain))
}

/**
 * Makes a text of somebody else safe to show: its hidden characters become visible, and so do spaces that a client would
 * swallow (spaces in a row, at either end, or so many that the rest is pushed out of sight). Two texts that differ are
 * shown differently.
 */
export const cardText = (text: string, layout: TextLayout = 'line'): string =>
  visible(text, layout)
    .replace(/^ | $/g, '⟦U+0020⟧')
    .replace(/ {41,}/g, (run) => `⟦U+0020 × ${run.length}⟧`)
    .replace(/(?<=\n) /g, '\u00a0')
    .replaceAll('  ', ' \u00a0')
