import { Client, type Tool } from '@modelcontextprotocol/client'
import { type CallToolResult, InMemoryTransport, Server } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { operationNames, operations } from '../../src/contract/operations.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { type ApprovalRequest, contentOf } from '../../src/core/request/request.ts'
import { Countersign } from '../../src/client/countersign.ts'
import { askServer } from '../../src/mcp/askServer.ts'
import { openCatalogue } from '../../src/mcp/catalogue.ts'
import type { GatewayConfig } from '../../src/mcp/config.ts'
import { Gateway } from '../../src/mcp/gateway.ts'
import type { Pins } from '../../src/mcp/pins.ts'
import { sealing } from '../../src/mcp/seal.ts'
import { hostServer } from '../../src/mcp/server.ts'
import { upstream } from '../../src/mcp/upstream.ts'
import type { ToolRule } from '../../src/toolCall/toolRule.ts'
import { type Served, served } from '../http/served.ts'
import { until } from '../support/until.ts'
import { agent, votes } from '../support/world.ts'
import { bot, dba, dba2, needs } from '../support/build.ts'
import type { Roster } from '../support/fakes.ts'

/** A `fetch` that is answered by the real API over fakes at its ports. */
export function serviceFetch({ call }: Pick<Served, 'call'>, answered: string[] = []): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    const [name, params] = operationAt(request.method, url.pathname)
    const body = request.method === 'POST' ? await request.text() : undefined
    const { authorization, ...headers } = Object.fromEntries(request.headers)
    const who = authorization?.replace(/^Bearer /, '') ?? null
    const answering = call(name, who, { params, query: url.search, headers, ...(body !== undefined && { body }) })
    const answer = await Promise.race([answering, aborted(request.signal)])
    if (answer.status !== 503) answered.push(name)
    return new Response(answer.text || null, { status: answer.status, headers: answer.headers })
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, failed) => signal.addEventListener('abort', () => failed(signal.reason as Error)))

