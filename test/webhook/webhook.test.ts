import { createHash } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Agent } from 'node:https'
import { Webhook } from 'standardwebhooks'
import canonicalize from 'canonicalize'
import { HTTP } from 'cloudevents'
import { type Hex, sha256 } from '../../src/core/data/id.ts'
import { instant, milliseconds } from '../../src/core/data/instant.ts'
import type { OutgoingEvent } from '../../src/exports/outgoingEvent.ts'
import { callHook, type Dial, publicDial } from '../../src/webhook/hookCall.ts'
import { webhook, type WebhookParts, webhookRetries, type WebhookSettings } from '../../src/webhook/webhook.ts'
import { goldenEvents } from '../exports/goldenEvents.ts'
import { certificateFor } from '../support/certificate.ts'
import { type HookAnswer, type HookReceiver, startReceiver, takesAll } from '../support/hookReceiver.ts'

const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`
const by = { origin: 'approvals.contoso.example/evidence', version: '0.1.0' }
const host = 'approvals.contoso.example'
const golden = goldenEvents()

let receiver: HookReceiver
let secrets: readonly string[]

beforeEach(async () => {
  receiver = await startReceiver()
  secrets = [secretOf(1)]
})

afterEach(() => receiver.close())

const sinkTo = (settings: Partial<WebhookSettings> = {}, parts: Partial<WebhookParts> = {}) =>
  webhook(
    { name: 'siem', url: receiver.url, rawData: true, deliverAnyway: false, ...settings },
    {
      ...{ secrets: async () => secrets, by, host, dial: receiver.dial },
      clock: { now: () => instant(Date.now()) },
      ...parts,
    },
  )

const send = (events: readonly OutgoingEvent[] = golden.slice(0, 1), consent?: Hex, sink = sinkTo()) =>
  sink.send(events, consent)

const allowed = () => sha256(receiver.url)

describe('a receiver', () => {
  test('verifies each event with the reference library, and computes its leaf hash again', async () => {
    const { taken } = await send(golden)
    expect(taken).toBe(20)
    const posts = receiver.posts()
    expect(posts.map(({ headers }) => headers['webhook-id'])).toEqual(
      golden.slice(0, taken).map(({ event }) => `${event.shard}-${event.seq}`),
    )
    for (const { headers, body, path } of posts) {
      expect(path).toBe('/events')
      expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8')
      expect(headers['webhook-request-origin']).toBe(host)
      const event = new Webhook(secretOf(1)).verify(body, headers as Record<string, string>) as Record<string, unknown>
      expect(HTTP.toEvent({ headers, body })).toMatchObject({ id: headers['webhook-id'] })
      const leaf = canonicalize(event['data']) ?? ''
      const hash = createHash('sha256').update(Buffer.concat([Buffer.from([0]), Buffer.from(leaf)]))
      expect(event['leafhash']).toBe(hash.digest('hex'))
    }
  })

  test('is asked first whether it wants events of this host, once', async () => {
    const { consent } = await send()
    const [first] = receiver.seen
    expect(first).toMatchObject({ method: 'OPTIONS', headers: { 'webhook-request-origin': host } })
    expect(consent).toBe(allowed())
    await send(golden.slice(1, 3), consent)
    expect(receiver.seen.map(({ method }) => method)).toEqual(['OPTIONS', 'POST', 'POST', 'POST'])
  })

  test('is asked again at another address', async () => {
    await send(golden.slice(0, 1), sha256('https://hooks.contoso.example/before'))
    expect(receiver.seen[0]?.method).toBe('OPTIONS')
  })

  test.each<[string, HookAnswer]>([
    ['knows nothing of the question', { status: 404 }],
    ['takes no OPTIONS', { status: 405 }],
    ['answers without the header', { status: 200 }],
    ['allows another host', { status: 200, headers: { 'webhook-allowed-origin': 'other.example' } }],
    ['allows part of a name', { status: 200, headers: { 'webhook-allowed-origin': 'contoso.example' } }],
    ['refuses, with the header', { status: 403, headers: { 'webhook-allowed-origin': '*' } }],
  ])('that %s is sent nothing, unless the administrator says so', async (_how, answer) => {
    receiver.answer = (call) => (call.method === 'OPTIONS' ? answer : takesAll(call))
    expect(await send()).toEqual({ taken: 0, failure: { why: 'not-allowed' } })
    expect(receiver.posts()).toEqual([])
    expect(await send(golden.slice(0, 1), undefined, sinkTo({ deliverAnyway: true }))).toEqual({ taken: 1 })
    expect(receiver.seen.filter(({ method }) => method === 'OPTIONS')).toHaveLength(1)
  })

  test.each(['*', host, `other.example, ${host}`, host.toUpperCase()])('allows by %s', async (value) => {
    receiver.answer = ({ method }) => ({
      status: 200,
      headers: method === 'OPTIONS' ? { 'webhook-allowed-origin': value } : {},
    })
    expect(await send()).toMatchObject({ taken: 1 })
  })

  test('that was configured so gets no leaf', async () => {
    await send(golden.slice(1, 2), allowed(), sinkTo({ rawData: false }))
    const event = JSON.parse(receiver.posts()[0]?.body ?? '') as Record<string, unknown>
    expect(event).toMatchObject({ id: '07-2', type: 'countersign.requested.v1' })
    expect(Object.keys(event)).not.toEqual(expect.arrayContaining(['data']))
    expect(JSON.stringify(event)).not.toContain('33333333-0000-4000-8000-000000000000')
  })

  test('gets the events of one run over one connection', async () => {
    await send(golden.slice(0, 5), allowed())
    expect(receiver.connections()).toBe(1)
    await send(golden.slice(5, 7), allowed())
    expect(receiver.connections()).toBe(2)
  })
})

describe('an answer', () => {
  test.each<[HookAnswer, object]>([
    [{ status: 500 }, { why: 'refused' }],
    [{ status: 400 }, { why: 'refused' }],
    [{ status: 401 }, { why: 'not-permitted' }],
    [{ status: 403 }, { why: 'not-permitted' }],
    [{ status: 410 }, { why: 'gone', isFinal: true }],
    [{ status: 429 }, { why: 'throttled' }],
    [
      { status: 429, headers: { 'retry-after': '7' } },
      { why: 'throttled', retryAfter: 7 },
    ],
    [{ status: 503, headers: { 'retry-after': 'soon' } }, { why: 'throttled' }],
    [{ status: 304 }, { why: 'redirected' }],
    ['reset', { why: 'no-answer' }],
    ['hang', { why: 'no-answer' }],
    ['garbage', { why: 'no-answer' }],
  ])('%j ends the run after the events before it', async (answer, failure) => {
    receiver.answer = (call) => (call.headers['webhook-id'] === '07-3' ? answer : takesAll(call))
    const dial = { ...receiver.dial, patience: answer === 'hang' ? 500 : 15_000 }
    const sink = sinkTo({}, { dial })
    expect(await send(golden.slice(0, 5), allowed(), sink)).toEqual({ taken: 2, failure, consent: allowed() })
    // A kept connection that is closed may have been closed before the call: that is tried again, once.
    const ids = receiver.posts().map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual(['07-1', '07-2', '07-3', ...(answer === 'reset' ? ['07-3'] : [])])
  })

  test('with a date says from when on to come again', async () => {
    const at = milliseconds(instant(Date.parse('2026-03-04T12:00:00.000Z')))
    receiver.answer = () => ({ status: 503, headers: { 'retry-after': 'Wed, 04 Mar 2026 12:02:00 GMT' } })
    const clock = { now: () => instant(at) }
    expect(await send(golden, allowed(), sinkTo({}, { clock }))).toMatchObject({ failure: { retryAfter: 120 } })
  })

  test.each([301, 302, 303, 307, 308])('%d is a failure, and is not followed', async (status) => {
    const elsewhere = await startReceiver()
    try {
      receiver.answer = () => ({ status, headers: { location: elsewhere.url } })
      expect(await send(golden, allowed())).toMatchObject({ taken: 0, failure: { why: 'redirected' } })
      expect(elsewhere.seen).toEqual([])
      expect(receiver.seen).toHaveLength(1)
    } finally {
      await elsewhere.close()
    }
  })

  test('with an endless body counts by its status', async () => {
    receiver.answer = () => 'endless'
    expect(await send(golden.slice(0, 2), allowed())).toMatchObject({ taken: 2 })
  })

  test('to the question that is none is a failure of the same kind', async () => {
    receiver.answer = () => ({ status: 410 })
    expect(await send()).toEqual({ taken: 0, failure: { why: 'gone', isFinal: true } })
    receiver.answer = () => ({ status: 302, headers: { location: 'https://hooks.contoso.example/x' } })
    expect(await send()).toEqual({ taken: 0, failure: { why: 'redirected' } })
  })
})

describe('the address', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['this machine', ['127.0.0.1']],
    ['a private network', ['10.0.0.4']],
    ['the metadata of the cloud', ['169.254.169.254']],
    ['the host of a virtual machine in Azure', ['168.63.129.16']],
    ['an IPv4 address inside of an IPv6 address', ['::ffff:10.0.0.4']],
    ['NAT64', ['64:ff9b::a00:4']],
    ['6to4', ['2002:a00:4::1']],
    ['a public and a private address', ['20.50.2.1', '10.0.0.4']],
    ['nothing', []],
  ]
  test.each(cases)('that leads to %s is not called', async (_where, addresses) => {
    receiver.addresses = () => addresses
    expect(await send()).toEqual({ taken: 0, failure: { why: 'not-public' } })
    expect(receiver.connections()).toBe(0)
  })

  test('is looked up at each run: a name that leads elsewhere later is not called there', async () => {
    let answers: readonly string[] = ['20.50.2.1']
    receiver.addresses = () => answers
    expect(await send(golden.slice(0, 2), allowed())).toMatchObject({ taken: 2 })
    answers = ['127.0.0.1']
    expect(await send(golden.slice(2, 4), allowed())).toMatchObject({ taken: 0, failure: { why: 'not-public' } })
    expect(receiver.posts()).toHaveLength(2)
  })

  test('is connected to as it was checked: the name is asked once for a connection', async () => {
    let asked = 0
    receiver.addresses = () => (asked++ === 0 ? ['20.50.2.1'] : ['127.0.0.1'])
    expect(await send(golden.slice(0, 3), allowed())).toMatchObject({ taken: 3 })
    expect(asked).toBe(1)
  })

  test('that cannot be looked up is a failure', async () => {
    const dial: Dial = { ...receiver.dial, resolve: async () => Promise.reject(new Error('ENOTFOUND')) }
    expect(await send(golden, allowed(), sinkTo({}, { dial }))).toMatchObject({ failure: { why: 'no-answer' } })
  })

  test('of this machine is refused by the agent that a deployment has, before it connects', async () => {
    const server = createServer(certificateFor('localhost'), (_req, res) => void res.end())
    let connections = 0
    server.on('connection', () => (connections += 1))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const agent = publicDial.agent()
    const call = { method: 'POST', url: `https://localhost:${port}/`, headers: {}, body: '{}' } as const
    await expect(callHook(call, publicDial, agent)).rejects.toMatchObject({ code: 'ENOTPUBLIC' })
    expect(connections).toBe(0)
    agent.destroy()
    await new Promise((done) => server.close(done))
  })

  test('has to prove its name', async () => {
    const other = { ...receiver.dial, agent: () => new Agent({ keepAlive: true }) }
    const dial: Dial = { ...receiver.dial, agent: () => Object.assign(other.agent(), pinnedTo(receiver)) }
    const url = receiver.url.replace('hooks.', 'other.')
    expect(await send(golden, sha256(url), sinkTo({ url }, { dial }))).toMatchObject({ failure: { why: 'no-answer' } })
    expect(receiver.seen).toEqual([])
  })
})

