import { decide } from '../../src/core/request/decision.ts'
import type { Messenger } from '../../src/ports/messenger.ts'
import { slackMessenger } from '../../src/slack/messenger.ts'
import { webApi } from '../../src/slack/webApi.ts'
import { cards } from '../cards/drawn.ts'
import { slackDrawing } from './drawing.ts'
import { decision, pending, stored } from '../support/build.ts'
import { startDouble } from '../support/double.ts'
import {
  slackApp,
  slackChannel,
  type SlackDouble,
  type SlackFate,
  slackPlace,
  startSlack,
} from '../support/slackDouble.ts'

let slack: SlackDouble
let messenger: Messenger
let now = 0

beforeEach(async () => {
  slack = await startSlack()
  now = 1_000_000
  const api = webApi({ token: slackApp.token, url: slack.url, now: () => now })
  messenger = slackMessenger({ api, teamId: slackApp.teamId, draw: slackDrawing })
})

afterEach(() => slack.close())

const request = pending()
const denied = stored(decide(request, decision(request, { verdict: 'deny' })))

async function posted() {
  const sent = await messenger.post(slackPlace, request)
  if (!('sent' in sent)) throw new Error(sent.unsent)
  return sent.sent
}

test('a card is posted, and comes to show the truth', async () => {
  const card = await posted()
  expect(card).toEqual({ conversation: `${slackPlace};ts=${card.activity}`, activity: expect.any(String) })
  expect(slack.messages(slackChannel)).toEqual([expect.objectContaining(cards.slack.channel(request))])
  expect(await messenger.update(card, denied)).toEqual({ sent: null })
  expect(slack.messages(slackChannel)).toEqual([expect.objectContaining(cards.slack.channel(denied))])
})

test('a card and its thread count to their channel', async () => {
  const { conversation, activity } = await posted()
  expect(messenger.rules.channelOf(conversation)).toBe(slackPlace)
  expect(await messenger.reply(conversation, 'Words')).toEqual({ sent: null })
  expect(slack.messages(slackChannel).at(-1)).toMatchObject({ thread: activity })
})

test('words are shown as they are, and their notification has no markup', async () => {
  const words = '<!channel> & *bold* :tada: <https://evil.example|ok>'
  expect(await messenger.say(slackPlace, words)).toEqual({ sent: null })
  const [said] = slack.messages(slackChannel)
  expect(said?.blocks).toEqual([{ type: 'section', text: { type: 'plain_text', text: words, emoji: false } }])
  expect(said?.text).toBe('&lt;!channel&gt; &amp; *bold* :tada: &lt;https://evil.example|ok&gt;')
  expect(slack.calls.at(-1)?.body).toMatchObject({ mrkdwn: false, unfurl_links: false, unfurl_media: false })
})

test('words that are too long for one block go on in the next', async () => {
  await messenger.reply(`slack:${slackApp.teamId}/D0000000001`, `${'x'.repeat(4_000)}\nend`)
  expect(slack.messages('D0000000001')[0]?.blocks).toHaveLength(2)
})

test('a channel of another workspace is refused, and Slack is not asked', async () => {
  expect(await messenger.post('slack:T9999999999/C0000000001', request)).toEqual({ unsent: 'refused' })
  expect(await messenger.say('19:abc@thread.tacv2', 'words')).toEqual({ unsent: 'refused' })
  expect(slack.calls).toEqual([])
})

const http = (status: number, more: object = {}): SlackFate => ({ http: { status, ...more } })

test.each<[string, SlackFate, string]>([
  ['the channel does not exist', { error: 'channel_not_found' }, 'gone'],
  ['the app is not in the channel', { error: 'not_in_channel' }, 'refused'],
  ['the channel is archived', { error: 'is_archived' }, 'refused'],
  ['the message is too long', { error: 'msg_too_long' }, 'too-large'],
  ['its blocks are not taken', { error: 'invalid_blocks' }, 'refused'],
  ['the token is not taken', { error: 'invalid_auth' }, 'passing'],
  ['a scope is missing', { error: 'missing_scope' }, 'passing'],
  ['Slack fails', { error: 'internal_error' }, 'passing'],
  ['Slack answers 503', http(503, { body: 'upstream' }), 'passing'],
  ['something in between answers', http(404, { body: '<html>' }), 'passing'],
  ['the answer is lost', 'lost', 'passing'],
  ['the connection breaks', { http: 'reset' }, 'passing'],
])('a card is not sent: %s', async (_what, fate, unsent) => {
  slack.plan = () => fate
  expect(await messenger.post(slackPlace, request)).toEqual({ unsent })
  expect(slack.calls).toHaveLength(1)
})

test('a redirect is not followed: token and card are for Slack alone', async () => {
  const elsewhere = await startDouble(() => ({ status: 200, body: { ok: true, ts: '1772625600.000001' } }))
  slack.plan = () => http(307, { headers: { location: `${elsewhere.origin}/api/chat.postMessage` } })
  expect(await messenger.post(slackPlace, request)).toEqual({ unsent: 'passing' })
  expect(elsewhere.received).toEqual([])
  await elsewhere.close()
})

test('a card that a person deleted is gone', async () => {
  const card = await posted()
  slack.remove(slackChannel, card.activity)
  expect(await messenger.update(card, denied)).toEqual({ unsent: 'gone' })
})

test.each(['cant_update_message', 'edit_window_closed'])(
  'a card that cannot be changed is as good as gone: %s',
  async (error) => {
    const card = await posted()
    slack.plan = () => ({ error })
    expect(await messenger.update(card, denied)).toEqual({ unsent: 'gone' })
  },
)

test('an answer without the place of the message counts as lost', async () => {
  slack.plan = () => http(200, { body: { ok: true } })
  expect(await messenger.post(slackPlace, request)).toEqual({ unsent: 'passing' })
})

describe('after a 429', () => {
  const limited = http(429, { headers: { 'retry-after': '7' }, body: { ok: false, error: 'ratelimited' } })
  const throttled = (retryAfter: number) => ({ unsent: 'throttled', retryAfter })

  test('the channel takes no post until the time is over, and others do', async () => {
    const other = 'C0000000002'
    slack.channels.add(other)
    slack.plan = ({ body }) => (body.channel === slackChannel ? limited : null)
    expect(await messenger.post(slackPlace, request)).toEqual(throttled(7))
    now += 2_500
    expect(await messenger.post(slackPlace, request)).toEqual(throttled(5))
    expect(slack.calls).toHaveLength(1)
    expect(await messenger.say(`slack:${slackApp.teamId}/${other}`, 'words')).toEqual({ sent: null })
    now += 4_500
    slack.plan = () => null
    expect(await messenger.post(slackPlace, request)).toMatchObject({ sent: {} })
  })

  test('of an update no card is updated until the time is over, and posts go on', async () => {
    const card = await posted()
    slack.plan = ({ method }) => (method === 'chat.update' ? limited : null)
    expect(await messenger.update(card, denied)).toEqual(throttled(7))
    slack.plan = () => null
    expect(await messenger.update(card, denied)).toEqual(throttled(7))
    await posted()
    now += 7_000
    expect(await messenger.update(card, denied)).toEqual({ sent: null })
  })

  test.each<[string, SlackFate]>([
    ['without a time', http(429, { body: '' })],
    ['as an error alone', { error: 'ratelimited' }],
  ])('%s it waits for half a minute', async (_what, fate) => {
    slack.plan = () => fate
    expect(await messenger.post(slackPlace, request)).toEqual(throttled(30))
  })
})
