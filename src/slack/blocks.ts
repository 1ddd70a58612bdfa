import {
  blockLimits,
  escaped,
  packed,
  plainText,
  section,
  type SlackBlock,
  type SlackMessage,
  type SlackView,
} from '../cards/blockKit.ts'
import type { Words } from '../words/words.ts'

/** A message of words alone. What stands for it in a notification is shortened, and read without markup. */
export function wordsMessage(words: string): SlackMessage {
  return { text: escaped(words.slice(0, 300)), blocks: packed([words]).map(({ text }) => section(text)) }
}

/**
 * A modal of words, and if a request is given, with a button that shows it: for a modal that waits for what may never come, as
 * when the process ends meanwhile.
 */
export const wordsView = (
  words: string,
  { slack, card }: Pick<Words, 'slack' | 'card'>,
  request?: string,
): SlackView => ({
  type: 'modal',
  title: plainText(slack.title),
  close: plainText(slack.close),
  blocks: [
    ...packed([words]).map(({ text }) => section(text)),
    ...(request === undefined ? [] : [{ type: 'actions', elements: [lookButton(card.review, request)] }]),
  ],
})

const lookButton = (title: string, request: string) => ({
  ...{ type: 'button', action_id: 'look', text: plainText(title), value: request },
})

/** Says where a request is in the console. */
export type ConsoleLink = (request: string) => string

export const consoleLink =
  (baseUrl: string): ConsoleLink =>
  (request) =>
    `${baseUrl}/console/requests/${request}`

/**
 * Adds a button that opens a request in the console. It stands beside the buttons of the template and is no part of it: a
 * template is evidence, and the same in every deployment.
 */
export function withLink<Drawn extends SlackMessage | SlackView>(drawn: Drawn, title: string, url: string): Drawn {
  const button = { type: 'button', action_id: 'open', text: plainText(title.slice(0, blockLimits.button)), url }
  const last = drawn.blocks.at(-1)
  if (last?.type !== 'actions') return { ...drawn, blocks: [...drawn.blocks, { type: 'actions', elements: [button] }] }
  const actions: SlackBlock = { ...last, elements: [...(last['elements'] as readonly object[]), button] }
  return { ...drawn, blocks: [...drawn.blocks.slice(0, -1), actions] }
}
