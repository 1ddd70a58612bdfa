import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { exportSPKI, importJWK } from 'jose'
import type { JsonObject } from '../../src/core/data/json.ts'
import { type Connector, startConnector } from '../support/connector.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { buttons } from '../cards/drawn.ts'
import {
  channel,
  claimed,
  click,
  seconds,
  serviceUrl,
  startTeams,
  type TeamsDouble,
  typed,
} from '../support/teamsDouble.ts'
import { until } from '../support/until.ts'

const otherTenant = '99999999-9999-4999-8999-999999999999'
const elsewhere = { id: 'a:dba-1', tenantId: otherTenant }

let connector: Connector
let teams: TeamsDouble
let stack: Stack

beforeAll(async () => {
  ;[connector, teams] = await Promise.all([startConnector(), startTeams()])
  const env = { COUNTERSIGN_CONNECTOR: connector.url, COUNTERSIGN_BOT_KEYS: teams.keysUrl, NODE_OPTIONS: witness }
  stack = await startStack({ env })
})

afterAll(async () => {
  await Promise.all([connector.close(), teams.close()])
  await stack.stop()
})

test('no call of an agent loads the Teams client, and the first card does', async () => {
  const restart = { action: 'service.restart', target: 'web-1', environment: 'staging', params: {} }
  const { body } = await stack.call('deploy-bot', '/api/requests', wish(restart))
  const { id, digest, grant } = body
  const path = `/api/requests/${id}`
  const redemption = { grant: grant.token, digest, redemption: '7f1c1b3e-6a35-4b6f-9d5e-1f2a3b4c5d6e' }
  const answers = [
    await stack.call('deploy-bot', path),
    await stack.call('deploy-bot', `${path}/redeem`, redemption),
    await stack.call('deploy-bot', `${path}/outcome`, { result: 'succeeded' }),
    await stack.call('compliance', `${path}/events`),
    await stack.call('compliance', '/api/requests?status=pending'),
    await stack.call(null, '/api/health'),
    await stack.call(null, '/.well-known/jwks.json'),
    await stack.call(null, '/api/openapi.json'),
  ]
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect((await loaded()).filter(isSdk)).toEqual([])
  await asked()
  expect((await loaded()).filter(isSdk)).not.toEqual([])
})

test('while the keys of Teams cannot be fetched, callers get a passing error, and afterwards they are let in', async () => {
  teams.trouble = 'reset'
  const help = async () => post(await teams.token(), typed('dba-1', 'help'))
  const answer = await help()
  expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } })
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(sdkText(answer)).toEqual([])
  expect(connector.calls.filter(({ kind }) => kind === 'send')).toEqual([])
  teams.trouble = null
  await until(help, ({ status }) => status === 200)
  expect(connector.messages('a:dba-1')).toHaveLength(1)
})

