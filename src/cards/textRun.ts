import { breakable, ends } from '../core/action/page.ts'
import { cardText } from '../core/action/value.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Run, Sentence } from '../words/run.ts'
import type { Words } from '../words/words.ts'

/** A piece of a line, as the templates put it into a TextRun. */
interface TextRun {
  readonly text: string
  readonly weight: 'Default' | 'Bolder'
  readonly italic: boolean
}

/** One line of a card. */
export interface RunLine {
  readonly runs: readonly TextRun[]
}

/**
 * Draws a sentence with a run for each of its pieces. A text that a person or agent wrote has a run and a font of its
 * own, so that it cannot pass for the service's words.
 */
export const lineOf = (sentence: Sentence, words: Words): RunLine => ({
  runs: sentence.map((run) => textRun(run, words)),
})

function textRun(run: Run, words: Words): TextRun {
  switch (run.role) {
    case 'text':
      return { text: run.text, weight: 'Default', italic: false }
    case 'name':
      return { text: short(run.text, 64, words), weight: 'Bolder', italic: false }
    case 'quoted':
      return { text: short(run.text, 1_000, words), weight: 'Default', italic: true }
    case 'time':
      return { text: run.at, weight: 'Default', italic: false }
  }
}

/**
 * Writes a sentence for a TextBlock, in which the client replaces each moment by the reader's own time. Untrusted texts
 * do not belong there: a TextBlock renders markdown.
 *
 * @throws {Error} for a sentence that contains an untrusted text
 */
export const timedText = (sentence: Sentence): string =>
  sentence
    .map((run) => {
      if (run.role === 'time') return moment(run.at)
      if (run.role === 'text') return run.text
      throw new Error('A TextBlock holds words of ours alone.')
    })
    .join('')

/** https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features: `{{DATE}}` and `{{TIME}}`. */
function moment(at: Instant): string {
  const whole = `${at.slice(0, 19)}Z`
  return `{{DATE(${whole}, SHORT)}}, {{TIME(${whole})}}`
}

/**
 * Marks a text that is safe to show for an Adaptive Card: with zero-width spaces where a line may break, and between
 * braces, so that no client reads `{{DATE(…)}}` in an untrusted text as its own markup. Only the service can write
 * these marks: in any other text a zero-width space is shown by its name.
 */
export const drawn = (text: string): string => breakable(text.replace(/\{(?=\{)/g, '{\u200b'))

/** Makes an untrusted text safe for a card. A longer text keeps its beginning, its end and its length. */
export const short = (text: string, most: number, words: Words, layout: 'line' | 'block' = 'line'): string =>
  shortened(cardText(text, layout), most, words)

/** Shortens a text that is safe already, as {@link short} does. */
export function shortened(text: string, most: number, { params }: Words): string {
  const { head, tail, length } = ends(text, most)
  return drawn(tail === '' ? head : `${head}${params.leftOut(length)}${tail}`)
}
