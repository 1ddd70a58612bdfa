import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SlackView } from '../../src/cards/blockKit.ts'
import { english } from '../../src/words/english.ts'
import { objectsIn, textsIn } from '../slack/blockRules.ts'
import { slackUsers, writeRoomsPolicy } from '../support/roomsPolicy.ts'
import { signed, slackApp, slackChannel, type SlackDouble, slackEnv, startSlack } from '../support/slackDouble.ts'
import { inField, slackClick, slackForm } from '../support/slackPayloads.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { until } from '../support/until.ts'

let slack: SlackDouble
let stack: Stack
let policy: string

beforeAll(async () => {
  slack = await startSlack()
  policy = await writeRoomsPolicy(await mkdtemp(join(tmpdir(), 'countersign-policy-')), ['slack'])
  stack = await startStack({ env: { ...slackEnv(slack.url), COUNTERSIGN_POLICY: policy } })
})

afterAll(async () => {
  await Promise.all([slack.close(), rm(policy, { recursive: true })])
  await stack.stop()
})

const form = 'application/x-www-form-urlencoded'

interface Sending {
  readonly secret?: string
  /** Milliseconds by which the signature is older. */
  readonly age?: number
  readonly headers?: Record<string, string>
}

/** Calls the door as Slack does. */
async function send(body: string, { secret, age = 0, headers = {} }: Sending = {}): Promise<Answer> {
  const { timestamp, signature } = signed(body, Date.now() - age, secret)
  const all = { 'content-type': form, 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature }
  return stack.call(null, '/api/slack', body, { ...all, ...headers })
}

async function ask(): Promise<Answer['body']> {
  const { body } = await stack.call('deploy-bot', '/api/requests', wish())
  await messageOf(body)
  return body
}

/** The message of a request. */
const messageOf = ({ id }: Answer['body']) =>
  until(
    () => slack.messages(slackChannel).find(({ blocks }) => JSON.stringify(blocks).includes(id)),
    (found) => found !== undefined,
  )

const user = slackUsers['dba-1'] ?? ''

/** The click on Review below the message of a request. */
async function reviewing(request: Answer['body'], more: object = {}): Promise<object> {
  const { ts = '', blocks = [] } = (await messageOf(request)) ?? {}
  const on = { channel: slackChannel, ts, blocks }
  return { ...slackClick({ user, trigger: randomUUID(), action: 'review', value: request.id, on }), ...more }
}

const opened = (): { id: string; view: SlackView } => {
  const [id, view] = [...slack.views].at(-1) ?? ['', {} as SlackView]
  return { id, view }
}

const pressing = (action: string): object => {
  const on = opened()
  const value = objectsIn(on.view as never).find((one) => one['action_id'] === action)?.['value']
  return slackClick({ user, trigger: randomUUID(), action, value: value as string, on })
}

const shown = (): string => textsIn(opened().view).join('\n')
const read = async ({ id }: Answer['body']) => (await stack.call('deploy-bot', `/api/requests/${id}`)).body

test('a request is a message, is approved in its modal, and the message comes to show that', async () => {
  const request = await ask()
  expect(await send(inField(await reviewing(request)))).toMatchObject({ status: 200, body: '' })
  expect(shown()).toContain(english.statuses.pending)
  await send(inField(pressing('approve')))
  expect(shown()).toContain('Approved by dba-1')
  expect((await read(request)).approvals.decisions).toMatchObject([{ via: 'slack', verdict: 'approve' }])
  const link = `${stack.api}/console/requests/${request.id}`
  await until(
    async () => JSON.stringify(await messageOf(request)),
    (text) => text.includes(english.statuses.approved) && text.includes(link),
  )
})

test('a form is answered in the modal', async () => {
  const request = await ask()
  await send(inField(await reviewing(request)))
  await send(inField(pressing('deny')))
  const sent = inField(slackForm({ user, trigger: randomUUID() }, opened(), 'Nein – „später“ 🙅'))
  const { status, body } = await send(sent)
  expect([status, body.response_action]).toEqual([200, 'update'])
  expect(textsIn(body.view).join('\n')).toContain('Denied by dba-1: “Nein – „später“ 🙅”')
  expect((await read(request)).status).toBe('denied')
})

