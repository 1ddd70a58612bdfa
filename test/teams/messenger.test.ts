import { type AddressInfo, createServer } from 'node:net'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { noticesOf } from '../../src/core/request/notice.ts'
import { promptedAt, talkative } from '../support/talked.ts'
import type { Messenger, Sent, Telling } from '../../src/ports/messenger.ts'
import { connect } from '../../src/teams/outbound/connection.ts'
import type { AppType, ConnectionOptions, TeamsSettings } from '../../src/teams/settings.ts'
import { drawnBy, type Connector, settingsOf, startConnector } from '../support/connector.ts'
import { approved, pending } from '../support/build.ts'
import { type Fault, inOrder } from '../support/faultProxy.ts'
import { until } from '../support/until.ts'

const channel = '19:dba@thread.tacv2'
const appId = '00000000-0000-4000-8000-0000000000b1'

let connector: Connector
let teams: Messenger

beforeEach(async () => {
  connector = await startConnector()
  teams = connectTo(connector)
})

afterEach(() => connector.close())

const settings = (other: Partial<TeamsSettings> = {}): TeamsSettings => ({ ...settingsOf(connector), appId, ...other })

const render = ({ id, status }: ApprovalRequest) => ({ type: 'AdaptiveCard', version: '1.5', body: [{ id, status }] })

function connectTo({ url }: Pick<Connector, 'url'>, options: ConnectionOptions = {}): Messenger {
  return connect(settings({ serviceUrl: url }), drawnBy(render), {
    credentials: 'none',
    within: 4_000,
    pause: 5,
    ...options,
  })
}

async function post() {
  const result = await teams.post(channel, pending())
  if (!('sent' in result)) throw new Error(`not sent: ${result.unsent}`)
  return result.sent
}

const status = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  kind: 'status',
  status,
  headers,
})

const telling = (): Telling => {
  const request = promptedAt(talkative(), 900)
  const [notice] = noticesOf(request)
  if (!notice) throw new Error('A reminder is told.')
  return { request, notice, isOwn: false, mentioned: [] }
}

const sends: readonly (readonly [string, (teams: Messenger) => Promise<Sent<unknown>>])[] = [
  ['a post', (teams) => teams.post(channel, pending())],
  ['an update', (teams) => teams.update({ conversation: 'a:1', activity: '1' }, pending())],
  ['words', (teams) => teams.say(channel, 'Sealed.')],
  ['a notice', (teams) => teams.tell('a:1', telling())],
  ['a reply', (teams) => teams.reply('a:1', 'Nothing waits for you.')],
]

test("a post returns the card's place, and an update changes that card", async () => {
  const first = await post()
  const second = await post()
  expect(connector.posts(channel)).toEqual([first, second])
  expect(first.conversation).toBe(`${channel};messageid=${first.activity}`)

  expect(await teams.update(first, approved())).toEqual({ sent: null })
  expect(connector.shown(first)).toEqual(render(approved()))
  expect(connector.shown(second)).toEqual(render(pending()))
})

test("a card is alone in its message, with the service's own summary", async () => {
  const card = await post()
  await teams.update(card, approved())
  await teams.reply('a:1', { type: 'AdaptiveCard' })
  const bodies = [...connector.messages(card.conversation), ...connector.messages('a:1')].map(({ body }) => body)
  expect(bodies).toHaveLength(2)
  for (const body of bodies) {
    expect(body.attachments?.map((one) => one.contentType)).toEqual(['application/vnd.microsoft.card.adaptive'])
    expect(body.text).toBeUndefined()
    expect(['Approval request', 'Answer']).toContain(body.summary)
  }
})

test('words are sent as plain text, not as markdown', async () => {
  expect(await teams.reply('a:1', '*now* [x](http://evil.example)')).toEqual({ sent: null })
  const [message] = connector.messages('a:1')
  expect(message?.body).toMatchObject({ text: '*now* [x](http://evil.example)', textFormat: 'plain' })
  expect(message?.body.attachments).toBeUndefined()
})

test('words in a channel begin a new conversation', async () => {
  expect(await teams.say(channel, 'Sealed: *day*')).toEqual({ sent: null })
  const [message] = connector.posts(channel).flatMap(({ conversation }) => connector.messages(conversation))
  expect(message?.body).toMatchObject({ text: 'Sealed: *day*', textFormat: 'plain' })
  expect(message?.body.attachments).toBeUndefined()
})

