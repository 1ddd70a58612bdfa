import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PostedCard } from '../../src/ports/messenger.ts'
import type { Render } from '../../src/teams/settings.ts'
import { clouds } from '../../src/runtime/cloud.ts'
import { type Call, type Fault, type Plan, startFaultProxy } from './faultProxy.ts'

/** One call, whether it arrived or a fault kept it away. */
export interface ConnectorCall {
  /** Milliseconds of the clock that was given, or else of the machine's. */
  readonly at: number
  readonly kind: 'create' | 'send' | 'reply' | 'update' | 'token' | 'other'
  /** The channel, when it creates a conversation. */
  readonly conversation: string
  readonly activity?: string
  readonly authorization?: string
  readonly body: unknown
}

/** The current text of a message. */
interface Message {
  readonly activity: string
  readonly body: Activity
}

/**
 * A double of the Bot Connector of Teams: a real HTTP server that keeps the messages it gets, with planned faults of
 * its calls. It also issues the tokens of a managed identity.
 */
export interface Connector {
  /** The service URL. */
  readonly url: string
  /** The address that issues tokens of App Service's managed identity. */
  readonly tokens: string
  readonly calls: readonly ConnectorCall[]
  /** Plans the faults of the next calls, as with the fault proxy. */
  plan(plan: Plan): void
  count(kind: Fault['kind']): number
  idle(): Promise<void>
  /** Lists the cards in a channel, oldest first. */
  posts(channel: string): readonly PostedCard[]
  /** Lists the messages of a conversation, oldest first. */
  messages(conversation: string): readonly Message[]
  /** Gives the Adaptive Card that people see there now; `null` if there is none. */
  shown(card: PostedCard): unknown
  /** Removes a channel or a conversation. */
  remove(conversation: string): void
  /** Brings a removed channel or conversation back. */
  restore(conversation: string): void
  close(): Promise<void>
}

/** The settings of a bot with a managed identity that uses this connector. */
export const settingsOf = ({ url }: Pick<Connector, 'url'>) =>
  ({
    appId: '00000000-0000-4000-8000-0000000000b1',
    appType: 'UserAssignedMsi',
    tenantId: '00000000-0000-4000-8000-0000000000a1',
    clientId: '00000000-0000-4000-8000-0000000000b2',
    serviceUrl: url,
    cloud: clouds.public,
  }) as const

/** Draws a notice as the card of its request, with the reason. */
export const drawnBy = (card: Render['card']): Render => ({
  card,
  notice: async ({ request, notice }) => ({ ...(await card(request)), speak: notice.kind }),
})

/** https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages: 100 KB, as UTF-16. */
const largest = 100 * 1024

