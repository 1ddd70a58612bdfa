import { type Action, byDigest } from './action.ts'
import { bounds } from '../data/bound.ts'
import { type Presentation, type ParamRow, rowsOf } from './presentation.ts'
import { Problem } from '../data/problem.ts'
import { keysOf, keyText } from './value.ts'
import type { Units } from '../data/measure.ts'

/** The part of an action's params that an approver sees at once. */
export interface Page {
  readonly entries: readonly Entry[]
}

/** A top-level param, or part `part` of `parts` of one that is too long for a page. */
export interface Entry extends ParamRow {
  readonly part: number
  readonly parts: number
  /** The number of the first line of this part. */
  readonly line: number
}

/** Limits on what can be shown. They keep every card within what a channel takes; a test draws the largest card. */
export const showLimits = bounds.shown

/** The room of a page, in characters. */
interface PageBudget {
  readonly room: number
  /** Characters that an entry uses in addition to its text, with a key of up to `key` characters. */
  readonly entry: number
  readonly key: number
  /** A value that is longer than a page begins on the page before if at least this much of it fits there. */
  readonly begin: number
}

/**
 * The room of the pages that evidence records: `shown` has the number of a page and the number of pages, and a vote
 * counts only after all of them. So every channel shows the same pages, and this budget is part of the evidence format.
 */
const evidencePages: PageBudget = { room: 4_000, entry: 180, key: 64, begin: 500 }

/**
 * Splits an action's params into the pages of the approver's view: every top-level param with its full value.
 *
 * The pages follow from the arguments alone and differ for any two different params. An action without params has one
 * empty page.
 *
 * @param units must be the same wherever pages of one request are counted or shown
 */
export function pagesOf(
  action: Action,
  presentation: Presentation | undefined,
  units: Units,
  budget: PageBudget = evidencePages,
): readonly Page[] {
  const pages: Entry[][] = [[]]
  let { room } = budget
  for (const row of rowsOf(action, presentation, 'block', units)) {
    const entry = entryRoom(row, budget)
    const parts = cut(row.text, room - entry, { ...budget, entry })
    let line = 1
    for (const [i, text] of parts.entries()) {
      if (entry + text.length > room) {
        pages.push([])
        room = budget.room
      }
      pages.at(-1)?.push({ ...row, text, part: i + 1, parts: parts.length, line })
      line += text.split('\n').length - 1
      room -= entry + text.length
    }
  }
  return pages.map((entries) => ({ entries }))
}

/** The characters that the params of a page take of its room. */
export const roomOf = ({ entries }: Page): number =>
  entries.reduce((sum, entry) => sum + entryRoom(entry, evidencePages) + entry.text.length, 0)

const entryRoom = (row: ParamRow, budget: PageBudget): number =>
  budget.entry + Math.max(0, keyText(row.key).length - budget.key)

/**
 * Refuses an action that is too large to show to an approver.
 *
 * @throws {Problem} `not-showable` with the size and its limit.
 */
export function checkShowable(action: Action, presentation: Presentation | undefined, units: Units): void {
  const refuse = (rule: string): never => {
    throw new Problem('not-showable', `/params: ${rule}.`, { pointer: '/params' })
  }
  const keys = keysOf(action).length
  if (keys > showLimits.keys)
    refuse(
      `there are ${keys} params, and an approver is shown at most ${showLimits.keys}: put those that belong together into one object`,
    )
  const pages = pagesOf(action, presentation, units).length
  if (pages > showLimits.pages)
    refuse(`shown in full they fill ${pages} pages, and at most ${showLimits.pages} are shown: ${byDigest}`)
}

/**
 * Marks with zero-width spaces where a long word of a card's text may break, preferably between the parts of a path.
 *
 * Clients do not break long words: without the marks the end of a long word is cut off unseen. No-break spaces, which
 * indent, hold a word to the edge in the same way, so a deep line may break behind them. A zero-width space in the text
 * itself has been made visible before, so every one in the result is such a mark.
 *
 * @param room the characters of a word that fit a line of the narrowest card; a shorter word can be copied as it is
 */
