import type { Cards } from '../cards/cards.ts'
import { tabEntity } from '../contract/teamsTab.ts'
import type { RequestId } from '../core/data/id.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Words } from '../words/words.ts'
import type { Render } from './settings.ts'

/** Where the console is. */
export interface ConsolePlace {
  /** The origin of the service. */
  readonly baseUrl: string
  /** The console's tab in Teams; absent if it is not known to Teams. */
  readonly tab?: {
    /** The origin of Teams. */
    readonly teams: string
    /** The id that Teams gave the app when it was uploaded, which is not that of its manifest. */
    readonly appId: string
  }
}

/**
 * The address of a request in the console. With a tab it is a deep link, which Teams opens inside, and a browser at
 * `webUrl`: https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-application
 */
export function storyAddress({ baseUrl, tab }: ConsolePlace, id: RequestId): string {
  const inBrowser = `${baseUrl}/console/requests/${id}`
  if (!tab) return inBrowser
  const query = new URLSearchParams({ webUrl: inBrowser, context: JSON.stringify({ subEntityId: id }) })
  return `${tab.teams}/l/entity/${tab.appId}/${tabEntity}?${query.toString()}`
}

/**
 * Adds to the cards of one request a button that opens it in the console. It stands beside the buttons of the template and
 * is no part of it: a template is evidence, and the same in every door and deployment. The address holds nothing but the
 * id, which the card shows as well.
 */
export const withStoryLink = (cards: Cards, place: ConsolePlace, { buttons }: Words): Cards => {
  const linked = (card: object, { id }: ApprovalRequest): object => {
    const { actions = [] } = card as { readonly actions?: readonly object[] }
    const link = { type: 'Action.OpenUrl', title: buttons.openStory, url: storyAddress(place, id) }
    return { ...card, actions: [...actions, link] }
  }
  return {
    ...cards,
    channel: (request) => linked(cards.channel(request), request),
    review: (request, reader) => linked(cards.review(request, reader), request),
  }
}

/** Draws what Teams is sent. The cards are loaded when the first is drawn. */
export const renderOn = (cards: () => Promise<Cards>): Render => ({
  card: async (request) => (await cards()).channel(request),
  notice: async ({ request, ...scope }) => (await cards()).notice(request, scope),
})
