import { AsyncLocalStorage } from 'node:async_hooks'
import { Client, type Progress, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { version } from '../../package.json'
import type { JsonObject } from '../core/data/json.ts'
import { Exit, exits } from '../cli/exit.ts'
import type { ServerConfig } from './config.ts'
import type { ToolResult } from './answer.ts'

/** A server behind the gateway. */
export interface Upstream {
  readonly name: string
  /** Connects, if there is no connection. @throws {Exit} 69, naming the server */
  readonly ready: () => Promise<void>
  /** Asks the server for its tools. */
  readonly list: () => Promise<readonly Tool[]>
  /** Calls a tool once. @throws what the protocol or the connection answers in place of a result */
  readonly call: (call: UpstreamCall) => Promise<ToolResult>
  /** Ends the connection, and the process if this program started it. */
  readonly close: () => Promise<void>
}

interface UpstreamCall {
  readonly tool: Tool
  readonly args: JsonObject
  readonly signal: AbortSignal
  readonly progress?: ((progress: Progress) => void) | undefined
}

export interface UpstreamEvents {
  /** The tools may be others than before: the server says so, or is another process. */
  readonly changed: () => void
}

/** Milliseconds that a tool may take without a sign of progress. */
const patience = 600_000

/** Milliseconds after which a server that does not know the newer protocol is spoken to in the older one. */
const probe = 10_000

type Transport = Parameters<Client['connect']>[0]

/** Stands for one server. The connection is made when it is first needed, and again after it has ended. */
export function upstream(
  { name, at }: Pick<ServerConfig, 'name' | 'at'>,
  { changed }: UpstreamEvents,
  transport: () => Transport = () => transportTo(at),
): Upstream {
  let connected: Promise<Client> | null = null
  let isClosed = false
  let connections = 0

  const connect = async (): Promise<Client> => {
    const client = new Client(
      { name: 'countersign-mcp', version },
      {
        versionNegotiation: { mode: 'auto', probe: { timeoutMs: probe } },
        // A second round would call the tool again.
        inputRequired: { autoFulfill: false },
        listChanged: { tools: { autoRefresh: false, onChanged: changed } },
      },
    )
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK has a property for it alone
    client.onclose = () => {
      connected = null
    }
    try {
      await client.connect(transport())
    } catch (cause) {
      connected = null
      await client.close().catch(() => undefined)
      throw new Exit(exits.unreachable, `The MCP server ${name} cannot be reached: ${reasonOf(cause)}.`)
    }
    if (++connections > 1) changed()
    return client
  }
  const client = async (): Promise<Client> => {
    if (isClosed) throw new Exit(exits.unreachable, `The MCP server ${name} was closed.`)
    return (connected ??= connect())
  }

  return {
    name,
    ready: async () => void (await client()),
    list: async () => (await (await client()).listTools(undefined, { cacheMode: 'refresh' })).tools,
    call: async (call) => callOnce(await client(), call),
    close: async () => {
      isClosed = true
      const open = await connected?.catch(() => null)
      connected = null
      await open?.close()
    },
  }
}

/**
 * Calls a tool. With a definition at hand, the SDK does not call a second time after an error. Results pass as they are,
 * so that the gateway does not hold them against the schema of the tool: hosts do.
 */
async function callOnce(client: Client, { tool, args, signal, progress }: UpstreamCall): Promise<ToolResult> {
  const { outputSchema: _, ...definition } = tool
  const answer = await untilStreamEnds((ended) =>
    client.callTool(
      { name: tool.name, arguments: args },
      {
        signal: AbortSignal.any([signal, ended]),
        ...{ timeout: patience, resetTimeoutOnProgress: true, allowInputRequired: true },
        toolDefinition: definition,
        ...(progress && { onprogress: progress }),
      },
    ),
  )
  return answer as ToolResult
}

/** The call that a message is sent for. */
const calling = new AsyncLocalStorage<() => void>()

/** Says when the answer to a call ends. The SDK goes on waiting for a result that cannot come any more. */
class HttpTransport extends StreamableHTTPClientTransport {
  override send(...[message, options]: Parameters<StreamableHTTPClientTransport['send']>): Promise<void> {
    const onRequestStreamEnd = calling.getStore()
    return super.send(message, onRequestStreamEnd ? { ...options, onRequestStreamEnd } : options)
  }
}

/** Milliseconds that a result which came with the end of its stream may take to be read. */
const lastRead = 1_000

/** Aborts a call whose answer has ended without a result. */
async function untilStreamEnds<T>(work: (ended: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    timer ??= setTimeout(() => ended.abort(new Error('The answer ended without a result.')), lastRead)
  }
  try {
    return await calling.run(end, () => work(ended.signal))
  } finally {
    clearTimeout(timer)
  }
}

/** A process gets the variables of its configuration and those that programs need, and no credentials of the gateway. */
function transportTo(at: ServerConfig['at']): Transport {
  if ('url' in at) return new HttpTransport(at.url, { requestInit: { headers: { ...at.headers } } })
  const [command, ...args] = at.command
  return new StdioClientTransport({ command, args, env: { ...getDefaultEnvironment(), ...at.env }, stderr: 'inherit' })
}

/** Messages of the SDK may hold an address with a token; codes do not. */
function reasonOf(cause: unknown): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' || typeof code === 'number' ? String(code) : 'the connection failed'
}