/** Starts a connector on loopback. */
export async function startConnector(now: () => number = Date.now): Promise<Connector> {
  const conversations = new Map<string, Message[]>()
  const gone = new Set<string>()
  const calls: ConnectorCall[] = []
  let next = 1_772_366_400_000 // ids look like milliseconds, as in Teams

  const write = (conversation: string, body: Activity): string => {
    const activity = String(next++)
    conversations.set(conversation, [...(conversations.get(conversation) ?? []), { activity, body }])
    return activity
  }
  const answer = (call: ConnectorCall): Answer => {
    const { kind, conversation, activity = '' } = call
    const body = kind === 'create' ? (call.body as { activity: Activity }).activity : (call.body as Activity)
    if (kind === 'token') return token()
    if (kind === 'other') return refusal(404, 'NotFound')
    if (JSON.stringify(body).length * 2 > largest) return refusal(413, 'MessageSizeTooBig')
    if (gone.has(conversation) || gone.has(conversation.split(';')[0] ?? '')) return refusal(404, 'NotFound')
    if (body.text !== undefined && body.attachments?.length) return split
    if (kind === 'create') {
      if (!isChannel(conversation)) return refusal(404, 'NotFound')
      const id = `${conversation};messageid=${next}`
      return { status: 201, body: { id, activityId: write(id, body) } }
    }
    const messages = conversations.get(conversation)
    if (!messages && !isPersonal(conversation)) return refusal(404, 'ConversationNotFound')
    if (kind !== 'update') return { status: 201, body: { id: write(conversation, body) } }
    const place = messages?.findIndex((one) => one.activity === activity) ?? -1
    if (place < 0) return refusal(404, 'ActivityNotFoundInConversation')
    messages?.splice(place, 1, { activity, body })
    return { status: 200, body: { id: activity } }
  }

  const server = createServer((req, res) => {
    const { method = '', url: path = '', headers } = req
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const { status, body } = answer(toCall({ method, path, headers, body: Buffer.concat(chunks) }, now))
      res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const plan = (next: Plan) =>
    proxy.plan((call) => {
      calls.push(toCall(call, now))
      return next(call)
    })
  plan(() => null)

  const messages = (conversation: string) => conversations.get(conversation) ?? []
  return {
    url: `${proxy.url}teams`,
    tokens: `${proxy.url}token`,
    calls,
    plan,
    count: (kind) => proxy.count(kind),
    idle: () => proxy.idle(),
    posts: (channel) =>
      [...conversations].flatMap(([conversation, [first]]) =>
        conversation.startsWith(`${channel};`) && first ? [{ conversation, activity: first.activity }] : [],
      ),
    messages,
    shown: ({ conversation, activity }) =>
      messages(conversation).find((one) => one.activity === activity)?.body.attachments?.[0]?.content ?? null,
    remove: (conversation) => void gone.add(conversation),
    restore: (conversation) => void gone.delete(conversation),
    async close() {
      await proxy.close()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** The members of an activity that the double reads. */
interface Activity {
  readonly type?: string
  readonly text?: string
  readonly textFormat?: string
  readonly summary?: string
  readonly attachments?: readonly { readonly contentType?: string; readonly content?: unknown }[]
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** Splits text with a card into two messages, as Teams does without saying which is which. */
const split: Answer = { status: 201, body: {} }

const isChannel = (id: string) => /^19:[^;]+@thread\.tacv2$/.test(id)
const isPersonal = (id: string) => id.startsWith('a:')
const refusal = (status: number, code: string): Answer => ({ status, body: { error: { code, message: code } } })

/** https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference */
function token(): Answer {
  const expires = Math.floor(Date.now() / 1000) + 24 * 3600
  return {
    status: 200,
    body: { access_token: 'token-of-the-bot', expires_on: String(expires), resource: '', token_type: 'Bearer' },
  }
}

function toCall({ method, path, headers, body }: Call, now: () => number): ConnectorCall {
  const common = {
    at: now(),
    body: body.length > 0 ? (JSON.parse(body.toString('utf8')) as unknown) : null,
    ...(headers.authorization !== undefined && { authorization: headers.authorization }),
  }
  const [route = ''] = path.split('?')
  if (method === 'GET' && route === '/token') return { ...common, kind: 'token', conversation: '' }
  if (method === 'POST' && route === '/teams/v3/conversations')
    return { ...common, kind: 'create', conversation: channelOf(common.body) }
  const parts = /^\/teams\/v3\/conversations\/([^/]+)\/activities(?:\/([^/]+))?$/.exec(route)
  const conversation = decodeURIComponent(parts?.[1] ?? '')
  const activity = parts?.[2] === undefined ? undefined : decodeURIComponent(parts[2])
  if (parts && activity === undefined && method === 'POST') return { ...common, kind: 'send', conversation }
  if (activity !== undefined && method === 'POST') return { ...common, kind: 'reply', conversation, activity }
  if (activity !== undefined && method === 'PUT') return { ...common, kind: 'update', conversation, activity }
  return { ...common, kind: 'other', conversation }
}

const channelOf = (body: unknown) =>
  (body as { channelData?: { channel?: { id?: string } } } | null)?.channelData?.channel?.id ?? ''
