import type { Server } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { isObjectId } from '../core/data/id.ts'
import { Countersign, Misconfigured } from '../client/countersign.ts'
import { Exit, exits } from '../cli/exit.ts'
import type { McpProgram } from '../cli/mcp.ts'
import { failed, type Result } from '../cli/result.ts'
import type { Offline } from '../cli/session.ts'
import { askServer } from './askServer.ts'
import { type Catalogue, openCatalogue } from './catalogue.ts'
import { type GatewayConfig, readGatewayConfig } from './config.ts'
import { doorkeeper } from './entra.ts'
import { Gateway } from './gateway.ts'
import { type HttpGateway, serveHttp } from './http.ts'
import { differences, readPins, writePins } from './pins.ts'
import { policyDraft } from './policyDraft.ts'
import { sealing, sealKey } from './seal.ts'
import { hostServer } from './server.ts'
import { after } from './timer.ts'
import { type Upstream, upstream } from './upstream.ts'

/**
 * Does what `countersign mcp` was asked for. This program has classes of its own, so errors that the other program could
 * not tell apart are made into results here.
 */
export const mcp: McpProgram['mcp'] = async (session) => {
  try {
    return await perform(session)
  } catch (cause) {
    if (cause instanceof Misconfigured) return failed(new Exit(exits.usage, cause.message))
    if (cause instanceof Exit) return failed(cause)
    throw cause
  }
}

const usage = (sentence: string): Exit => new Exit(exits.usage, `${sentence}. See countersign help mcp.`)

async function perform(session: Offline): Promise<Result> {
  const { options, environment } = session
  const [first, second] = options.about
  const port = portOf(options.one('http'))
  if (options.one('ask') !== undefined) {
    if (first !== undefined || port !== undefined) throw usage('--ask takes neither CONFIG nor --http')
    return serveAsk(session)
  }
  if (first === undefined) throw usage('CONFIG is missing')
  if (second === undefined) return serveGateway(session, readGatewayConfig(first, environment), port)
  if (port !== undefined) throw usage(`--http does not belong to mcp ${first}`)
  if (first !== 'policy' && first !== 'pin') throw usage(`"${first}" is neither policy nor pin`)
  const config = readGatewayConfig(second, environment)
  return withServers(config, session, null, async (catalogue) =>
    first === 'policy' ? draft(catalogue) : pin(config, catalogue),
  )
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw usage('--http takes a port, from 0 to 65535')
  return Number(text)
}

async function draft(catalogue: Catalogue): Promise<Result> {
  const text = policyDraft([...(await catalogue.tools()).values()])
  return { exit: exits.ok, lines: [], text: `${text}\n`, to: 'stdout', record: { exit: exits.ok, policy: text } }
}

async function pin(config: GatewayConfig, catalogue: Catalogue): Promise<Result> {
  if (config.pins === undefined)
    throw new Exit(exits.usage, `${config.file}: pins is missing: name the file to write to.`)
  const tools = [...(await catalogue.tools()).values()]
  const now = new Map(tools.map(({ server, name, pin }) => [`${server}/${name}`, pin]))
  const changed = differences(existing(config.pins), now)
  writePins(config.pins, now)
  const lines = changed.length > 0 ? changed : [['', `Nothing changed in ${config.pins}.`] as const]
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, changed: changed.map((one) => [...one]) } }
}

/** A file that is to be written anew may be absent, or hold something else. */
function existing(file: string): ReturnType<typeof readPins> {
  try {
    return readPins(file)
  } catch (cause) {
    if (cause instanceof Exit) return new Map()
    throw cause
  }
}

/** Connects to the servers for as long as the work takes. */
async function withServers<T>(
  config: GatewayConfig,
  { screen }: Offline,
  pins: ReturnType<typeof readPins> | null,
  work: (catalogue: Catalogue, upstreams: readonly Upstream[], heard: Set<() => void>) => Promise<T>,
): Promise<T> {
  const heard = new Set<() => void>()
  const changed = () => heard.forEach((tell) => tell())
  const upstreams = config.servers.map((server) => upstream(server, { changed }))
  try {
    const catalogue = await openCatalogue({ config, upstreams, pins, say: (line) => screen.say(line) })
    heard.add(() => catalogue.forget())
    return await work(catalogue, upstreams, heard)
  } finally {
    await Promise.all(upstreams.map((one) => one.close()))
  }
}

/** Serves hosts until the input ends or a signal comes. */
async function serveGateway(session: Offline, config: GatewayConfig, port: number | undefined): Promise<Result> {
  const { environment, screen } = session
  const end = ending()
  const say = (line: string) => screen.say(line)
  const seals = sealing(sealKey(environment))
  const client = Countersign.fromEnvironment(environment)
  const onBehalfOf = personIn(environment['COUNTERSIGN_ON_BEHALF_OF'])
  const pins = config.pins === undefined ? null : readPins(config.pins)
  if (config.entra && port === undefined)
    throw new Exit(exits.usage, `${config.file}: entra is for --http: a host over stdio has no token.`)
  await withServers(config, session, pins, async (catalogue, _, heard) => {
    const gateway = new Gateway({ client, catalogue, seals, config, after, say })
    const parts = { gateway, catalogue, seals, config, onBehalfOf, stopsTool: port === undefined }
    try {
      if (port === undefined) await overStdio((context) => hostServer(parts, context), heard, end)
      else await overHttp(config, port, (context) => hostServer(parts, context), { heard, end, say })
    } finally {
      await gateway.close()
    }
  })
  return { exit: exits.ok, lines: [], to: 'stderr', record: { exit: exits.ok } }
}

type Build = (context: { readonly era: 'legacy' | 'modern' }) => Server

async function overStdio(build: Build, heard: Set<() => void>, end: Promise<void>): Promise<void> {
  const handle = serveStdio((context) => {
    const server = build(context)
    heard.add(() => void server.sendToolListChanged().catch(() => undefined))
    return server
  })
  await end
  await handle.close()
}

async function overHttp(
  config: GatewayConfig,
  port: number,
  build: Build,
  { heard, end, say }: { heard: Set<() => void>; end: Promise<void>; say: (line: string) => void },
): Promise<void> {
  const keeper = config.entra ? await doorkeeper(config.entra) : null
  const [listen, path] = [config.entra?.listen ?? '127.0.0.1', config.entra?.url.pathname ?? '/mcp']
  const http: HttpGateway = await serveHttp({ port, listen, path, doorkeeper: keeper, build, say })
  heard.add(http.changed)
  say(`MCP gateway on http://${listen}:${http.port}${path}`)
  await end
  await http.close()
}

/** Resolves when the input ends, as when the host has ended, or when a signal asks this program to end. */
function ending(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => done())
    process.stdin.once('end', () => done()).once('close', () => done())
  })
}

function personIn(id: string | undefined): string | undefined {
  if (!id) return undefined
  if (!isObjectId(id)) throw new Exit(exits.usage, 'COUNTERSIGN_ON_BEHALF_OF is the object id of a person, a GUID.')
  return id.toLowerCase()
}

async function serveAsk({ environment }: Offline): Promise<Result> {
  const end = ending()
  const client = Countersign.fromEnvironment(environment)
  const onBehalfOf = personIn(environment['COUNTERSIGN_ON_BEHALF_OF'])
  await overStdio(() => askServer({ client, onBehalfOf }), new Set(), end)
  return { exit: exits.ok, lines: [], to: 'stderr', record: { exit: exits.ok } }
}
