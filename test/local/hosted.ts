/** A small app in the local host, in a process of its own: host.test.ts bundles and runs it, and talks to it by IPC. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions'
import { startHost } from '../../src/local/host.ts'
import { listen } from '../../src/local/port.ts'
import { captureFunctions } from '../../src/local/worker.ts'

const functions = captureFunctions()
const send = (what: string, more: unknown = null) => process.send?.({ what, more })
const release = new AbortController()
let runs = 0

app.setup({ enableHttpStream: true })

http('item', 'items/{id}', async (request) => ({
  status: 201,
  headers: { 'x-seen': request.headers.get('x-sent') ?? '' },
  jsonBody: { params: request.params, query: request.query.get('q'), text: await request.text() },
}))
http('special', 'items/special', () => ({ body: 'special' }))
http('rest', 'files/{*rest}', (request) => ({ jsonBody: request.params }))
http('refuse', 'refuse', () => ({ status: 413 }))
http('refuse-late', 'refuse-late', async (request) => {
  const reader = request.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  return { status: 413 }
})
http('throws', 'throws', () => {
  throw new Error('a secret')
})
http('nothing', 'nothing', () => undefined as unknown as HttpResponseInit)
http('echo', 'echo', (request) => ({ ...(request.body === null ? {} : { body: watched(request.body) }) }))
http('endless', 'endless', () => ({
  body: new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('first')),
    cancel: () => void send('cancelled'),
  }),
}))
http('slow', 'slow', async () => {
  send('slow')
  await once(release.signal, 'abort')
  return { body: 'slow' }
})

app.timer('tick', {
  schedule: '* * * * * *',
  async handler(timer) {
    runs += 1
    send('tick', { together: runs, next: timer.scheduleStatus.next })
    await new Promise((done) => setImmediate(done))
    runs -= 1
  },
})
app.timer('monthly', {
  schedule: '0 0 0 1 * 1',
  handler: (timer) => void send('monthly', timer.scheduleStatus.next),
})
app.timer('broken', {
  schedule: '0 0 0 1 1 *',
  handler() {
    throw new Error('broken')
  },
})

async function main(): Promise<void> {
  const server = createServer()
  await listen(server, 0)
  const host = await startHost({
    functions,
    server,
    folder: process.cwd(),
    ticking: process.argv[2] === 'ticking',
    log: (level, name, text) => void send(level, { name, text }),
    pages: new Map([['special', ['http://127.0.0.1:56150']]]),
  })
  process.on('message', ({ order, name }: { order: 'release' | 'run' | 'close'; name: string }) => {
    if (order === 'release') release.abort()
    if (order === 'run') void host.runTimer(name).then(send.bind(null, 'ran'), (cause) => send('failed', String(cause)))
    if (order === 'close') void host.close().then(() => process.disconnect())
  })
  send('ready', { origin: host.origin, timers: host.timers })
}

void main()

function http(
  name: string,
  route: string,
  handler: (request: HttpRequest) => HttpResponseInit | Promise<HttpResponseInit>,
): void {
  app.http(name, { route, methods: ['GET', 'POST'], authLevel: 'anonymous', handler })
}

async function* watched(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body
  } catch (cause) {
    send('left', String(cause))
    throw cause
  }
}
