import { type Instant, milliseconds } from '../core/data/instant.ts'

/**
 * A text of Block Kit that Slack reads no markup in, and turns no `:name:` in into an emoji:
 * https://docs.slack.dev/reference/block-kit/composition-objects/text-object.
 */
export interface PlainText {
  readonly type: 'plain_text'
  readonly text: string
  readonly emoji: false
}

/** A text that Slack fills moments in. Only sentences of ours are written so. */
interface DatedText {
  readonly type: 'mrkdwn'
  readonly text: string
  /** Slack turns nothing in it into a link by itself. */
  readonly verbatim: true
}

export type SlackText = PlainText | DatedText

/** A block, of which only the type is told from here. */
export interface SlackBlock {
  readonly type: string
  readonly [member: string]: unknown
}

/** A message: what it shows, and the words of ours that stand for it in a notification. */
export interface SlackMessage {
  readonly text: string
  readonly blocks: readonly SlackBlock[]
}

/** A modal, which one person sees: https://docs.slack.dev/reference/views/modal-views. */
export interface SlackView {
  readonly type: 'modal'
  readonly title: PlainText
  readonly close: PlainText
  readonly submit?: PlainText
  /** Which form it is. */
  readonly callback_id?: string
  /** What the form is about. It comes back with what was typed. */
  readonly private_metadata?: string
  readonly blocks: readonly SlackBlock[]
}

/** Published limits, in characters and in numbers of blocks. */
export const blockLimits = { text: 3_000, header: 150, button: 75, title: 24, message: 50, view: 100 } as const

export const plainText = (text: string): PlainText => ({ type: 'plain_text', text, emoji: false })

export const section = (text: string): SlackBlock => ({ type: 'section', text: plainText(text) })

/**
 * Slack reads entities, mentions and links in every text that is no {@link PlainText}:
 * https://docs.slack.dev/messaging/formatting-message-text.
 */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A moment that Slack writes in the reader's own time. @param otherwise for clients that cannot; it has no markup */
export const dateMark = (at: Instant, pattern: string, otherwise: string): string =>
  `<!date^${milliseconds(at) / 1000}^${pattern}|${otherwise}>`

/** Reads what {@link escaped} and {@link dateMark} wrote, as a client without the reader's time shows it. */
export const undated = (text: string): string =>
  text
    .replaceAll(/<!date\^\d+\^[^|>]*\|([^>]*)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** What begins each line of a text that goes on below, so that no text of others can pass for a line of ours. */
const bar = '│ '

/** Sets a text of several lines off from ours. */
export const barred = (text: string): string =>
  text
    .split('\n')
    .map((line) => `${bar}${line}`)
    .join('\n')

/** A sign with its marks, or the name of a hidden character: never cut in two. */
const unit = /(?:⟦[^⟧]{0,40}⟧|[^])(?:\p{M}|\p{Emoji_Modifier}|[\u200b-\u200d])*/gu

/**
 * Packs lines into as few texts as Slack takes. A line that is too long for one goes on in the next, behind a bar: without
 * it the rest of an agent's text would begin a text as ours do.
 */
export function packed(
  lines: readonly string[],
  room: number = blockLimits.text,
): readonly { readonly text: string }[] {
  const texts: string[] = []
  for (const line of lines.flatMap((line) => line.split('\n')).flatMap((line) => cut(line, room))) {
    const last = texts.at(-1)
    if (last !== undefined && last.length + 1 + line.length <= room) texts[texts.length - 1] = `${last}\n${line}`
    else texts.push(line)
  }
  return texts.filter((text) => text.trim() !== '').map((text) => ({ text }))
}

function cut(line: string, room: number): readonly string[] {
  if (line.length <= room) return [line]
  const parts: string[] = ['']
  for (const [piece] of line.matchAll(unit)) {
    const last = parts.at(-1) ?? ''
    if (last.length + piece.length <= room) parts[parts.length - 1] = `${last}${piece}`
    else parts.push(`${bar}${piece}`)
  }
  return parts
}