export const breakable = (text: string, room = lineRoom): string =>
  text.replace(unbreakable, (found) =>
    isLonger(found, room)
      ? found
          .replace(indent, '$&\u200b')
          .replace(word, (part) => (isLonger(part, room) ? part.replace(stretch, '$&\u200b') : part))
      : found,
  )

const isLonger = (text: string, room: number): boolean => text.length > room && [...text].length > room

/** Capitals of the card's font that fit a line. */
const lineRoom = 20

const word = /[^\s\u200b]+/gu

/** Words with the no-break spaces that hold them to the left edge, or to each other. */
const unbreakable = /(?:[^\s\u200b]|\u00a0)+/gu

/** No-break spaces before a word, or as many as fit a line, with the marks that are drawn on the last. */
const indent = /\u00a0{20}\p{M}*|\u00a0+\p{M}*(?=[^\s\u200b\u00a0\p{M}])/gu

/** A letter or sign with its marks. */
const unit = String.raw`[^\s\u200b⟦\p{M}]\p{M}*`

/**
 * What a line may break after. Twenty letters go on up to the end of what joiners hold together, if that is near. The
 * lookahead keeps the engine from giving back a part of them, and from trying all ways to divide them.
 */
const stretch = new RegExp(
  [
    String.raw`⟦[^⟧]*⟧\p{M}*(?=[^\s\u200b\p{M}])`,
    String.raw`\/(?=[\p{L}\p{N}]{3})`,
    String.raw`(?=(?<run>(?:(?!\/[\p{L}\p{N}]{3})${unit}){20}(?:(?<=[\u200c\u200d])${unit}|[\u200c\u200d\p{Emoji_Modifier}]){0,8}))\k<run>(?=[^\s\u200b\p{M}])`,
  ].join('|'),
  'gu',
)

/** Shortens a card's text to `most` characters of its beginning and end. Tells its full length, too. */
export function ends(
  text: string,
  most: number,
): { readonly head: string; readonly tail: string; readonly length: number } {
  const units = unitsOf(text)
  if (text.length <= most) return { head: text, tail: '', length: units.length }
  const after = fitting(units.toReversed(), Math.floor(most / 3))
  const tail = units.slice(units.length - after).join('')
  const before = fitting(units, most - tail.length)
  return { head: units.slice(0, before).join(''), tail, length: units.length }
}

/** Cuts a text into parts that each fit a page. The first part fills the current page if enough room is left there. */
function cut(text: string, left: number, budget: PageBudget): readonly string[] {
  const whole = budget.room - budget.entry
  if (text.length <= whole) return [text]
  const parts: string[] = []
  for (let units = unitsOf(text), room = left < budget.begin ? whole : left; units.length > 0; room = whole) {
    const fits = fitting(units, room)
    const count = fits < units.length ? atLineEnd(units, fits) : fits
    // Clients drop a plain space at the edge of a text: the cut would hide it. After a tab it would pass for its room.
    const part = units
      .slice(0, count)
      .join('')
      .replace(/(?<=⇥\u00a0*) $/, '⟦U+0020⟧')
    parts.push(part.replace(/^ | $/g, '\u00a0'))
    units = units.slice(count)
  }
  return parts
}

/** Moves a cut back to the end of a line, unless that would leave most of the room empty. */
function atLineEnd(units: readonly string[], fits: number): number {
  const lastLine = units.slice(0, fits).findLastIndex((unit) => unit.includes('\n'))
  return lastLine + 1 > fits / 2 ? lastLine + 1 : fits
}

/** Counts the units from the first on that fit the room. */
function fitting(units: readonly string[], room: number): number {
  let left = room
  const over = units.findIndex((unit) => (left -= unit.length) < 0)
  return over < 0 ? units.length : over
}

/**
 * Splits a text where it may be cut: not between a letter and its marks, in a sequence of emoji, or inside the name of a
 * hidden character.
 */
const unitsOf = (text: string): readonly string[] =>
  text.match(/(?:⟦[^⟧]*⟧|␍↵|⇥\u00a0* ?|[^])(?:\p{M}|\p{Emoji_Modifier}|[\u200c\u200d][^⟦]?){0,12}\n?/gu) ?? []
