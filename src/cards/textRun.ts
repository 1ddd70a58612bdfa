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
  readonly font: 'Default' | 'Monospace'
}

/** One line of a card. */
export interface RunLine {
  readonly runs: readonly TextRun[]
}

/**
 * Draws a sentence with a run for each of its pieces. A text that a person or agent wrote has a run and a font of its
 * own, so that it cannot pass for the service's words.
 *
 * @param quoted the characters that a quotation may have
 */
export const lineOf = (sentence: Sentence, words: Words, quoted = 1_000): RunLine => ({
  runs: sentence.map((run) => textRun(run, words, quoted)),
})

function textRun(run: Run, words: Words, quoted: number): TextRun {
  const plain = { weight: 'Default', italic: false, font: 'Default' } as const
  switch (run.role) {
    case 'text':
      return { ...plain, text: run.text }
    case 'name':
      return { ...plain, text: short(run.text.trim(), 64, words), weight: 'Bolder' }
    case 'quoted':
      return { ...plain, text: short(run.text.trim(), quoted, words), italic: true }
    case 'exact':
      return { ...plain, text: exactText(run.text, 600, words), weight: 'Bolder', font: 'Monospace' }
    case 'time':
      return { ...plain, text: run.at }
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
      if (run.role === 'time') return run.clock ? hour(run.at) : moment(run.at)
      if (run.role === 'text') return run.text
      throw new Error('A TextBlock holds words of ours alone.')
    })
    .join('')

/** https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features: `{{DATE}}` and `{{TIME}}`. */
const moment = (at: Instant): string => `{{DATE(${wholeSeconds(at)}, SHORT)}}, ${hour(at)}`

/** The same in figures alone, for a narrow column. */
export const briefMoment = (at: Instant): string => `{{DATE(${wholeSeconds(at)}, COMPACT)}}, ${hour(at)}`

/** The hour and the minute alone. */
export const hour = (at: Instant): string => `{{TIME(${wholeSeconds(at)})}}`

const wholeSeconds = (at: Instant): string => `${at.slice(0, 19)}Z`

/**
 * Marks a text that is safe to show for an Adaptive Card: with zero-width spaces where a line may break, and between
 * braces, so that no client reads `{{DATE(…)}}` in an untrusted text as its own markup. Only the service can write
 * these marks: in any other text a zero-width space is shown by its name.
 */
export const drawn = (text: string, room?: number): string => breakable(text.replace(/\{(?=\{)/g, '{\u200b'), room)

/** Letters of one width that fit a line of the narrowest card, in the size of the text and in that of a title. */
const [exactRoom, titleRoom] = [28, 24]

/** Marks a value of a param for a card, as {@link drawn} does, in letters of one width. */
export const drawnValue = (text: string): string => drawn(text, exactRoom)

/**
 * Marks a text that people copy, as a target or an address: a line that is too long ends, instead of having a mark that
 * the copy would have, too. Such a text has no line ends of its own.
 */
export function copyable(text: string, size: 'text' | 'title' = 'text'): string {
  const room = size === 'text' ? exactRoom : titleRoom
  return drawn(text, room)
    .split('\u200b')
    .reduce((before, piece) => {
      const word = lastWord.exec(before)?.[0].length ?? 0
      const fits = word + (firstWord.exec(piece)?.[0].length ?? 0) <= room
      return `${before}${fits && !(before.endsWith('{') && piece.startsWith('{')) ? '' : '\n'}${piece}`
    })
}

const [firstWord, lastWord] = [/^\S*/, /\S*$/]

/** Makes an untrusted text safe for a card. A longer text keeps its beginning, its end and its length. */
export const short = (text: string, most: number, words: Words, layout: 'line' | 'block' = 'line'): string =>
  shortened(cardText(text, layout), most, words)

/** Shortens a text that is safe already, as {@link short} does. */
export function shortened(
  text: string,
  most: number,
  { params }: Words,
  mark: (text: string) => string = drawn,
): string {
  const { head, tail, length } = ends(text, most)
  return mark(tail === '' ? head : `${head}${params.leftOut(length)}${tail}`)
}

/** Makes an untrusted text that people copy safe for a card. */
export const exactText = (text: string, most: number, words: Words): string =>
  shortened(cardText(text), most, words, copyable)
