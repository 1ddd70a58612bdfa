import '../runtime/quickWasm.ts'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join, relative } from 'node:path'
import type { App } from '../app.ts'
import { useApp } from '../deployed.ts'
import type { Handler } from '../http/boundary.ts'
import { readCards } from '../runtime/folder.ts'
import { backgroundLine } from '../runtime/log.ts'
import { compiledFile, formatCompiled, readCompiled } from '../policy/compiled.ts'
import { type LoadedPolicy, loadPolicy } from '../policy/load.ts'
import type { Policy } from '../ports/policy.ts'
import { traced, traceFrom } from '../runtime/trace.ts'
import { type LocalStorage, startAzurite } from './azurite.ts'
import { localTeams } from './bot.ts'
import { localClock } from './clock.ts'
import { control, removeStackFile, writeStackFile } from './control.ts'
import { type Host, startHost } from './host.ts'
import { type Identity, startIdentity } from './identity.ts'
import { lockData } from './lock.ts'
import { type Log, openLog } from './log.ts'
import { naming, withIds } from './naming.ts'
import { Pages } from './pages.ts'
import { channelsIn, type Playground, startPlayground } from './playground.ts'
import { checkPorts, listen, loopback } from './port.ts'
import { type LocalSettings, localSettings, usage, UsageError } from './settings.ts'
import { localSinks } from './sinks.ts'
import { composeLocal } from './stack.ts'
import { welcome } from './welcome.ts'
import { captureFunctions, runStartHooks } from './worker.ts'

/** The running parts, in the order in which they were started. */
const running: { close(): Promise<void> }[] = []
let stopping: Promise<void> | undefined

/** Settles when the stack runs, or has not started, for a caller who loads this file in a process that goes on. */
export const ended: Promise<void> = main().catch(async (cause: unknown) => {
  process.stderr.write(`countersign: ${withIds(cause instanceof Error ? cause.message : String(cause))}\n`)
  await stop()
  process.exit(cause instanceof UsageError ? 78 : 1)
})

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    process.stdout.write(usage)
    return
  }
  const settings = localSettings(process.env, args)
  const end = () =>
    void stop().then(() => {
      say(`stopped; data kept in ${place(settings.data)}`)
      process.exit(0)
    })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  await start(settings, end)
}

async function start(settings: LocalSettings, end: () => void): Promise<void> {
  const { data, ports } = settings
  await mkdir(data, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new Error(`COUNTERSIGN_DATA: the folder cannot be created: ${String(cause)}`, { cause })
  })
  running.push(await lockData(data))
  await checkPorts(Object.values(ports))
  say('starting storage, sign-in, the API and the Teams client …')
  const sinks = await localSinks(settings.sinksFile)
  const cards = readCards('cards')
  const policy = await policyOf(settings, cards)
  const clock = localClock(data)
  const log = openLog(data)
  const failed = (name: string) => (cause: unknown) => log('error', name, backgroundLine(cause))
  const secret = randomBytes(16).toString('hex')
  const door = notYet()
  const baseUrl = `http://${loopback}:${await listen(door, ports.api.port)}`
  running.push({ close: async () => void door.close() })
  const pages = new Pages(failed('background'))
  const [azurite, playground] = await Promise.all([storage(settings), teamsClient(settings, baseUrl, policy, pages)])
  const identity: Identity = await startIdentity({
    port: ports.identity.port,
    dataDir: data,
    failed: failed('identity'),
    control: control(secret, {
      ...{ identity: () => identity, clock, sweep: asRun(sweep), seal: asRun(() => seal()), stop: end },
    }),
  })
  running.push(identity)
  const { app, seal } = await composeLocal({
    data,
    policy,
    cards,
    baseUrl,
    azurite,
    identity,
    clock,
    ...choicesOf(settings),
    sinks,
    failed: failed('background'),
    teams: localTeams(process.env, playground?.connectorUrl ?? null),
    ...(settings.slack && { slack: settings.slack }),
    pages,
  })
  async function sweep(): Promise<number> {
    const swept = await app.approvals.sweep()
    await app.delivery?.sweep()
    await app.sinks?.sweep()
    return swept
  }
  useApp({ ...app, api: mapped(app.api, naming) })
  const host = await serve(door, settings, log, playground)
  running.push({ close: async () => app.stop() })
  await writeStackFile(data, { api: host.origin, identity: identity.origin, secret, pid: process.pid })
  const folders = { data: place(data), rules: place(settings.policy) }
  const moved = clock.isMoved() ? clock.now() : null
  process.stdout.write(`${welcome({ api: baseUrl, identity, azurite, playground, policy, moved, ...folders })}ready\n`)
}

