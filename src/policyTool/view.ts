import type { Action } from '../core/action/action.ts'
import { type Entry, pagesOf } from '../core/action/page.ts'
import { type Presentation, titleOf } from '../core/action/presentation.ts'
import { spoken } from '../words/spoken.ts'

const { params: words, units } = spoken

/** What approvers are shown of an action, as text: everything here is safe for a terminal. */
export interface DrawnView {
  readonly title: string
  /** The lines of each page. */
  readonly pages: readonly (readonly string[])[]
}

/** @param summary of the rule: the title, where policy gives none */
export function viewOf(action: Action, presentation: Presentation | undefined, summary: string | undefined): DrawnView {
  const pieces = titleOf(action, presentation, units)
  return {
    title: pieces ? pieces.map(({ text }) => text).join('') : (summary ?? action.action),
    pages: pagesOf(action, presentation, units).map(({ entries }) => entries.flatMap(linesOf)),
  }
}

function linesOf(entry: Entry): readonly string[] {
  const { key, label, text, kind, side } = entry
  const name = label === undefined ? key : words.labelled(label, key)
  const head = `${name}${aboutOf(entry)}`
  if (kind === 'absent') return [`${head}: ${words.notGiven}`]
  const value = entry.part === 1 && side !== undefined ? `${words.sides[side]}${text}` : text
  if (!value.includes('\n') && !entry.drawing) return [`${head}: ${value}`]
  return [`${head}:`, ...value.split('\n').map((line) => `  ${line}`)]
}

function aboutOf({ drawing, part, parts, line }: Entry): string {
  const pieces = [
    ...(drawing ? [words.forms[drawing.form](drawing.size)] : []),
    ...(parts > 1 ? [words.partOf(part, parts)] : []),
    ...(drawing && part > 1 ? [words.fromLine(line)] : []),
  ]
  return pieces.length === 0 ? '' : ` (${pieces.join(', ')})`
}
