import { setTimeout as pause } from 'node:timers/promises'
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request as it passes. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A fault of a request. */
export type Fault =
  /** The connection breaks before the request arrives. `meanwhile` runs before that. */
  | { readonly kind: 'lost'; readonly meanwhile?: () => Promise<unknown> }
  /** The request is carried out, and its answer is lost. `meanwhile` runs before that. */
  | { readonly kind: 'unanswered'; readonly meanwhile?: () => Promise<unknown> }
  /** The request is carried out, and its answer arrives after `meanwhile`. */
  | { readonly kind: 'late'; readonly meanwhile: () => Promise<unknown> }
  /** The request is carried out twice, and the second answer arrives. */
  | { readonly kind: 'doubled' }
  /** The request arrives late, also if its caller no longer waits. */
  | { readonly kind: 'delayed'; readonly ms: number }
  /** The request does not arrive, and the connection stays open. */
  | { readonly kind: 'hanging' }
  /** Another server answers in place of the target, before the request is carried out or after. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly after?: true
    }
  /** The request is carried out, and the connection breaks in the middle of the answer. */
  | { readonly kind: 'truncated' }
  /** The request is carried out, and the answer gets another body. */
  | { readonly kind: 'garbled'; readonly body: string }
  /** The request is carried out, and the answer gets other headers. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }

/** Gives the fault of each request; `null` for none. */
export type Plan = (call: Call) => Fault | null

export interface FaultProxy {
  /** The target's address through the proxy. */
  readonly url: string
  /** Plans the faults of the next requests. */
  plan(plan: Plan): void
  /** Counts the faults of this kind since the last plan. */
  count(kind: Fault['kind']): number
  /** Resolves when no request is under way any more, also no late one. */
  idle(): Promise<void>
  close(): Promise<void>
}

const noFault: Plan = () => null

/** Gives these faults in order to the requests that match. All other requests pass. */
export function inOrder(faults: readonly Fault[], matches: (call: Call) => boolean = () => true): Plan {
  const left = [...faults]
  return (call) => (matches(call) ? (left.shift() ?? null) : null)
}

/** Listens on loopback and forwards each request to the target, with the planned faults. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { origin, pathname } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const happened: Fault[] = []
  const onTheWay = new Set<Promise<void>>()
  let plan = noFault

  const server = createServer((req, res) => {
    const served = serve(req, res)
      .catch(() => void req.socket.destroy())
      .finally(() => onTheWay.delete(served))
    onTheWay.add(served)
  })
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const call = { method: req.method ?? '', path: req.url ?? '', headers: req.headers, body: await bytes(req) }
    const fault = plan(call)
    if (fault) happened.push(fault)
    const pass = () => send(origin, agent, call)
    switch (fault?.kind) {
      case 'lost':
        await fault.meanwhile?.()
        return void req.socket.destroy()
      case 'hanging':
        return
      case 'status':
        if (fault.after) await pass()
        return void res.writeHead(fault.status, fault.headers).end(fault.body)
      case 'delayed':
        await pause(fault.ms)
        return answer(res, await pass())
      case 'doubled':
        await pass()
        return answer(res, await pass())
      case 'unanswered':
        await pass()
        await fault.meanwhile?.()
        return void req.socket.destroy()
      case 'late': {
        const passed = await pass()
        await fault.meanwhile()
        return answer(res, passed)
      }
      case 'truncated':
        return breakOff(res, await pass())
      case 'garbled': {
        const { status, headers } = await pass()
        return answer(
          res,
          { status: status === 204 ? 200 : status, headers, body: Buffer.from(fault.body) },
          {
            'content-length': String(Buffer.byteLength(fault.body)),
          },
        )
      }
      case 'headers':
        return answer(res, await pass(), fault.headers)
      case undefined:
        return answer(res, await pass())
    }
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${pathname}`,
    plan(next) {
      plan = next
      happened.length = 0
    },
    count: (kind) => happened.filter((fault) => fault.kind === kind).length,
    async idle() {
      await Promise.all(onTheWay)
    },
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const send = (origin: string, agent: Agent, { method, path, headers, body }: Call) =>
  new Promise<Answer>((done, fail) => {
    const outgoing = request(origin + path, { method, headers, agent }, (incoming) => {
      bytes(incoming).then(
        (read) => done({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: read }),
        fail,
      )
    })
    outgoing.on('error', fail).end(body)
  })

function answer(
  res: ServerResponse,
  { status, headers, body }: Answer,
  more: Readonly<Record<string, string>> = {},
): void {
  const { 'transfer-encoding': _chunked, ...kept } = headers
  // The answer to a HEAD has a length and no body.
  res.writeHead(status, { 'content-length': body.length, ...kept, ...more }).end(body)
}

/** Cuts an answer to half of its body, or of its head if it has no body. */
function breakOff(res: ServerResponse, { status, headers, body }: Answer): void {
  const { 'transfer-encoding': _chunked, ...kept } = headers
  if (body.length === 0) return void res.socket?.end(`HTTP/1.1 ${status} OK\r\ncontent-le`)
  res.writeHead(status, { ...kept, 'content-length': body.length })
  res.write(body.subarray(0, body.length / 2), () => res.socket?.destroy())
}

async function bytes(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