/** The policy, compiled if it is not yet: a second start finds it compiled. */
async function policyOf(
  { data, policy: folder, policyRef }: LocalSettings,
  cards: ReadonlyMap<string, Uint8Array>,
): Promise<LoadedPolicy> {
  const compiled = join(data, compiledFile)
  const policy = await loadPolicy(folder, cards, { ref: policyRef, compiled: await readCompiled(compiled) })
  await writeFile(compiled, formatCompiled(policy.compiled))
  return policy
}

/** What the stack does beside what each does. */
const choicesOf = ({ backup, authzen, witnesses, stepUp }: LocalSettings) => ({
  ...{ backup, authzen, witnesses },
  ...(stepUp !== undefined && { stepUp }),
})

const mapped = (api: App['api'], wrap: (handler: Handler) => Handler): App['api'] =>
  Object.fromEntries(Object.entries(api).map(([name, handler]) => [name, wrap(handler)])) as App['api']

/** Runs as a timer does, with a trace of its own. */
const asRun =
  <T>(run: () => T) =>
  (): T =>
    traced(traceFrom(null), run)

const place = (folder: string): string => relative(process.cwd(), folder) || '.'

async function storage({ data, ports, storage: given }: LocalSettings): Promise<LocalStorage> {
  if (given) {
    running.push({ close: () => removeStackFile(data) })
    return given
  }
  const azurite = await startAzurite({
    folder: join(data, 'storage'),
    ports: { blobs: ports.blobs.port, queues: ports.queues.port, tables: ports.tables.port },
  })
  running.push(azurite, { close: () => removeStackFile(data) })
  void azurite.ended.then(async (reason) => {
    if (reason === null) return
    process.stderr.write(`countersign: ${reason.message}\n`)
    await stop()
    process.exit(1)
  })
  return azurite
}

/** Starts the Teams client. Its end is reported and stops no other part, since the stack works without it. */
async function teamsClient(
  { data, ports, person }: LocalSettings,
  baseUrl: string,
  policy: Policy,
  pages: Pages,
): Promise<Playground | null> {
  const { port } = ports.playground ?? {}
  if (port === undefined) return null
  const playground = await startPlayground({
    port,
    folder: join(data, 'playground'),
    messagesUrl: `${baseUrl}/api/messages`,
    channels: channelsIn(policy),
    person,
    page: (change) => pages[change](),
  })
  running.push(playground)
  void playground.ended.then((reason) => reason && say(reason.message))
  return playground
}

/** Registers and serves the same functions as a deployment. */
async function serve(
  server: Server,
  { ticking }: LocalSettings,
  log: Log,
  playground: Pick<Playground, 'url'> | null,
): Promise<Host> {
  const functions = captureFunctions()
  await import('../../functions/main.ts')
  await runStartHooks()
  // The bot's gate needs no token here, so a page of another local program must not reach it through a browser.
  const pages = new Map([
    ['messages', playground ? [playground.url, playground.url.replace(loopback, 'localhost')] : []],
  ])
  const host = await startHost({ functions, server, folder: process.cwd(), ticking, log, pages })
  running.push(host)
  return host
}

/** Stops the parts in the opposite order, the storage last, so that no acknowledged write is lost. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const part of running.reverse()) await part.close().catch((cause: unknown) => say(String(cause)))
  })()
  return stopping
}

/** Holds the API's port from the start, because other parts get its address before the API answers. */
const notYet = (): Server => createServer((_req, res) => res.writeHead(503, { 'retry-after': '1' }).end())

const say = (text: string): void => void process.stderr.write(`countersign: ${text}\n`)
