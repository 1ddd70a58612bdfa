import { createHmac } from 'node:crypto'
import type { SlackBlock, SlackMessage, SlackView } from '../../src/cards/blockKit.ts'
import type { SlackMethod } from '../../src/slack/webApi.ts'
import { blockFault } from '../slack/blockRules.ts'
import { type Answer, startDouble } from './double.ts'

/** A message as it lies in a channel of the double. */
interface PostedMessage extends SlackMessage {
  readonly channel: string
  readonly ts: string
  readonly thread?: string
}

/** One call of the API as it arrived. */
interface SlackCallSeen {
  readonly method: SlackMethod
  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into calls and fail where these differ
  readonly body: any
}

/** What becomes of a call: an error of Slack, an answer over HTTP, or that it is carried out and its answer is lost. */
export type SlackFate = { readonly error: string } | { readonly http: Answer } | 'lost'

/** A server with the five methods of Slack that we call, which keeps messages and modals as Slack does. It is not Slack. */
export interface SlackDouble {
  readonly url: string
  readonly calls: readonly SlackCallSeen[]
  /** Channels that there are, and in which the app is. Conversations with one person are there without it. */
  readonly channels: Set<string>
  /** Gives the fate of each call; `null` carries it out. */
  plan: (call: SlackCallSeen) => SlackFate | null
  messages(channel: string): readonly PostedMessage[]
  /** What one person alone was told, newest last. */
  readonly whispers: { readonly channel: string; readonly user: string; readonly text: string }[]
  /** The modals by id. */
  readonly views: Map<string, SlackView>
  /** The id of the modal that a click opened, by the click's trigger. */
  readonly opened: ReadonlyMap<string, string>
  /** Takes a message away, as a person can. */
  remove(channel: string, ts: string): void
  close(): Promise<void>
}

const token = 'xoxb-1111111111-2222222222-abcdefghijkl'

/** The app that tests are, and people of its workspace. */
export const slackApp = {
  appId: 'A0000000001',
  teamId: 'T0000000001',
  signingSecrets: ['0123456789abcdef0123456789abcdef'],
  token,
} as const

/** What makes a local stack that app, with its API at this address. */
export const slackEnv = (url: string): Record<string, string> => ({
  COUNTERSIGN_SLACK_API: url,
  COUNTERSIGN_SLACK_APP_ID: slackApp.appId,
  COUNTERSIGN_SLACK_TEAM_ID: slackApp.teamId,
  COUNTERSIGN_SLACK_SIGNING_SECRET: slackApp.signingSecrets[0],
  COUNTERSIGN_SLACK_TOKEN: token,
})

export const slackChannel = 'C0000000001'

/** The name of the channel in rows. */
export const slackPlace = `slack:${slackApp.teamId}/${slackChannel}`

type Body = Readonly<Record<string, unknown>>

export async function startSlack(): Promise<SlackDouble> {
  const messages = new Map<string, PostedMessage>()
  const views = new Map<string, SlackView>()
  const opened = new Map<string, string>()
  const calls: SlackCallSeen[] = []
  let number = 0

  const isThere = (channel: string) => slack.channels.has(channel) || channel.startsWith('D')
  const draw = ({ text, blocks }: Body): SlackMessage => ({
    text: String(text),
    blocks: blocks as readonly SlackBlock[],
  })
  const bad = (drawn: object) => (blockFault(drawn) === null ? null : { ok: false, error: 'invalid_blocks' })

  const methods: Readonly<Record<SlackMethod, (body: Body) => object>> = {
    'chat.postMessage': (body) => {
      const channel = String(body['channel'])
      if (!isThere(channel)) return { ok: false, error: 'channel_not_found' }
      const ts = `1772625600.${String(++number).padStart(6, '0')}`
      const thread = body['thread_ts']
      const posted = { ...draw(body), channel, ts, ...(typeof thread === 'string' && { thread }) }
      if (bad(draw(body))) return { ok: false, error: 'invalid_blocks' }
      messages.set(`${channel} ${ts}`, posted)
      return { ok: true, channel, ts }
    },
    'chat.update': (body) => {
      const [channel, ts] = [String(body['channel']), String(body['ts'])]
      if (!isThere(channel)) return { ok: false, error: 'channel_not_found' }
      const known = messages.get(`${channel} ${ts}`)
      if (!known) return { ok: false, error: 'message_not_found' }
      if (bad(draw(body))) return { ok: false, error: 'invalid_blocks' }
      messages.set(`${channel} ${ts}`, { ...known, ...draw(body) })
      return { ok: true, channel, ts }
    },
    'chat.postEphemeral': (body) => {
      const [channel, user] = [String(body['channel']), String(body['user'])]
      if (!isThere(channel)) return { ok: false, error: 'channel_not_found' }
      slack.whispers.push({ channel, user, text: String(body['text']) })
      return { ok: true }
    },
    'views.open': (body) => {
      const trigger = String(body['trigger_id'])
      if (opened.has(trigger)) return { ok: false, error: 'exchanged_trigger_id' }
      const view = body['view'] as SlackView
      const id = `V${String(++number).padStart(10, '0')}`
      opened.set(trigger, id)
      if (bad(view)) return { ok: false, error: 'invalid_arguments' }
      views.set(id, view)
      return { ok: true, view: { id } }
    },
    'views.update': (body) => {
      const id = String(body['view_id'])
      const view = body['view'] as SlackView
      if (!views.has(id)) return { ok: false, error: 'not_found' }
      if (bad(view)) return { ok: false, error: 'invalid_arguments' }
      views.set(id, view)
      return { ok: true, view: { id } }
    },
  }

  const server = await startDouble(({ path, headers, body }): Answer => {
    const method = path.replace('/api/', '') as SlackMethod
    if (headers.authorization !== `Bearer ${token}`) return { status: 200, body: { ok: false, error: 'invalid_auth' } }
    const call = { method, body: JSON.parse(body) as Body }
    calls.push(call)
    const fate = slack.plan(call)
    if (fate !== null && fate !== 'lost')
      return 'http' in fate ? fate.http : { status: 200, body: { ok: false, ...fate } }
    const answer = methods[method](call.body)
    return fate === 'lost' ? 'reset' : { status: 200, body: answer }
  })

  const slack: SlackDouble = {
    url: server.origin,
    ...{ calls, views, opened },
    whispers: [],
    channels: new Set([slackChannel]),
    plan: () => null,
    messages: (channel) => [...messages.values()].filter((one) => one.channel === channel),
    remove: (channel, ts) => void messages.delete(`${channel} ${ts}`),
    close: () => server.close(),
  }
  return slack
}

/** Signs a body as Slack does. */
export function signed(body: string, now: number, secret: string = slackApp.signingSecrets[0]) {
  const timestamp = String(Math.floor(now / 1000))
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  return { timestamp, signature: `v0=${digest}`, bytes: Buffer.from(body) }
}
