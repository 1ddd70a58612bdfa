import type { SlackRender } from '../../src/slack/messenger.ts'
import { cards } from '../cards/drawn.ts'

/** Draws the messages of a deployment without a console. */
export const slackDrawing: SlackRender = {
  card: cards.slack.channel,
  notice: ({ request, ...scope }) => cards.slack.notice(request, scope),
}