function operationAt(method: string, path: string) {
  for (const name of operationNames) {
    const operation = operations[name]
    const pattern = new RegExp(`^/${operation.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
    const found = pattern.exec(path)
    if (operation.method === method && found) return [name, { ...found.groups }] as const
  }
  throw new Error(`There is no operation ${method} ${path}.`)
}

/** Time that passes when a test says so. */
class FakeTimer {
  readonly #waits = new Set<{ readonly ms: number; readonly done: () => void }>()

  readonly after = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((done) => {
      if (signal.aborted) return
      const wait = { ms, done }
      this.#waits.add(wait)
      signal.addEventListener('abort', () => this.#waits.delete(wait), { once: true })
    })

  /** How many waits of this length are under way. */
  count(seconds: number): number {
    return [...this.#waits].filter(({ ms }) => ms === seconds * 1000).length
  }

  /** Ends the waits of this length. */
  pass(seconds: number): void {
    for (const wait of [...this.#waits].filter(({ ms }) => ms === seconds * 1000)) {
      this.#waits.delete(wait)
      wait.done()
    }
  }
}

/** A server of tools that remembers what it was called with. */
interface ToolServer {
  tools: Tool[]
  readonly calls: { readonly name: string; readonly args: unknown }[]
  /** How often it was asked for its tools. */
  listed: number
  /** What it answers; by default the name of the tool. */
  answer: (name: string, args: Record<string, unknown>, signal: AbortSignal) => CallToolResult | Promise<CallToolResult>
  /** Tells the gateway that the tools changed. */
  changed: () => Promise<void>
  /** Ends the connection, as a server that crashes does. */
  gone: () => Promise<void>
  readonly transport: () => InMemoryTransport
}

export const writeFile: Tool = {
  name: 'write_file',
  description: 'Writes a file.',
  inputSchema: {
    type: 'object',
    properties: { path: { type: 'string' }, content: { type: 'string' } },
    required: ['path', 'content'],
  },
  annotations: { destructiveHint: true },
}
export const readFile: Tool = {
  name: 'read_file',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
  annotations: { readOnlyHint: true },
}

function toolServer(tools: Tool[] = [writeFile, readFile]): ToolServer {
  const servers: Server[] = []
  const here: ToolServer = {
    tools,
    calls: [],
    listed: 0,
    answer: (name) => ({ content: [{ type: 'text', text: `did ${name}` }] }),
    changed: async () => {
      for (const server of servers) await server.sendToolListChanged().catch(() => undefined)
    },
    gone: async () => {
      await Promise.all(servers.map((server) => server.close()))
    },
    transport: () => {
      const [ours, theirs] = InMemoryTransport.createLinkedPair()
      serveStdio(build, { transport: theirs })
      return ours
    },
  }
  const build = (): Server => {
    const server = new Server({ name: 'tools', version: '1' }, { capabilities: { tools: { listChanged: true } } })
    servers.push(server)
    server.setRequestHandler('tools/list', () => {
      here.listed++
      return { tools: here.tools }
    })
    server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
      here.calls.push({ name: params.name, args: params.arguments })
      return here.answer(params.name, params.arguments ?? {}, mcpReq.signal)
    })
    return server
  }
  return here
}

export interface GatewayWorld {
  readonly service: Served
  readonly timer: FakeTimer
  readonly server: ToolServer
  readonly said: string[]
  /** The operations that the service answered, in order. */
  readonly answered: string[]
  readonly gateway: Gateway
  /** What the agent itself has, beside the gateway. */
  readonly client: Countersign
  /** Reads a request as the agent does. */
  readonly read: Countersign['read']
  /** Connects a host: of the newer protocol, or of 2025. */
  readonly host: (era?: 'modern' | 'legacy', name?: string) => Promise<Client>
  /** Connects a host that takes tasks, or one that does not say so. */
  readonly taskHost: (takes?: boolean) => Promise<TaskHost>
  /** Connects a host to the server that only asks, waits and reports. */
  readonly asking: () => Promise<Client>
  /** Decides the one pending request. */
  readonly decide: (verdict?: 'approve' | 'deny') => Promise<RequestId>
  /** Makes the one pending request smaller, as a dba. */
  readonly narrow: (params: JsonObject) => Promise<RequestId>
  /** Asks something about the one pending request, as a dba. */
  readonly askBack: (question: string) => Promise<RequestId>
  readonly pending: () => Promise<readonly ApprovalRequest[]>
  /** Another process on the same service and the same key. */
  readonly another: (more?: WorldOptions) => Promise<GatewayWorld>
  readonly close: () => Promise<void>
}

/** Sends a message of the newer protocol, and gives the answer as it is. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
export type TaskHost = (method: string, params: object) => Promise<any>

export interface WorldOptions {
  readonly judge?: Roster['judge']
  readonly rules?: Readonly<Record<string, ToolRule>>
  readonly config?: Partial<Pick<GatewayConfig, 'hold' | 'holds' | 'grace' | 'askReason'>>
  readonly pins?: Pins
  readonly tools?: Tool[]
  /** Who answers questions for the agent. */
  readonly answers?: 'owners' | 'agent' | 'both'
  readonly onBehalfOf?: string
  /** Whether approvers may make smaller what the agent asks for. */
  readonly narrowing?: boolean
  /** Whether a host that gives a call up stops its tool, as over stdio. */
  readonly stopsTool?: boolean
  /** Stands between the gateway and the service. */
  readonly between?: (through: typeof fetch) => typeof fetch
}

/** Reads are allowed, `move` is forbidden, `odd` is in no rule, and all else needs a dba. */
const judged: Roster['judge'] = ({ action }) => {
  if (action.includes('read')) return { outcome: 'allow', rules: ['reads'], grant: 300, lapse: 3600 }
  if (action.includes('move')) return { outcome: 'forbid', rules: ['never-move'] }
  return action.includes('odd') ? { outcome: 'no-policy', rules: [] } : needs()
}

export async function gatewayWorld(options: WorldOptions = {}): Promise<GatewayWorld> {
  const limits = { pending: 500, hourly: 1_000, answered: 100_000 }
  // Without a channel, no channel has too many cards.
  const groups = [{ name: 'dba', members: [dba, dba2], channels: [] }]
  const roster: Partial<Roster> = {
    judge: options.judge ?? judged,
    agents: [agent(bot, { limits, answers: options.answers ?? 'owners', narrowing: options.narrowing ?? false })],
    groups,
  }
  const service = await served(undefined, roster)
  const here = await openWorld(service, toolServer(options.tools), options)
  const close = async () => {
    await here.close()
    // A call that waits at the service would keep the test's process for a minute.
    service.waiting.stop()
  }
  return { ...here, close }
}

type Build = Parameters<typeof serveStdio>[0]

async function connected(build: Build, era: 'modern' | 'legacy', name: string): Promise<Client> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  serveStdio(build, { transport: theirs })
  const mode = era === 'modern' ? 'auto' : 'legacy'
  const host = new Client({ name, version: '1' }, { versionNegotiation: { mode } })
  await host.connect(ours)
  return host
}

/** The SDK's client takes no tasks, so this host speaks message by message. */
async function taskHost(build: Build, takes: boolean): Promise<TaskHost> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  serveStdio(build, { transport: theirs })
  const waits: ((answer: unknown) => void)[] = []
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK has a property for it alone
  ours.onmessage = (message) => {
    if ('id' in message) waits[Number(message.id)]?.(message)
  }
  await ours.start()
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'trial', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': takes ? { extensions: { 'io.modelcontextprotocol/tasks': {} } } : {},
  }
  return (method, params) =>
    new Promise((done) => {
      const id = waits.push(done) - 1
      void ours.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta } })
    })
}

/** What an approver saw who saw all of a request as it is now. */
function seenOf(request: ApprovalRequest) {
  const content = contentOf(request)
  return { via: 'api', digest: request.digest, ...(content !== null && { content }) } as const
}

async function openWorld(service: Served, server: ToolServer, options: WorldOptions): Promise<GatewayWorld> {
  const [timer, said, answered] = [new FakeTimer(), [] as string[], [] as string[]]
  const through = serviceFetch(service, answered)
  const fetch = options.between?.(through) ?? through
  const client = new Countersign({ url: 'https://countersign.example', token: 'agent', fetch })
  const say = (line: string) => void said.push(line)
  const config: GatewayConfig = {
    ...{ file: 'gateway.json', environment: 'production', hold: 45, holds: new Map(), grace: 120, askReason: true },
    servers: [{ name: 'fs', at: { command: ['none'], env: {} }, rules: new Map(Object.entries(options.rules ?? {})) }],
    ...options.config,
  }
  const heard = new Set<() => void>()
  const behind = upstream(config.servers[0], { changed: () => heard.forEach((tell) => tell()) }, server.transport)
  const catalogue = await openCatalogue({ config, upstreams: [behind], pins: options.pins ?? null, say })
  heard.add(() => catalogue.forget())
  const seals = sealing('k'.repeat(32))
  const gateway = new Gateway({ client, catalogue, seals, config, after: timer.after, say })
  const parts = {
    gateway,
    catalogue,
    seals,
    config,
    onBehalfOf: options.onBehalfOf,
    stopsTool: options.stopsTool ?? true,
  }
  const hosts: Client[] = []
  const others: GatewayWorld[] = []

  const theOne = async (): Promise<ApprovalRequest> => {
    const [request] = await until(pending, (found) => found.length === 1)
    if (!request) throw new Error('Nothing is pending.')
    return request
  }
  const pending = async () => {
    const found = await Promise.all((await service.ledger.pending(100)).map((id) => service.ledger.find(id)))
    return found.flatMap((request) => (request ? [request] : []))
  }
  return {
    service,
    timer,
    server,
    said,
    answered,
    gateway,
    client,
    read: (id) => client.read(id),
    host: async (era = 'modern', name = 'trial') => {
      const host = await connected((context) => hostServer(parts, context), era, name)
      hosts.push(host)
      return host
    },
    taskHost: (takes = true) => taskHost((context) => hostServer(parts, context), takes),
    asking: async () => {
      const host = await connected(() => askServer({ client }), 'modern', 'trial')
      hosts.push(host)
      return host
    },
    pending,
    decide: async (verdict = 'approve') => {
      const request = await theOne()
      await service.approvals.decide(request.id, votes(request, dba, { verdict, seen: seenOf(request) }))
      return request.id
    },
    narrow: async (params) => {
      const request = await theOne()
      await service.approvals.narrow(request.id, { approver: dba, edits: { params }, seen: seenOf(request) })
      return request.id
    },
    askBack: async (question) => {
      const { id, digest } = await theOne()
      await service.approvals.askBack(id, { approver: dba, question, seen: { via: 'api', digest } })
      return id
    },
    another: async (more) => {
      const other = await openWorld(service, server, { ...options, ...more })
      others.push(other)
      return other
    },
    close: async () => {
      // A test that fails closes none itself, and their waits would keep the test's process.
      await Promise.all(others.splice(0).map((other) => other.close()))
      await gateway.close()
      await Promise.all(hosts.map((host) => host.close()))
      await behind.close()
    },
  }
}
