import type { Action } from './action.ts'
import { bounds } from '../data/bound.ts'
import { type Presentation, type Row, rowsOf } from './presentation.ts'
import { Problem } from '../data/problem.ts'
import { keysOf } from './value.ts'

/** What an approver is shown of an action's params at once. */
export interface Page {
  readonly entries: readonly Entry[]
}

/** A top-level param. One that is too long for a page runs on: then this is part `part` of `parts`. */
export interface Entry extends Row {
  readonly part: number
  readonly parts: number
}

/** What can be shown. With these limits every card stays within what Teams takes (a test holds the worst case). */
export const showLimits = bounds.shown

/** Characters on a page, and how many of them an entry costs beside its text. */
const pageRoom = 4_000
const entryCost = 150

/** A long value begins on the page before it if so much of it fits there. */
const worthBeginning = 500

/**
 * Splits an action's params into the pages of the approver's view: every top-level param with its full value.
 *
 * Follows from the action and its presentation alone, and differs for any two different params. There is always a page,
 * also for no params.
 */
export function pagesOf(action: Action, presentation?: Presentation): readonly Page[] {
  const pages: Entry[][] = [[]]
  let room = pageRoom
  for (const row of rowsOf(action, presentation, 'block')) {
    const parts = cut(row.text, room - entryCost)
    for (const [i, text] of parts.entries()) {
      if (entryCost + text.length > room) {
        pages.push([])
        room = pageRoom
      }
      pages.at(-1)?.push({ ...row, text, part: i + 1, parts: parts.length })
      room -= entryCost + text.length
    }
  }
  return pages.map((entries) => ({ entries }))
}

/**
 * Refuses an action that nobody could be shown.
 *
 * @throws {Problem} `not-showable` with the size and its limit.
 */
export function checkShowable(action: Action, presentation?: Presentation): void {
  const refuse = (rule: string): never => {
    throw new Problem('not-showable', `/params: ${rule}.`, { pointer: '/params' })
  }
  const keys = keysOf(action).length
  if (keys > showLimits.keys) refuse(`has ${keys} members; an approver is shown at most ${showLimits.keys}`)
  const pages = pagesOf(action, presentation).length
  if (pages > showLimits.pages) refuse(`fills ${pages} pages when shown in full; at most ${showLimits.pages} are shown`)
}

/**
 * Marks in a card's text where a line may break, best at the parts of a path: clients do not break long words, and
 * what does not fit is cut off unseen. The zero-width space can only be ours: a stranger's is shown by its name.
 */
export const breakable = (text: string): string =>
  text.replace(
    /(?:⟦[^⟧]*⟧\p{M}*|\/(?=[\p{L}\p{N}]{3})|(?:(?!\/[\p{L}\p{N}]{3})[^\s\u200b⟦]\p{M}*){20})(?=[^\s\u200b\p{M}])/gu,
    '$&\u200b',
  )

/** A text that a person took from a card, without the marks of {@link breakable}. */
export const unbroken = (text: string): string => text.replaceAll('\u200b', '')

/** The beginning and the end of a card's text and how long it is; all of it, if it has at most so many characters. */
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

/** Cuts a text into parts that each fit a page; the first into what room is left, if that is worth it. */
function cut(text: string, left: number): readonly string[] {
  const whole = pageRoom - entryCost
  if (text.length <= whole) return [text]
  const parts: string[] = []
  for (let units = unitsOf(text), room = left < worthBeginning ? whole : left; units.length > 0; room = whole) {
    const count = fitting(units, room)
    // A space at an edge would be swallowed there.
    parts.push(units.slice(0, count).join('').replace(/^ | $/g, '\u00a0'))
    units = units.slice(count)
  }
  return parts
}

/** How many of the first units fit. */
function fitting(units: readonly string[], room: number): number {
  let left = room
  const over = units.findIndex((unit) => (left -= unit.length) < 0)
  return over < 0 ? units.length : over
}

/** What stays together: a letter and its marks, and what stands for one hidden character. */
const unitsOf = (text: string): readonly string[] => text.match(/(?:⟦[^⟧]*⟧|↵\n|[^])\p{M}*/gu) ?? []
