import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

interface Message {
  readonly what: string
  readonly more: unknown
}

/** Messages of the app in hosted.ts that no test has read yet. */
let received: Message[] = []
let folder = ''
let app: ChildProcess
let origin = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-'))
  await build({
    entryPoints: [join(__dirname, 'hosted.ts')],
    outfile: join(folder, 'hosted.cjs'),
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', external: ['@azure/functions-core'] },
  })
  await start('quiet')
})
afterAll(async () => {
  app.kill()
  await rm(folder, { recursive: true })
})

test('a function gets parameters, query, headers and body, and its answer is sent', async () => {
  const response = await fetch(`${origin}/items/a%2Fb?q=1`, {
    method: 'POST',
    body: 'text',
    headers: { 'x-sent': 'x' },
  })
  expect(response.status).toBe(201)
  expect(response.headers.get('x-seen')).toBe('x')
  await expect(response.json()).resolves.toEqual({ params: { id: 'a/b' }, query: '1', text: 'text' })
})

test('literal text wins over a parameter, without regard to case', async () => {
  await expect((await fetch(`${origin}/Items/SPECIAL`)).text()).resolves.toBe('special')
})

test('the rest of a path is one parameter', async () => {
  await expect((await fetch(`${origin}/files/a/b`)).json()).resolves.toEqual({ rest: 'a/b' })
})

test.each([
  ['an unknown route', '/unknown', 'GET'],
  ['a known route with another method', '/refuse', 'DELETE'],
  ['a path that cannot be decoded', '/items/%ff', 'GET'],
])('%s is 404', async (_what, path, method) => {
  expect((await fetch(origin + path, { method })).status).toBe(404)
})

test.each([
  ['this machine', {}, 201],
  ['this machine, by name', { host: 'localhost:7071' }, 201],
  ['a name that leads here', { host: 'evil.example' }, 400],
  ['a name that leads here, with a port', { host: 'evil.example:7071' }, 400],
  ['an address of the network', { host: '192.168.1.7:7071' }, 400],
  ['a name that begins like this machine', { host: '127.0.0.1.evil.example' }, 400],
  ['a name with a user', { host: 'localhost@evil.example' }, 400],
  ['a page of this machine', { origin: 'http://localhost:3000' }, 201],
  ['a page from elsewhere', { origin: 'https://evil.example' }, 400],
])('the host answers only for this machine: %s', async (_who, headers, expected) => {
  expect(await statusOf('/items/a', headers)).toBe(expected)
})

test.each([
  ['its page', { origin: 'http://127.0.0.1:56150' }, 200],
  ['no page', {}, 200],
  ['a page of another local program', { origin: 'http://127.0.0.1:3000' }, 400],
  ['the same page, encrypted', { origin: 'https://127.0.0.1:56150' }, 400],
  ['a page without an address', { origin: 'null' }, 400],
])('a function that has pages of its own is called by no others: %s', async (_who, headers, expected) => {
  expect(await statusOf('/items/special', headers)).toBe(expected)
})

test.each(['throws', 'nothing'])('a function that %s is answered with an empty 500 and logged', async (name) => {
  const response = await fetch(`${origin}/${name}`)
  expect(response.status).toBe(500)
  await expect(response.text()).resolves.toBe('')
  expect(await hear('error')).toMatchObject({ name })
})

test('bodies stream, both ways at once', async () => {
  const { asked, answered } = post('/echo')
  asked.write('one')
  const answer = (await answered)[Symbol.asyncIterator]()
  expect(String((await answer.next()).value)).toBe('one')
  asked.end('two')
  expect(String((await answer.next()).value)).toBe('two')
  expect((await answer.next()).done).toBe(true)
})

test.each(['refuse', 'refuse-late'])('a function may answer before the body was read: %s', async (name) => {
  const { asked, answered } = post(`/${name}`)
  const closed = once(asked, 'close')
  asked.end(Buffer.alloc(20_000_000))
  const response = await answered
  expect(response.statusCode).toBe(413)
  response.resume()
  await closed
})

test('a client that leaves while it sends ends the body with an error', async () => {
  const { asked, answered } = post('/echo')
  asked.write('one')
  const response = await answered
  asked.on('error', () => undefined)
  response.on('error', () => undefined)
  asked.destroy()
  await hear('left')
  expect((await fetch(`${origin}/items/special`)).status).toBe(200)
})

test('a client that leaves while it is answered cancels the answer', async () => {
  const leaving = new AbortController()
  const response = await fetch(`${origin}/endless`, { signal: leaving.signal })
  await response.body?.getReader().read()
  leaving.abort()
  await hear('cancelled')
})

test('timers run on demand', async () => {
  app.send({ order: 'run', name: 'tick' })
  await hear('tick')
  await hear('ran')
})

test('a timer on demand rejects as its function does, or if it is unknown', async () => {
  app.send({ order: 'run', name: 'broken' })
  await expect(hear('failed')).resolves.toContain('broken')
  app.send({ order: 'run', name: 'unknown' })
  await expect(hear('failed')).resolves.toContain('unknown')
})

test('day of month and day of week must both match', async () => {
  app.send({ order: 'run', name: 'monthly' })
  const next = new Date(String(await hear('monthly')))
  expect([next.getUTCDate(), next.getUTCDay()]).toEqual([1, 1])
})

test('closing waits for running calls, and accepts no new ones', async () => {
  const running = fetch(`${origin}/slow`)
  await hear('slow')
  app.send({ order: 'close' })
  await refused()
  app.send({ order: 'release' })
  await expect((await running).text()).resolves.toBe('slow')
  if (app.exitCode === null) await once(app, 'exit')
  expect(app.exitCode).toBe(0)
})

test('timers tick by themselves, never twice at once', async () => {
  await start('ticking')
  for (let demanded = 0; demanded < 5; demanded += 1) app.send({ order: 'run', name: 'tick' })
  for (let heard = 0; heard < 6; heard += 1) expect(await hear('tick')).toMatchObject({ together: 1 })
})

async function start(ticking: 'ticking' | 'quiet'): Promise<void> {
  received = []
  app = fork(join(folder, 'hosted.cjs'), [ticking])
  app.on('message', (message) => received.push(message as Message))
  const ready = await hear('ready')
  expect(ready).toEqual({ origin: expect.stringContaining('127.0.0.1'), timers: ['tick', 'monthly', 'broken'] })
  origin = (ready as { origin: string }).origin
}

/** Waits for the app's message `what`. The test's time limit ends the wait. */
async function hear(what: string): Promise<unknown> {
  for (;;) {
    const index = received.findIndex((each) => each.what === what)
    if (index >= 0) return received.splice(index, 1)[0]?.more
    await once(app, 'message')
  }
}

function post(path: string) {
  const asked = request(origin + path, { method: 'POST' })
  const answered = once(asked, 'response').then(([response]) => response as import('node:http').IncomingMessage)
  return { asked, answered }
}

/** The status of a GET with these headers, which fetch would not send. */
const statusOf = (path: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((done, fail) => {
    const asked = request(origin + path, { headers, agent: false }, (answer) => {
      answer.resume()
      done(answer.statusCode)
    })
    asked.once('error', fail).end()
  })

/** Waits until the app no longer listens. */
async function refused(): Promise<void> {
  const status = await fetch(`${origin}/items/special`).then(
    (response) => response.status,
    () => null,
  )
  if (status !== null) await refused()
}
