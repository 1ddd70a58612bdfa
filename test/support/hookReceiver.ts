import type { LookupAddress } from 'node:dns'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, createServer, type RequestOptions, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Duplex, PassThrough } from 'node:stream'
import { connect, type ConnectionOptions } from 'node:tls'
import type { Dial } from '../../src/webhook/hookCall.ts'
import { certificateFor } from './certificate.ts'

/** A call as it arrived at a receiver. */
export interface HookSeen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/**
 * What a receiver answers. `hang` never answers, `reset` drops the connection, `garbage` answers what is not HTTP, and `endless`
 * answers 200 with a body that does not end.
 */
export type HookAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'hang'
  | 'reset'
  | 'garbage'
  | 'endless'

export interface HookReceiver {
  readonly url: string
  /** All calls, oldest first. */
  readonly seen: readonly HookSeen[]
  /** Calls that bear an event, oldest first. */
  readonly posts: () => readonly HookSeen[]
  answer: (call: HookSeen) => HookAnswer
  /** The connections that were made. */
  readonly connections: () => number
  /** Leads to this receiver wherever a name leads; `resolve` says where that is. */
  readonly dial: Dial
  /** Where the name leads. */
  addresses: (name: string) => readonly string[]
  close(): Promise<void>
}

const name = 'hooks.contoso.example'

/** A public address, behind which nobody is asked in tests. */
const somewherePublic = '20.50.2.1'

/** Allows every host, and takes everything. */
export const takesAll = ({ method }: HookSeen): HookAnswer =>
  method === 'OPTIONS' ? { status: 200, headers: { 'webhook-allowed-origin': '*' } } : { status: 204 }

/** Starts a receiver of webhooks: a real server with a certificate of its own. */
export async function startReceiver(): Promise<HookReceiver> {
  const certificate = certificateFor(name)
  const seen: HookSeen[] = []
  let connections = 0
  const server = createServer(certificate, (req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const { method = '', url: path = '', headers } = req
      const call = { method, path, headers, body: Buffer.concat(chunks).toString() }
      seen.push(call)
      const answer = receiver.answer(call)
      if (answer === 'hang') return
      if (answer === 'reset') return void res.destroy()
      if (answer === 'garbage') return void res.socket?.end('a poem, and no HTTP\n')
      if (answer === 'endless') return endless(res.writeHead(200))
      res.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  server.on('secureConnection', () => {
    connections += 1
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const receiver: HookReceiver = {
    url: `https://${name}/events`,
    seen,
    posts: () => seen.filter(({ method }) => method === 'POST'),
    answer: takesAll,
    connections: () => connections,
    addresses: () => [somewherePublic],
    dial: {
      resolve: async (asked) =>
        receiver.addresses(asked).map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
      agent: () => new LocalAgent({ port, ca: certificate.cert }),
      patience: 15_000,
    },
    close: () => close(server),
  }
  return receiver
}

function endless(to: NodeJS.WritableStream): void {
  to.on('close', () => clearInterval(timer)).on('error', () => undefined)
  const timer = setInterval(() => to.write('x'.repeat(16_384)), 1)
}

/** Looks an address up as any agent does, and then connects to a server of this machine. */
export class LocalAgent extends Agent {
  readonly #place: { readonly port: number; readonly ca: string }

  constructor(place: { readonly port: number; readonly ca: string }) {
    super({ keepAlive: true, maxSockets: 1 })
    this.#place = place
  }

  override createConnection(
    { lookup, host, ...others }: RequestOptions,
    done: (error: Error | null, socket: Duplex) => void = () => undefined,
  ): undefined {
    const name = host ?? ''
    lookup?.(name, { all: true }, (error) => {
      if (error) return done(error, new PassThrough())
      done(null, connect({ ...(others as ConnectionOptions), ...this.#place, host: '127.0.0.1', servername: name }))
    })
  }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done))
  server.closeAllConnections()
  await closed
}
