import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  type McpHttpHandler,
  type McpServerFactory,
  originValidationResponse,
} from '@modelcontextprotocol/server'
import { Exit, exits } from '../cli/exit.ts'
import type { Doorkeeper } from './entra.ts'

export interface HttpParts {
  readonly port: number
  /** The address to listen on. */
  readonly listen: string
  readonly path: string
  /** Without it any program on this machine may call, and no page in a browser. */
  readonly doorkeeper: Doorkeeper | null
  readonly build: McpServerFactory
  readonly say: (line: string) => void
}

export interface HttpGateway {
  readonly port: number
  /** Tells hosts that the tools changed. */
  readonly changed: () => void
  readonly close: () => Promise<void>
}

/** Bytes of a call. The arguments of an action are far smaller. */
const mostBytes = 4 * 1024 * 1024

/** @throws {Exit} 78 if the port cannot be used */
export async function serveHttp(parts: HttpParts): Promise<HttpGateway> {
  const handler = createMcpHandler(parts.build, { maxRequestBodySize: mostBytes })
  const server = createServer((req, res) => {
    answer(parts, handler, req, res).catch((cause: unknown) => {
      // A host that has gone ends its connection in the middle of an answer.
      if (!res.destroyed) parts.say(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
      if (!res.headersSent) res.writeHead(500)
      res.end()
    })
  })
  await listening(server, parts)
  return {
    port: (server.address() as AddressInfo).port,
    changed: () => handler.notify.toolsChanged(),
    close: async () => {
      await handler.close()
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

function listening(server: HttpServer, { port, listen }: HttpParts): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      failed(new Exit(exits.usage, `--http: port ${port} of ${listen} cannot be used (${cause.code}).`)),
    )
    server.listen(port, listen, done)
  })
}

async function answer(
  parts: HttpParts,
  handler: McpHttpHandler,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  res.on('close', () => {
    if (!res.writableFinished) gone.abort()
  })
  const request = requestOf(req, gone.signal)
  if (request === null) {
    res.writeHead(400).end()
    return
  }
  await write(await answerTo(parts, handler, request), res)
}

async function answerTo(
  { doorkeeper, path }: HttpParts,
  { fetch }: McpHttpHandler,
  request: Request,
): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (doorkeeper === null) {
    // A page in a browser could reach this address by a name of its own (DNS rebinding).
    const refused =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins())
    if (refused) return refused
    return pathname === path ? fetch(request) : new Response(null, { status: 404 })
  }
  if (pathname === doorkeeper.path && request.method === 'GET') return Response.json(doorkeeper.metadata)
  if (pathname !== path) return new Response(null, { status: 404 })
  const caller = await doorkeeper.caller(request.headers.get('authorization'))
  if (caller instanceof Response) return caller
  return fetch(request, { authInfo: { token: '', clientId: caller, scopes: [] } })
}

/** `null` for a request that names no valid address or has an invalid header. */
function requestOf(req: IncomingMessage, signal: AbortSignal): Request | null {
  const { method = 'GET', url = '/', rawHeaders } = req
  try {
    const headers = new Headers()
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
    const body = method === 'GET' || method === 'HEAD' ? null : (Readable.toWeb(req) as ReadableStream<Uint8Array>)
    const address = new URL(url, `http://${req.headers.host ?? 'localhost'}`)
    return new Request(address, { method, headers, signal, ...(body && { body, duplex: 'half' as const }) })
  } catch {
    return null
  }
}

async function write(response: Response, res: ServerResponse): Promise<void> {
  res.writeHead(response.status, Object.fromEntries(response.headers))
  if (response.body === null) res.end()
  else await pipeline(Readable.fromWeb(response.body), res)
}
