import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** `hang` never answers, `reset` drops the connection. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | 'hang'
  | 'reset'

export interface Double {
  readonly origin: string
  /** All calls, oldest first. */
  readonly received: readonly Received[]
  close(): Promise<void>
}

/** Starts a real HTTP server that answers as the test says, in place of a service that tests cannot use. */
export async function startDouble(answer: (request: Received) => Answer | Promise<Answer>): Promise<Double> {
  const received: Received[] = []
  const respond = async (req: IncomingMessage, res: ServerResponse) => {
    const request = await receive(req)
    received.push(request)
    send(res, await answer(request))
  }
  const server = createServer((req, res) => void respond(req, res))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () => close(server),
  }
}

async function receive(req: IncomingMessage): Promise<Received> {
  const { method = '', headers, url = '/' } = req
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk)
  return { method, path: pathname, query: searchParams, headers, body: Buffer.concat(chunks).toString() }
}

function send(res: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return
  if (answer === 'reset') {
    res.destroy()
    return
  }
  res.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
  res.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}))
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done))
  server.closeAllConnections()
  await closed
}