describe('nothing is recorded, and nothing sent, for a call', () => {
  let request: Answer['body']
  let calls: number
  beforeAll(async () => {
    request = await ask()
    calls = slack.calls.length
  })
  afterEach(async () => {
    const { body } = await stack.call('compliance', `/api/requests/${request.id}/events`)
    expect(JSON.stringify(body).match(/"type":/g)).toHaveLength(1)
    expect(slack.calls).toHaveLength(calls)
  })

  const stale = 'f'.repeat(32)
  const other = (more: object) => async () => send(inField(await reviewing(request, more)))
  const asBody = async (body: string, sending: Sending = {}) => send(body, sending)

  test.each<[string, number, () => Promise<Answer>]>([
    ['without a signature', 401, async () => stack.call(null, '/api/slack', inField(await reviewing(request)))],
    ['of another secret', 401, async () => send(inField(await reviewing(request)), { secret: stale })],
    ['of five minutes ago', 401, async () => send(inField(await reviewing(request)), { age: 305_000 })],
    ['of the future', 401, async () => send(inField(await reviewing(request)), { age: -305_000 })],
    ['of another app', 401, other({ api_app_id: 'A0000000002' })],
    ['of another workspace', 401, other({ team: { id: 'T0000000002' } })],
    ['of a whole organisation', 401, other({ team: null, enterprise: { id: 'E0000000001' } })],
    ['that asks whether the address is ours, unsigned', 401, async () => challenge({ secret: stale })],
    [
      'with a form in JSON’s name',
      400,
      async () => asBody(inField({}), { headers: { 'content-type': 'application/json' } }),
    ],
    ['with JSON in a form’s name', 400, async () => asBody('{"type":"block_actions"}')],
    ['of no type', 400, async () => asBody('payload=%7B%7D', { headers: { 'content-type': 'text/plain' } })],
    ['with two payloads', 400, async () => asBody(`${inField({})}&${inField({})}`)],
    ['without a body', 400, async () => asBody('')],
    ['that is too large', 413, async () => asBody(inField({ more: 'x'.repeat(300_000) }))],
    ['that is far too large', 413, async () => asBody('x'.repeat(2_000_000))],
    ['with half a character', 400, async () => asBody('payload=%7B%22type%22%3A%22%C3%22%7D')],
    ['with half a surrogate pair', 401, async () => asBody(`payload=${encodeURIComponent('{"type":"\\ud800"}')}`)],
  ])('%s', async (_what, status, call) => {
    const answer = await call()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
  })

  test('by another method', async () => {
    expect((await stack.call(null, '/api/slack')).status).toBe(404)
  })
})

const challenge = (sending: Sending = {}): Promise<Answer> =>
  send(JSON.stringify({ type: 'url_verification', token: 'x', challenge: 'c'.repeat(40) }), {
    headers: { 'content-type': 'application/json' },
    ...sending,
  })

test('Slack is told that the address is ours', async () => {
  expect(await challenge()).toMatchObject({ status: 200, body: { challenge: 'c'.repeat(40) } })
})

test('an event that comes again, also before its first try, is answered once', async () => {
  const event = JSON.stringify({
    ...{ type: 'event_callback', api_app_id: slackApp.appId, team_id: slackApp.teamId, event_id: `Ev${randomUUID()}` },
    event: { type: 'app_mention', user, channel: slackChannel, text: '<@U00B> help', ts: '1772625600.000777' },
  })
  const json = { 'content-type': 'application/json' }
  const again = (number: number) => ({
    ...json,
    'x-slack-retry-num': String(number),
    'x-slack-retry-reason': 'timeout',
  })
  const answers = [
    await send(event, { headers: again(2) }),
    await send(event, { headers: again(1) }),
    await send(event, { headers: json }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(slack.messages(slackChannel).filter(({ thread }) => thread === '1772625600.000777')).toHaveLength(1)
})
