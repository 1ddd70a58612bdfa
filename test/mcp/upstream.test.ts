import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createMcpHandler, Server } from '@modelcontextprotocol/server'
import { upstream } from '../../src/mcp/upstream.ts'
import { writeFile } from './world.ts'

/** What becomes of a call of a tool: the connection ends in the answer, or the call is sent to another address. */
type Fault = 'breaks' | 'redirects'

let fault: Fault = 'breaks'
let servers: HttpServer[] = []
let calls = 0
const elsewhere: unknown[] = []
const secret = { 'x-api-key': 'the-key', authorization: 'Bearer the-token' }

/** Serves tools over HTTP, and counts how often one is called. */
async function toolServer(): Promise<URL> {
  const handler = createMcpHandler(() => {
    const server = new Server({ name: 'tools', version: '1' }, { capabilities: { tools: {} } })
    server.setRequestHandler('tools/list', () => ({ tools: [writeFile] }))
    return server
  })
  const other = await listening(
    createServer((req, res) => {
      elsewhere.push(req.headers)
      res.end()
    }),
  )
  return listening(
    createServer((req, res) => {
      void (async () => {
        const body = await text(req)
        if (body.includes('"tools/call"')) {
          calls++
          if (fault === 'redirects') return res.writeHead(307, { location: other.href }).end()
          res.writeHead(200, { 'content-type': 'text/event-stream' })
          return res.write('event: message\ndata: {"jsonrpc"', () => res.destroy())
        }
        const headers = Object.entries(req.headers).map(([name, value]) => [name, String(value)] as [string, string])
        const init = { method: req.method ?? 'GET', headers, ...(body && { body }) }
        const answer = await handler.fetch(new Request(new URL(req.url ?? '/', 'http://127.0.0.1'), init))
        res.writeHead(answer.status, Object.fromEntries(answer.headers))
        return res.end(await answer.text())
      })()
    }),
  )
}

async function listening(server: HttpServer): Promise<URL> {
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
}

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  ;[servers, calls] = [[], 0]
})

test.each<[Fault]>([['breaks'], ['redirects']])(
  'a call whose connection %s is made once, and no secret goes elsewhere',
  async (what) => {
    fault = what
    const behind = upstream(
      { name: 'tools', at: { url: await toolServer(), headers: secret } },
      { changed: () => undefined },
    )
    const [tool] = await behind.list()
    if (!tool) throw new Error('There is no tool.')
    await expect(behind.call({ tool, args: {}, signal: AbortSignal.timeout(30_000) })).rejects.not.toMatchObject({
      name: 'TimeoutError',
    })
    expect(calls).toBe(1)
    expect(elsewhere).toEqual([])
    await behind.close()
  },
)