test('a post names the channel, the tenant and no bot: its token tells Teams who it is', async () => {
  await post()
  await teams.say(channel, 'Sealed.')
  const { tenantId } = settings()
  for (const { body } of connector.calls)
    expect(body).toEqual({
      isGroup: true,
      tenantId,
      channelData: { channel: { id: channel }, tenant: { id: tenantId } },
      activity: expect.any(Object),
    })
})

test('a notice goes into the thread of a card, into a chat, or begins a conversation in a channel', async () => {
  const { conversation } = await post()
  for (const place of [conversation, 'a:1', channel]) expect(await teams.tell(place, telling())).toEqual({ sent: null })
  expect(connector.messages(conversation)).toHaveLength(2)
  expect(connector.messages('a:1')).toHaveLength(1)
  expect(connector.posts(channel)).toHaveLength(2)
  for (const { body } of [...connector.messages('a:1'), ...connector.messages(conversation).slice(1)])
    expect(body).toMatchObject({ summary: 'reminded', attachments: [{ content: { speak: 'reminded' } }] })
})

test('a notice that may have been sent is not sent again by the messenger', async () => {
  const { conversation } = await post()
  connector.plan(({ path }) => (path.endsWith('/activities') ? { kind: 'unanswered' } : null))
  expect(await teams.tell(conversation, telling())).toEqual({ unsent: 'passing' })
  expect(connector.messages(conversation)).toHaveLength(2)
})

test('a reply in a channel goes into the thread it belongs to', async () => {
  const { conversation } = await post()
  await teams.reply(conversation, 'Done.')
  expect(connector.messages(conversation)).toHaveLength(2)
})

describe.each(sends)('%s', (_what, run) => {
  test.each([
    [403, 'refused'],
    [404, 'gone'],
    [413, 'too-large'],
    [400, 'refused'],
    [401, 'passing'],
    [405, 'refused'],
  ] as const)('that is answered %i ends as %s, at once', async (code, unsent) => {
    connector.plan(() => status(code))
    expect(await run(teams)).toEqual({ unsent })
    expect(connector.calls).toHaveLength(1)
  })

  test.each([
    [412, 'passing'],
    [429, 'throttled'],
    [503, 'passing'],
  ] as const)('that is always answered %i ends as %s, after four tries', async (code, unsent) => {
    connector.plan(() => status(code))
    expect(await run(teams)).toEqual({ unsent })
    expect(connector.calls).toHaveLength(4)
  })

  test('waits for Teams only up to a limit', async () => {
    connector.plan(() => status(429, { 'retry-after': '60' }))
    expect(await run(teams)).toEqual({ unsent: 'throttled', retryAfter: 60 })
    expect(connector.calls).toHaveLength(1)
  })

  test('understands a date to wait for', async () => {
    connector.plan(() => status(429, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }))
    const result = await run(teams)
    expect('retryAfter' in result && result.retryAfter).toBeGreaterThan(3_500)
  })

  test('ends if Teams does not answer', async () => {
    teams = connectTo(connector, { within: 200 })
    connector.plan(() => ({ kind: 'hanging' }))
    expect(await run(teams)).toEqual({ unsent: 'passing' })
    expect(connector.calls).toHaveLength(1)
  })

  test('ends if Teams cannot be reached', async () => {
    expect(await run(connectTo({ url: `http://127.0.0.1:${await freePort()}` }))).toEqual({ unsent: 'passing' })
  })

  test('follows no redirection', async () => {
    connector.plan(() => status(307, { location: `${connector.url}/v3/elsewhere` }))
    expect(await run(teams)).toEqual({ unsent: 'passing' })
    expect(connector.calls).toHaveLength(1)
  })

  test('carries no token without credentials', async () => {
    await run(teams)
    expect(connector.calls.map((call) => call.authorization)).toEqual([undefined])
  })
})

test.each([
  ['412', status(412)],
  ['429', status(429)],
  ['503', status(503)],
])('a post is repeated after %s, and there is one card', async (_what, fault) => {
  connector.plan(inOrder([fault, fault]))
  await post()
  expect(connector.calls).toHaveLength(3)
  expect(connector.posts(channel)).toHaveLength(1)
})