describe('a vote that would count with a valid token', () => {
  let request: Answer['body']
  let vote: object
  let before: { events: string; calls: number }
  const sent: string[] = []

  beforeAll(async () => {
    request = await asked()
    const { status, body } = await post(await teams.token(), click('dba-1', 'review', { request: request.id }))
    expect(status).toBe(200)
    const approve = buttons(body.value).find(({ verb }) => verb === 'approve')
    vote = click('dba-1', 'approve', approve?.data as object)
    before = await state()
  })

  /** A card that is brought up to date meanwhile is none of theirs. */
  const state = async () => ({
    events: await events(request),
    calls: connector.calls.filter(({ kind }) => kind !== 'update').length,
  })

  /** 401, and nothing happened: for the vote, and for words that would be answered. */
  async function expectRefused(token: string | null, change: (body: object) => object = (body) => body) {
    if (token !== null) sent.push(token)
    for (const body of [change(vote), change(typed('dba-1', 'help'))]) {
      const answer = await post(token, body)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(Object.keys(answer.body).sort()).toEqual(['code', 'detail', 'instance', 'status', 'title', 'type'])
      expect(answer.body).toMatchObject({ code: 'unauthenticated', detail: await sentence() })
      expect(sdkText(answer)).toEqual([])
    }
    expect(await state()).toEqual(before)
  }

  test('is refused with the real token of an agent or of a person', async () => {
    for (const who of ['deploy-bot', 'other-bot', 'dba-1', 'compliance']) await expectRefused(await stack.token(who))
  })

  test('is refused without a token', () => expectRefused(null))

  test.each(['none', 'None'])('is refused unsigned: alg %s', async (alg) => {
    const unsigned = `${encode({ alg, typ: 'JWT', kid: 'teams' })}.${encode(claimed())}`
    await expectRefused(`${unsigned}.`)
    await expectRefused(`${unsigned}.AAAA`)
  })

  test('is refused with claims that were changed after signing', async () => {
    const [header, , signature] = (await teams.token({ aud: otherTenant })).split('.')
    await expectRefused(`${header}.${encode(claimed())}.${signature}`)
  })

  test('is refused with the public key as a secret', async () => {
    const key = await importJWK(teams.jwk('teams'), 'RS256', { extractable: true })
    const text = `${encode({ alg: 'HS256', typ: 'JWT', kid: 'teams' })}.${encode(claimed())}`
    const secret = await exportSPKI(key as Parameters<typeof exportSPKI>[0])
    await expectRefused(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`)
  })

  test("is refused with the bot's own token, reflected", async () => {
    const own = { iss: `https://sts.windows.net/${otherTenant}/`, aud: 'https://api.botframework.com' }
    await expectRefused(await teams.token(own, {}, 'stranger'))
    await expectRefused(await teams.token(own))
    await expectRefused(await teams.token({ aud: own.aud }))
  })

  test.each<[string, () => Promise<string>]>([
    ['another key of the same name', () => teams.token({}, {}, 'stranger')],
    ['a key that the token brings along', () => teams.token({}, { jwk: teams.jwk('stranger') }, 'stranger')],
    ['an unpublished key', () => teams.token({}, { kid: 'unknown' }, 'stranger')],
    ['a key that is endorsed for another channel', () => teams.token({}, {}, 'webchat')],
    ['a key that is endorsed for none', () => teams.token({}, {}, 'bare')],
    ['an expiry in the past', () => teams.token({ exp: seconds(-3600) })],
    ['no expiry', () => teams.token({ exp: undefined })],
    ['a beginning in the future', () => teams.token({ nbf: seconds(3600) })],
    ['another audience', () => teams.token({ aud: otherTenant })],
    ['no audience', () => teams.token({ aud: undefined })],
    ['another issuer', () => teams.token({ iss: 'https://api.botframework.us' })],
    ['no service URL', () => teams.token({ serviceurl: undefined })],
    ['another service URL', () => teams.token({ serviceurl: serviceUrl.replace('emea', 'amer') })],
  ])('is refused with a token that has %s', async (_fault, token) => expectRefused(await token()))

  test.each<[string, JsonObject]>([
    ['another channel', { channelId: 'webchat' }],
    ['another service URL than the token', { serviceUrl: serviceUrl.replace('emea', 'amer') }],
    ['another tenant', { conversation: elsewhere, channelData: { tenant: { id: otherTenant } } }],
    ['another tenant in its channel data alone', { channelData: { tenant: { id: otherTenant } } }],
    ['another tenant in its conversation alone', { conversation: elsewhere }],
    ['no tenant', { channelData: {}, conversation: { id: 'a:dba-1' } }],
    ['nothing but a type', { channelId: null, serviceUrl: null }],
  ])('is refused as an activity that names %s', async (_what, more) =>
    expectRefused(await teams.token(), (body) => ({ ...body, ...more })),
  )

  test.each(['channelId', 'serviceUrl'])('is refused as an activity without %s', async (field) =>
    expectRefused(await teams.token(), (body) =>
      Object.fromEntries(Object.entries(body).filter(([key]) => key !== field)),
    ),
  )

  test.each([
    'https://evil.example/',
    'https://smba.trafficmanager.net.evil.example/',
    'https://smba.trafficmanager.net@evil.example/',
    'http://smba.trafficmanager.net/emea',
  ])('is refused from another host, though the token says the same: %s', async (url) =>
    expectRefused(await teams.token({ serviceurl: url }), (body) => ({ ...body, serviceUrl: url })),
  )

  test.each([
    ['another scheme', 'Basic YTpi'],
    ['two tokens', 'Bearer e30.e30.e30, Bearer e30.e30.e30'],
    ['parts that are no JSON', 'Bearer AAAA.BBBB.CCCC'],
    ['no token', 'Bearer '],
  ])('is refused with a header that holds %s', async (_what, authorization) => {
    const answer = await stack.call(null, '/api/messages', vote, { authorization })
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated', detail: await sentence() } })
    expect(await state()).toEqual(before)
  })

  test('counts when Teams sends it, and the log has nothing of refused calls', async () => {
    const { status, body } = await post(await teams.token(), vote)
    expect({ status, body }).toMatchObject({ status: 200, body: { statusCode: 200 } })
    expect((await stack.call('deploy-bot', `/api/requests/${request.id}`)).body.status).toBe('approved')
    expect(await events(request)).not.toBe(before.events)
    const log = await readFile(join(stack.data, 'log.jsonl'), 'utf8')
    expect(sent.length).toBeGreaterThan(20)
    expect(sent.filter((token) => log.includes(token.split('.')[1] ?? token))).toEqual([])
    expect(log.split('\n').filter((line) => line.includes('"level":"error"'))).toEqual([])
  })
})

test.each<[string, string, number]>([
  ['text', 'type=invoke', 400],
  ['a list', '[]', 400],
  ['nothing', '', 400],
  ['300 KB', JSON.stringify({ text: 'x'.repeat(300_000) }), 413],
])('a body that is not an activity is refused before its token is checked: %s', async (_what, body, status) => {
  const answer = await stack.call(null, '/api/messages', body, { authorization: `Bearer ${await teams.token()}` })
  expect(answer.status).toBe(status)
  expect(sdkText(answer)).toEqual([])
})

const post = (token: string | null, body: object): Promise<Answer> =>
  stack.call(null, '/api/messages', body, token === null ? {} : { authorization: `Bearer ${token}` })

/** Asks, and waits for the card to lie in the channel, so that nothing else is on its way. */
async function asked(): Promise<Answer['body']> {
  const { status, body } = await stack.call('deploy-bot', '/api/requests', wish())
  expect(status).toBe(201)
  await until(
    () => connector.posts(channel).map((card) => JSON.stringify(connector.shown(card))),
    (cards) => cards.some((card) => card.includes(body.id)),
  )
  return body
}

const events = async ({ id }: { id: string }): Promise<string> =>
  (await stack.call('compliance', `/api/requests/${id}/events`)).body

/** What everybody is told who is refused: whoever forges a token learns nothing from the difference. */
let refusal: Promise<string> | undefined
const sentence = (): Promise<string> =>
  (refusal ??= post(null, typed('dba-1', 'help')).then(({ body }) => String(body.detail)))

/** Words of the libraries that check tokens or talk to Teams, of Node, and of stacks. */
const sdkText = ({ body }: Answer): readonly string[] =>
  JSON.stringify(body).match(
    /jws|jwt|jwk|jose|signature|botbuilder|botframework|zod|fetch failed|econn|\bat .*:\d+|error/gi,
  ) ?? []

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Makes the stack write down, on a signal, which modules it has loaded. */
const witness = `--import data:text/javascript,${encodeURIComponent(`
import { Module } from 'node:module'
import { renameSync, writeFileSync } from 'node:fs'
process.on('SIGUSR2', () => {
  const file = process.env.COUNTERSIGN_DATA + '/modules.json'
  writeFileSync(file + '.new', JSON.stringify(Object.keys(Module._cache)))
  renameSync(file + '.new', file)
})
`).replaceAll("'", '%27')}`

async function loaded(): Promise<readonly string[]> {
  const file = join(stack.data, 'modules.json')
  await rm(file, { force: true })
  stack.process.kill('SIGUSR2')
  await until(() => existsSync(file), Boolean)
  return JSON.parse(await readFile(file, 'utf8')) as string[]
}

const isSdk = (path: string): boolean => /dist\/(teams|cards)\.cjs$/.test(path)
