import { breakable, ends } from '../core/action/page.ts'
import { cardText } from '../core/action/value.ts'
import { wording } from './wording.ts'

/** A piece of a line: our own word, or what somebody else wrote. */
export interface Run {
  readonly text: string
  readonly weight: 'Default' | 'Bolder'
  readonly italic: boolean
}

export interface Line {
  readonly runs: readonly Run[]
}

export const line = (...runs: Run[]): Line => ({ runs })

export const ours = (text: string): Run => ({ text, weight: 'Default', italic: false })

/** What the directory calls somebody. */
export const named = (name: string): Run => ({ text: short(name, 64), weight: 'Bolder', italic: false })

/** In quotation marks and in a run of its own: what somebody writes cannot pass for our words. */
export const quoted = (text: string): readonly Run[] => [
  ours(wording.saying),
  { text: short(text, 1_000), weight: 'Default', italic: true },
  ours(wording.said),
]

/** What somebody wrote, safe on a card; its beginning, its end and its length if it is longer than so many. */
export const short = (text: string, most: number, layout: 'line' | 'block' = 'line'): string =>
  shortened(cardText(text, layout), most)

/** As {@link short}, of what is safe already. */
export function shortened(text: string, most: number): string {
  const { head, tail, length } = ends(text, most)
  return breakable(tail === '' ? head : `${head}${wording.leftOut(length)}${tail}`)
}
