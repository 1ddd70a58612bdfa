import type { Words } from '../words/words.ts'
import { type SlackBlock, type SlackText, type SlackView, undated } from './blockKit.ts'
import { drawn } from './textRun.ts'

/**
 * Writes a view of Slack as an Adaptive Card, for readers who look at it elsewhere. It has the same texts in the same order and
 * nothing to press, and says that it is a picture of ours.
 */
export function pictureOf(view: SlackView, { slack }: Words): object {
  return {
    type: 'AdaptiveCard',
    version: '1.5',
    body: [line(slack.picture, { isSubtle: true }), ...view.blocks.flatMap(element)],
  }
}

function element(block: SlackBlock): readonly object[] {
  switch (block.type) {
    case 'header':
      return [line(textIn(block), { size: 'Large', weight: 'Bolder' })]
    case 'section':
      return [line(textIn(block))]
    case 'context':
      return (block['elements'] as readonly SlackText[]).map((text) => line(readIn(text), { isSubtle: true }))
    default:
      return []
  }
}

const textIn = (block: SlackBlock): string => readIn(block['text'] as SlackText)

/** What people read of a text. Moments are in UTC, since nobody knows where its reader was. */
const readIn = ({ type, text }: SlackText): string => (type === 'mrkdwn' ? undated(text) : text)

const line = (text: string, style: object = {}): object => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', text: drawn(text), ...style }],
})
