import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call that went over the wire to the tables, and its answer. */
export interface Sent {
  readonly kind: 'transaction' | 'write' | 'read'
  /** Rows that were read. */
  readonly rows: number
  /** Moments of the monotonic clock. */
  readonly began: number
  readonly ended: number
}

/** The way to the tables, watched. */
export interface Wire {
  readonly url: string
  /** What went over it since it was last asked. */
  take(): readonly Sent[]
  close(): Promise<void>
}

/** Listens on loopback, and hands each call on. */
export async function watchWire(target: string): Promise<Wire> {
  const { origin, pathname } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  let sent: Sent[] = []
  const server = createServer((req, res) => {
    const began = performance.now()
    pass(origin, agent, req, res).then(
      (body) => sent.push({ kind: kindOf(req), rows: rowsIn(req, body), began, ended: performance.now() }),
      () => res.destroy(),
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    take() {
      const taken = sent
      sent = []
      return taken
    },
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Reads that were under way together are one round. */
export function roundsOf(sent: readonly Sent[]): number {
  let rounds = 0
  let end = -Infinity
  for (const { began, ended } of sent.toSorted((a, b) => a.began - b.began)) {
    if (began >= end) rounds += 1
    end = Math.max(end, ended)
  }
  return rounds
}

const kindOf = ({ method, url = '' }: IncomingMessage): Sent['kind'] =>
  url.endsWith('$batch') ? 'transaction' : method === 'GET' ? 'read' : 'write'

/** A read that finds nothing reads no row. */
const rowsIn = (req: IncomingMessage, body: string): number =>
  kindOf(req) === 'read' ? (body.match(/"RowKey":/g)?.length ?? 0) : 0

function pass(origin: string, agent: Agent, req: IncomingMessage, res: ServerResponse): Promise<string> {
  return new Promise((done, failed) => {
    const outgoing = request(`${origin}${req.url}`, { method: req.method, headers: req.headers, agent }, (incoming) => {
      res.writeHead(incoming.statusCode ?? 502, incoming.headers)
      let body = ''
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text))
      incoming.on('end', () => res.end(body, () => done(body)))
    })
    outgoing.on('error', failed)
    req.pipe(outgoing)
  })
}
