import type { SlackMessage } from '../cards/blockKit.ts'
import type { SlackCards } from '../cards/slackCards.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Messenger } from '../ports/messenger.ts'
import { spoken } from '../words/spoken.ts'
import { type ConsoleLink, withLink } from './blocks.ts'
import type { SlackDoorParts } from './door.ts'
import { slackMessenger, type SlackRender } from './messenger.ts'
import type { SlackSettings } from './settings.ts'
import { webApi } from './webApi.ts'

export interface SlackConnecting {
  readonly settings: SlackSettings
  /** Loaded when the first message is drawn. */
  readonly cards: () => Promise<{ readonly slack: SlackCards }>
  /** Absent without a console. In Slack the way to it is its address in a browser. */
  readonly link?: ConsoleLink
  /** Where the API is: only tests and local stacks have another than Slack's. */
  readonly url?: string
}

/** The app of Slack: what it sends, and what its door needs. */
export interface ConnectedSlack {
  readonly messenger: Messenger
  readonly door: Pick<SlackDoorParts, 'settings' | 'api' | 'link'>
}

/** Connects to the app of Slack. Sends nothing yet. */
export function connectSlack({ settings, cards, link, url }: SlackConnecting): ConnectedSlack {
  const api = webApi({ token: settings.token, ...(url !== undefined && { url }) })
  const linked = (message: SlackMessage, { id }: ApprovalRequest) =>
    link ? withLink(message, spoken.buttons.openStory, link(id)) : message
  const draw: SlackRender = {
    card: async (request) => linked((await cards()).slack.channel(request), request),
    notice: async ({ request, ...scope }) => linked((await cards()).slack.notice(request, scope), request),
  }
  const messenger = slackMessenger({ api, teamId: settings.teamId, draw })
  return { messenger, door: { settings, api, ...(link && { link }) } }
}
