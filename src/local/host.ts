import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { format } from 'node:util'
import { InvocationContext, type Timer } from '@azure/functions'
import * as z from 'zod'
import { inTime } from '../runtime/deadline.ts'
import { send, toRequest } from './exchange.ts'
import { loopback } from './port.ts'
import { findRoute, type Route, route } from './routes.ts'
import { startTimers, type TimerFunction } from './timers.ts'
import type { RegisteredFunction } from './worker.ts'

export interface Host {
  readonly origin: string
  /** The names of the timer functions, for `runTimer`. */
  readonly timers: readonly string[]
  /** Runs a timer function now. Rejects if the function does. */
  runTimer(name: string): Promise<void>
  /** Accepts no more calls, waits up to 10 seconds for those under way, and closes the rest. */
  close(): Promise<void>
}

export interface HostOptions {
  /** The result of `captureFunctions`, after all functions were registered. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>
  /** A server that listens on loopback already. The host takes it over, and closes it in the end. */
  readonly server: Server
  /** The folder of host.json. */
  readonly folder: string
  /** Whether timers run at their times. */
  readonly ticking: boolean
  readonly log: (level: string, name: string, text: string) => void
  /** By function: the origins of the only web pages that may call it. Others may be called by any page of this machine. */
  readonly pages?: ReadonlyMap<string, readonly string[]>
}

type Log = HostOptions['log']

const grace = 10_000

/** Milliseconds for which an idle connection stays open: longer than clients keep theirs. */
const keepAlive = 75_000

const hostJson = z.object({
  extensions: z.object({ http: z.object({ routePrefix: z.string().default('api') }).prefault({}) }).prefault({}),
})

/** Serves HTTP and timer functions on loopback as Azure Functions does, without its Core Tools. */
export async function startHost({ functions, server, folder, ticking, log, pages }: HostOptions): Promise<Host> {
  const all = [...functions.values()]
  const routes = await httpRoutes(all, folder)
  const failed = (name: string, cause: unknown) => log('error', name, format(cause))
  const running = new Set<Promise<unknown>>()
  let closing = false

  function track<Result>(work: Promise<Result>): Promise<Result> {
    const ended = Promise.allSettled([work]).finally(() => running.delete(ended))
    running.add(ended)
    return work
  }
  const run = (each: RegisteredFunction, input: Timer) => track(invoke(each, input, log))
  const timers = startTimers(timerFunctions(all, run), { ticking, failed })
  // Node's default of 5 s closes connections that a client is about to use again.
  server.keepAliveTimeout = keepAlive
  server.removeAllListeners('request').on('request', (req, res) => {
    // Reads the rest of a body that the function left unread; otherwise the connection would stand still.
    res.once('finish', () => req.resume())
    if (closing) res.writeHead(503, { connection: 'close' }).end()
    else void track(serve(req, res, { routes, log, pages: pages ?? new Map() }))
  })

  return {
    origin: originOf(server),
    timers: timers.names,
    runTimer: (name) => timers.run(name),
    async close() {
      closing = true
      timers.stop()
      const closed = new Promise((done) => server.close(done))
      await inTime(Promise.all(running), grace, () => null)
      server.closeAllConnections()
      await closed
    },
  }
}

function originOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port.')
  return `http://${loopback}:${address.port}`
}

async function httpRoutes(all: readonly RegisteredFunction[], folder: string): Promise<Route<RegisteredFunction>[]> {
  const { extensions } = hostJson.parse(JSON.parse(await readFile(join(folder, 'host.json'), 'utf8')))
  const prefix = extensions.http.routePrefix
  return all
    .filter(({ trigger }) => trigger.type === 'httpTrigger')
    .map((each) => route(`${prefix}/${each.trigger.route ?? each.name}`, each.trigger.methods ?? [], each))
}

function timerFunctions(
  all: readonly RegisteredFunction[],
  run: (each: RegisteredFunction, timer: Timer) => Promise<unknown>,
): TimerFunction[] {
  return all.flatMap((each) => {
    const { type, schedule } = each.trigger
    return type === 'timerTrigger' && schedule !== undefined
      ? { name: each.name, schedule, run: (timer: Timer) => run(each, timer) }
      : []
  })
}

interface Served extends Pick<HostOptions, 'log'> {
  readonly routes: readonly Route<RegisteredFunction>[]
  readonly pages: NonNullable<HostOptions['pages']>
}

async function serve(req: IncomingMessage, res: ServerResponse, { routes, log, pages }: Served): Promise<void> {
  const address = `http://${req.headers.host ?? loopback}${req.url ?? '/'}`
  if (req.url?.startsWith('/') !== true || !URL.canParse(address)) {
    res.writeHead(400).end()
    return
  }
  const url = new URL(address)
  if (url.username !== '' || url.password !== '' || !isHere(url.hostname) || isForeignPage(req)) {
    res.writeHead(400).end()
    return
  }
  const found = findRoute(routes, req.method ?? 'GET', url.pathname)
  if (found === null) {
    res.writeHead(404).end()
    return
  }
  const { name } = found.target
  if (req.headers.origin !== undefined && pages.get(name)?.includes(req.headers.origin) === false) {
    res.writeHead(400).end()
    return
  }
  try {
    const result = await invoke(found.target, toRequest(req, url, found.params), log)
    if (!(await send(result, res))) log('information', name, 'The client left before the answer was sent.')
  } catch (cause) {
    log('error', name, format(cause))
    if (res.headersSent) res.destroy()
    else res.writeHead(500).end()
  }
}

/**
 * Whether a name is this machine's. Another one may have been made to lead here, by a web page that wants the browser to
 * take this host for its own.
 */
const isHere = (hostname: string): boolean => [loopback, 'localhost'].includes(hostname)

/** Whether a web page from elsewhere calls. */
function isForeignPage({ headers }: IncomingMessage): boolean {
  const { origin } = headers
  return origin !== undefined && !(URL.canParse(origin) && isHere(new URL(origin).hostname))
}

async function invoke(called: RegisteredFunction, input: unknown, log: Log): Promise<unknown> {
  const context = new InvocationContext({
    invocationId: randomUUID(),
    functionName: called.name,
    logHandler: (level, ...words) => log(level, called.name, format(...words)),
  })
  return called.handler(input, context)
}
