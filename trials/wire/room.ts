import { section } from '../../src/cards/blockKit.ts'
import type { ChannelKind } from '../../src/ports/channel.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Messenger, PostedCard } from '../../src/ports/messenger.ts'
import { slackMessenger } from '../../src/slack/messenger.ts'
import { webApi } from '../../src/slack/webApi.ts'
import { connect } from '../../src/teams/outbound/connection.ts'
import { drawnBy, settingsOf, startConnector } from '../../test/support/connector.ts'
import { dbaChannel } from '../../test/support/deliveryWorld.ts'
import { type Fault, type Plan, startFaultProxy } from '../../test/support/faultProxy.ts'
import { slackApp, slackChannel, slackPlace, startSlack } from '../../test/support/slackDouble.ts'

/**
 * A kind of place where requests are shown: a double behind a wire that can break. Another kind needs an entry in {@link rooms}.
 */
export interface Room {
  readonly kind: ChannelKind
  /** The channel that the policy names. */
  readonly channel: string
  /** The calls of a delivery to it, at most. */
  readonly mostCalls: number
  /** What this kind may answer, beside the faults that every wire has. */
  readonly faults: ReadonlyMap<string, Fault>
  /** @param now the time, in milliseconds since 1970 */
  open(now: () => number): Promise<OpenRoom>
}

export interface OpenRoom {
  readonly messenger: Messenger
  /** Plans the faults of the next calls. */
  plan(plan: Plan): void
  /** Resolves when no call is under way. */
  idle(): Promise<void>
  /** Whether people see the request in this card as it is. */
  tells(card: PostedCard, request: ApprovalRequest): boolean
  /** Counts the cards in the channel, known or not. */
  posts(): number
  close(): Promise<void>
}

/** Milliseconds that a call of Teams may take, and between two tries. */
const [within, pause] = [3_500, 5]

const teams: Room = {
  kind: 'teams',
  channel: dbaChannel,
  mostCalls: 2,
  faults: new Map(),
  async open(now) {
    const connector = await startConnector(now)
    const render = ({ id, status }: ApprovalRequest) => ({
      ...{ type: 'AdaptiveCard', version: '1.5' },
      body: [{ type: 'TextBlock', text: `${id} ${status}` }],
    })
    return {
      messenger: connect(settingsOf(connector), drawnBy(render), { credentials: 'none', within, pause }),
      plan: (plan) => connector.plan(plan),
      idle: () => connector.idle(),
      tells: (card, request) => JSON.stringify(connector.shown(card)) === JSON.stringify(render(request)),
      posts: () => connector.posts(dbaChannel).length,
      close: () => connector.close(),
    }
  },
}

/** An answer of Slack's API that refuses a call: https://docs.slack.dev/apis/web-api. */
const refusal = (error: string, status = 200, headers: Readonly<Record<string, string>> = {}): Fault => ({
  ...{ kind: 'status', status, headers: { 'content-type': 'application/json', ...headers } },
  body: JSON.stringify({ ok: false, error }),
})

const slack: Room = {
  kind: 'slack',
  channel: slackPlace,
  mostCalls: 1,
  faults: new Map([
    ...['channel_not_found', 'not_in_channel', 'is_archived', 'message_not_found', 'internal_error', 'ratelimited'].map(
      (error) => [error, refusal(error)] as const,
    ),
    ['429 of Slack', refusal('ratelimited', 429, { 'retry-after': '3' })],
    // Slack took the call, and says that it did not.
    ['fatal_error after', { kind: 'garbled', body: JSON.stringify({ ok: false, error: 'fatal_error' }) }],
    ['no place', { kind: 'garbled', body: JSON.stringify({ ok: true }) }],
  ]),
  async open(now) {
    const double = await startSlack()
    const proxy = await startFaultProxy(double.url)
    const draw = ({ id, status }: ApprovalRequest) => {
      const text = `${id} ${status}`
      return { text, blocks: [section(text)] }
    }
    const api = webApi({ token: slackApp.token, url: proxy.url.replace(/\/$/, ''), now })
    const { teamId } = slackApp
    const drawing = { card: draw, notice: ({ request }: { request: ApprovalRequest }) => draw(request) }
    return {
      messenger: slackMessenger({ api, teamId, draw: drawing }),
      plan: (plan) => proxy.plan(plan),
      idle: () => proxy.idle(),
      tells: ({ activity }, request) =>
        double.messages(slackChannel).find(({ ts }) => ts === activity)?.text === draw(request).text,
      posts: () => double.messages(slackChannel).length,
      async close() {
        await Promise.all([proxy.close(), double.close()])
      },
    }
  },
}

export const rooms: readonly Room[] = [teams, slack]
