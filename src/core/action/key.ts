import { bounds } from '../data/bound.ts'
import { visible } from '../data/text.ts'
import { mathematical, word } from './script.ts'

/** Characters of a key. */
const { key: most } = bounds.action

/** Keys that mean something to this project alone begin with it. They are compared as a reader sees them. */
const own = /^countersign\./i

/** Letters that are drawn like a Latin one. Greek letters that have a form of their own, as in `Δt`, are no such. */
const lookalike =
  /[\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορτυχωϲϳ]/u
const latin = /\p{Script=Latin}/u

/**
 * The form of a key, for documents: ECMAScript, with the flag `u`. {@link flawInKey} refuses some more, which are
 * deceptive in a way that a pattern does not tell well.
 */
export const keyPattern = `^(?!__proto__$)[^\\p{C}\\p{Zl}\\p{Zp}]{1,${most}}$`

/**
 * Says in words why a text cannot be a key inside `params`; `null` if it can.
 *
 * Keys belong to whatever the action is about (a label of Kubernetes, an operator of MongoDB, a column), so any text may
 * be one. Approvers read keys, though: one that hides a character, or that looks like another, would deceive them.
 */
export function flawInKey(key: string): string | null {
  if (key === '') return 'a key is not empty'
  if (key === '__proto__') return 'the key __proto__ is not allowed: give the member another name'
  if (!key.isWellFormed()) return 'a key has half a surrogate pair'
  const { length } = [...key]
  if (length > most) return `a key has at most ${most} characters, and this one has ${length}: send it as a value`
  const shown = visible(key)
  if (shown !== key)
    return `a key holds no character that a reader cannot see or takes for another, as in ${shown}: send it as a value`
  if (mathematical.test(key) || key.match(word)?.some((one) => latin.test(one) && lookalike.test(one)))
    return 'a key does not mix letters that look alike, as Latin and Cyrillic ones: send it as a value'
  return null
}

/** Two keys of one object with the same silhouette are drawn alike, whichever characters they are made of. */
export const silhouette = (key: string): string => key.normalize('NFKC')

/** Whether a key is kept for this project. */
export const isOwn = (key: string): boolean => own.test(silhouette(key))