/** The connections of the receiver's own agent, for whatever name. */
const pinnedTo = ({ dial }: HookReceiver) => ({
  createConnection: (...args: readonly unknown[]) =>
    (dial.agent() as unknown as { createConnection: (...all: readonly unknown[]) => unknown }).createConnection(
      ...args,
    ),
})

describe('the secret', () => {
  test('that was changed signs together with the one before', async () => {
    secrets = [secretOf(2), secretOf(1), secretOf(3)]
    await send(golden.slice(0, 1), allowed())
    const [{ body, headers } = { body: '', headers: {} }] = receiver.posts()
    for (const fill of [1, 2])
      expect(new Webhook(secretOf(fill)).verify(body, headers as Record<string, string>)).toBeTruthy()
    expect(() => new Webhook(secretOf(3)).verify(body, headers as Record<string, string>)).toThrow()
  })

  test.each<[string, () => Promise<readonly string[]>]>([
    ['cannot be read', async () => Promise.reject(new Error('The vault does not answer.'))],
    ['has another form', async () => ['a word']],
    ['is not there', async () => []],
  ])('that %s stops the sending, and is said', async (_what, read) => {
    const failure = { why: 'no-secret' }
    expect(await send(golden, allowed(), sinkTo({}, { secrets: read }))).toEqual({ taken: 0, failure })
    expect(receiver.seen).toEqual([])
  })
})

test('an event is tried for 75 hours and 35 minutes', () => {
  expect(webhookRetries).toHaveLength(9)
  expect(webhookRetries.reduce((sum, one) => sum + one, 0)).toBe((75 * 60 + 35) * 60 + 5)
})