test('a post waits as long as Teams asks', async () => {
  connector.plan(inOrder([status(429, { 'retry-after': '1' })]))
  await post()
  const [first, second] = connector.calls
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990) // timers may be a little early
})

test.each<[string, Fault, number]>([
  ['502', status(502), 0],
  ['504', status(504), 0],
  ['a lost connection', { kind: 'lost' }, 0],
  ['a lost answer', { kind: 'unanswered' }, 1],
])('a post is not repeated after %s: it may have been posted', async (_what, fault, posts) => {
  connector.plan(inOrder([fault]))
  expect(await teams.post(channel, pending())).toEqual({ unsent: 'passing' })
  expect(connector.posts(channel)).toHaveLength(posts)
})

test.each<[string, Fault]>([
  ['412', status(412)],
  ['502', status(502)],
  ['a lost connection', { kind: 'lost' }],
  ['a lost answer', { kind: 'unanswered' }],
])('an update is repeated after %s', async (_what, fault) => {
  const card = await post()
  connector.plan(inOrder([fault, fault]))
  expect(await teams.update(card, approved())).toEqual({ sent: null })
  expect(connector.shown(card)).toEqual(render(approved()))
})

test('a card that Teams does not know is gone', async () => {
  const card = await post()
  expect(await teams.update({ ...card, activity: '1' }, approved())).toEqual({ unsent: 'gone' })
  connector.remove(channel)
  expect(await teams.update(card, approved())).toEqual({ unsent: 'gone' })
  expect(await teams.post(channel, pending())).toEqual({ unsent: 'gone' })
})

test('a card beyond the limit of Teams is too large', async () => {
  const large = () => ({ type: 'AdaptiveCard', body: ['x'.repeat(60_000)] })
  teams = connect(settings(), drawnBy(large), { credentials: 'none' })
  expect(await teams.post(channel, pending())).toEqual({ unsent: 'too-large' })
})

describe('with a managed identity', () => {
  let identities: Connector // its client asks, all its life, where it asked first

  beforeAll(async () => {
    identities = await startConnector()
    process.env['IDENTITY_ENDPOINT'] = identities.tokens
    process.env['IDENTITY_HEADER'] = 'secret'
  })

  afterAll(async () => {
    delete process.env['IDENTITY_ENDPOINT']
    delete process.env['IDENTITY_HEADER']
    await identities.close()
  })

  /** Tokens are kept by the process: each test has an identity of its own. */
  const withIdentity = (end: string, options: ConnectionOptions) =>
    connect(settings({ appId: appId.replace(/..$/, end) }), drawnBy(render), options)

  test('every call carries its token', async () => {
    teams = withIdentity('c1', {})
    await teams.update(await post(), approved())
    expect(connector.calls.map((call) => call.authorization)).toEqual(Array(2).fill('Bearer token-of-the-bot'))
  })

  test('nothing is sent when the token comes too late', async () => {
    teams = withIdentity('c2', { within: 200 })
    identities.plan(inOrder([{ kind: 'delayed', ms: 400 }]))
    expect(await teams.post(channel, pending())).toEqual({ unsent: 'passing' })
    await until(
      () => identities.count('delayed'),
      (count) => count === 1,
    )
    await identities.idle()
    await new Promise((done) => setTimeout(done, 100))
    expect(connector.calls).toEqual([])
  })
})

test.each<[string, Partial<TeamsSettings>, ConnectionOptions, string]>([
  ['a typo in the app type', { appType: 'UserAssignedMSI' as AppType }, {}, 'BOT_APP_TYPE'],
  ['an app type of the prototype', { appType: 'constructor' as AppType }, {}, 'BOT_APP_TYPE'],
  ['no address', { serviceUrl: 'smba.trafficmanager.net' }, {}, 'BOT_SERVICE_URL'],
  ['a token in the clear', { serviceUrl: 'http://teams.example' }, {}, 'BOT_SERVICE_URL'],
  ['no token elsewhere', { serviceUrl: 'https://teams.example' }, { credentials: 'none' }, 'BOT_SERVICE_URL'],
])('%s is refused at once, by name', (_what, other, options, name) => {
  expect(() => connect(settings(other), drawnBy(render), options)).toThrow(name)
})

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}
