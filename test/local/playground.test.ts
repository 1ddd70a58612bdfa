import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { tenantId, users } from '../../src/local/accounts.ts'
import { channelsIn, type Playground, startPlayground } from '../../src/local/playground.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { until } from '../support/until.ts'

const approvals = '19:approvals@thread.tacv2'
const channels = [approvals, '19:compliance@thread.tacv2', '19:platform@thread.tacv2', '19:payments@thread.tacv2']
const nobody = 'http://127.0.0.1:9/api/messages'

let folder: string
let playground: Playground
/** What was heard of its pages. */
const changes: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  const more = { person: 'security-1', page: (change: string) => void changes.push(change) }
  playground = await startPlayground({ port: 0, folder, messagesUrl: nobody, channels, ...more })
})
afterAll(async () => {
  await playground.close()
  await expect(playground.ended).resolves.toBeNull()
  await rm(folder, { recursive: true, force: true })
})

const members = (channel: string) =>
  fetch(`${playground.connectorUrl}/v3/conversations/${encodeURIComponent(channel)}/members`)

test('people of the tenant are in the channel, with the object ids that the policy names', async () => {
  const known = (await (await members(approvals)).json()) as { objectId: string; tenantId: string }[]
  const ids = known.map(({ objectId }) => objectId)
  for (const name of ['dba-1', 'dba-2', 'security-1', 'security-2', 'owner'])
    expect(ids).toContain(users.find((user) => user.name === name)?.oid)
  for (const one of known) expect(one.tenantId).toBe(tenantId)
  expect((await members('19:elsewhere@thread.tacv2')).status).toBe(404)
})

/** Posts into a channel as the bot does. */
const post = (channel: string) =>
  fetch(`${playground.connectorUrl}/v3/conversations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      isGroup: true,
      channelData: { channel: { id: channel } },
      activity: { type: 'message', text: 'x' },
    }),
  })

test('every channel of the policy exists, and another one does not, as in Teams', async () => {
  for (const channel of channels) expect([channel, (await post(channel)).status]).toEqual([channel, 201])
  expect((await post('19:elsewhere@thread.tacv2')).status).toBe(404)
})

test('a page that is opened and left is heard of', async () => {
  const socket = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const key = { 'sec-websocket-key': Buffer.alloc(16).toString('base64') }
  const before = changes.length
  expect(await get('/_ws_conversation/v1/conversations/stream', { ...socket, ...key })).toBe(101)
  await until(
    () => changes.slice(before),
    (heard) => heard.length === 2,
  )
  expect(changes.slice(before)).toEqual(['opened', 'left'])
})

test('the playground is not reachable from another machine', async () => {
  const { port } = new URL(playground.url)
  const ours = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const outside = ours.filter(({ internal, family }) => !internal && family === 'IPv4')
  for (const { address } of [...outside, { address: '127.0.0.2' }])
    await expect(reached(address, Number(port))).resolves.toBe('ECONNREFUSED')
  await expect(reached('127.0.0.1', Number(port))).resolves.toBe('connected')
})

test.each([
  ['its own page', {}, 200],
  ['its own page, by name', { host: 'localhost', origin: 'http://localhost' }, 200],
  ['a page of another local program', { host: '127.0.0.1:56150', origin: 'http://127.0.0.1:3000' }, null],
  ['a page from elsewhere', { origin: 'https://evil.example' }, null],
  ['a page from nowhere', { origin: 'null' }, null],
  ['a name that leads here', { host: 'evil.example' }, null],
])('the playground answers only to this machine: %s', async (_who, headers, expected) => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const socket = { ...upgrade, 'sec-websocket-key': Buffer.alloc(16).toString('base64') }
  expect(await get('/', headers)).toBe(expected)
  expect(await get('/_ws/log/stream', { ...socket, ...headers })).toBe(expected === null ? null : 101)
})

test('the playground reports why it did not start', async () => {
  const other = join(folder, 'other')
  const start = startPlayground({ port: 0, folder: other, messagesUrl: nobody, channels: [], person: 'nobody' })
  await expect(start).rejects.toThrow(/Teams client, did not start: .*currentUser/s)
})

test("the playground's channels are those of the policy: of the groups, then of compliance", async () => {
  expect(channelsIn(await loadPolicy('policy', new Map()))).toEqual([approvals, '19:compliance@thread.tacv2'])
})

/** How an attempt to connect ends. */
const reached = (host: string, port: number): Promise<string | undefined> =>
  new Promise((done) => {
    const socket = connect({ host, port }, () => done('connected'))
    socket.once('error', (cause: NodeJS.ErrnoException) => done(cause.code))
    socket.once('connect', () => socket.destroy())
  })

/** The status of an answer; `null` if there is none. */
const get = (path: string, headers: Record<string, string>): Promise<number | null> =>
  new Promise((done) => {
    const call = request(playground.url + path, { headers, agent: false }, (answer) => {
      answer.resume()
      done(answer.statusCode ?? null)
    })
    call.once('upgrade', (answer, socket) => {
      socket.destroy()
      done(answer.statusCode ?? null)
    })
    call.once('error', () => done(null))
    call.end()
  })
