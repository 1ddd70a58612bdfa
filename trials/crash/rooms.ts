import type { RequestId } from '../../src/core/data/id.ts'
import type { Json, JsonObject } from '../../src/core/data/json.ts'
import { isArray, isObject } from '../../src/core/data/json.ts'
import type { ChannelKind } from '../../src/ports/channel.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import { type Connector, startConnector } from '../../test/support/connector.ts'
import { slackChannel, type SlackDouble, slackPlace, startSlack } from '../../test/support/slackDouble.ts'
import { channel } from '../../test/support/teamsDouble.ts'

/** A card as people see it, whether the app knows of it or not. */
export interface ShownCard {
  readonly room: ChannelKind
  readonly card: PostedCard
  readonly content: Json
  /** Its texts in order, one a line. */
  readonly lines: readonly string[]
}

/** The rooms in which requests are shown. */
export interface Rooms {
  readonly connector: Connector
  readonly slack: SlackDouble
  /** Lists the cards of a request in all rooms. */
  shown(request: RequestId): readonly ShownCard[]
  close(): Promise<void>
}

export async function startRooms(): Promise<Rooms> {
  const [connector, slack] = await Promise.all([startConnector(), startSlack()])
  return {
    ...{ connector, slack },
    shown: (request) =>
      [...inTeams(connector), ...inSlack(slack)].filter(({ content }) => JSON.stringify(content).includes(request)),
    async close() {
      await Promise.all([connector.close(), slack.close()])
    },
  }
}

const inTeams = (connector: Connector): readonly ShownCard[] =>
  connector.posts(channel).map((card) => cardOf('teams', card, connector.shown(card) as Json))

const inSlack = (slack: SlackDouble): readonly ShownCard[] =>
  slack
    .messages(slackChannel)
    .filter(({ thread }) => thread === undefined)
    .map(({ ts, blocks }) => {
      const card = { conversation: `${slackPlace};ts=${ts}`, activity: ts }
      return cardOf('slack', card, blocks as unknown as Json)
    })

const cardOf = (room: ChannelKind, card: PostedCard, content: Json): ShownCard => ({
  ...{ room, card, content },
  lines: linesIn(content),
})

/** Reads the texts of a card or a modal. */
export const linesIn = (content: Json): readonly string[] =>
  objects(content).flatMap(({ text }) => (typeof text === 'string' ? text.split('\n') : []))

/** Lists the objects in a card, outermost first. */
export function objects(json: Json | undefined): readonly JsonObject[] {
  if (isArray(json)) return json.flatMap(objects)
  return isObject(json) ? [json, ...Object.values(json).flatMap(objects)] : []
}
