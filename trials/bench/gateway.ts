import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { Server } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { Countersign, keyOf } from '../../src/client/countersign.ts'
import { openCatalogue } from '../../src/mcp/catalogue.ts'
import { Gateway } from '../../src/mcp/gateway.ts'
import { sealing } from '../../src/mcp/seal.ts'
import { hostServer } from '../../src/mcp/server.ts'
import { after } from '../../src/mcp/timer.ts'
import { upstream } from '../../src/mcp/upstream.ts'
import { startStack } from '../../test/support/stack.ts'
import { type Bench, figure, quantile, share, timed } from './figure.ts'

/** What a call through the gateway may cost at most, beside a bare call: so much of the API's own time. */
const most = 1.3

/**
 * Calls a tool that policy allows, through the gateway and bare, and makes the calls to the API that the gateway makes,
 * in turns. The API is that of a local stack, over HTTP, as a gateway calls it.
 */
export const gateway: Bench = {
  about: 'a tool that policy allows, called through the MCP gateway: beside a bare call and the API’s own time',
  async measure(means) {
    const stack = await startStack({ env: { COUNTERSIGN_POLICY: 'examples/tools-policy' } })
    try {
      const client = new Countersign({ url: stack.api, token: await stack.token('deploy-bot') })
      const { bare, gated, close } = await hosts(client)
      const [ours, floor]: [number[], number[]] = [[], []]
      for (let number = -10; number < share(means, 150); number++) {
        const direct = await timed(() => call(bare))
        const api = await timed(() => alone(client, number))
        const through = await timed(() => call(gated))
        // The first ones warm up.
        if (number < 0) continue
        ours.push(through)
        floor.push(direct + most * api)
      }
      await close()
      return [
        figure({
          ...{ name: 'an allowed call through the gateway, against bare call + 1.3 × API', unit: 'ms' },
          ...{ ours: [quantile(ours, 0.5)], floor: [quantile(floor, 0.5)], goal: { of: 'ratio', most: 1 } },
        }),
      ]
    } finally {
      await stack.stop()
    }
  },
}

const args = { path: '/srv/a' }

const call = (host: Client) => host.callTool({ name: 'read_text_file', arguments: args })

/** What the gateway asks of the API for one allowed call: an ask that redeems, and a report. */
const alone = (client: Countersign, number: number) =>
  client.gate(
    {
      ...{ action: 'mcp.fs.read_text_file', target: 'mcp/fs', environment: 'test' },
      params: { server: 'fs', tool: 'read_text_file', arguments: { ...args, number } },
    },
    { reason: 'read_text_file, called over MCP', key: keyOf('bench', String(process.pid), String(number)) },
    () => undefined,
  )

/** A host before a server of tools, and one before the gateway before that server. */
async function hosts(client: Countersign) {
  const build = (): Server => {
    const server = new Server({ name: 'tools', version: '1' }, { capabilities: { tools: {} } })
    server.setRequestHandler('tools/list', () => ({
      tools: [{ name: 'read_text_file', inputSchema: { type: 'object' as const, properties: { path: {} } } }],
    }))
    server.setRequestHandler('tools/call', () => ({ content: [{ type: 'text' as const, text: 'read' }] }))
    return server
  }
  const behind = upstream({ name: 'fs', at: { command: ['none'], env: {} } }, { changed: () => undefined }, () =>
    serving(build),
  )
  const config = {
    ...{ file: 'bench', environment: 'test', hold: 45, holds: new Map<string, number>(), grace: 120, askReason: true },
    servers: [{ name: 'fs', at: { command: ['none'] as const, env: {} }, rules: new Map() }] as const,
  }
  const say = () => undefined
  const catalogue = await openCatalogue({ config, upstreams: [behind], pins: null, say })
  const seals = sealing('k'.repeat(32))
  const gateway = new Gateway({ client, catalogue, seals, config, after, say })
  const parts = { gateway, catalogue, seals, config, stopsTool: true }
  const [bare, gated] = await Promise.all([
    connected(serving(build)),
    connected(serving((context) => hostServer(parts, context))),
  ])
  return { bare, gated, close: () => Promise.all([bare.close(), gated.close(), behind.close(), gateway.close()]) }
}

function serving(build: Parameters<typeof serveStdio>[0]): InMemoryTransport {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  serveStdio(build, { transport: theirs })
  return ours
}

async function connected(transport: InMemoryTransport): Promise<Client> {
  const host = new Client({ name: 'bench', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  await host.connect(transport)
  return host
}
