/**
 * One process of a deployment: the real app with all its functions, on a storage and a sign-in that all processes
 * share. member.ts starts it and sends it orders by IPC. It ends with its parent.
 */
import { createServer } from 'node:http'
import { useApp } from '../../src/deployed.ts'
import { instant } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { localTeams } from '../../src/local/bot.ts'
import type { LocalClock } from '../../src/local/clock.ts'
import { type Host, startHost } from '../../src/local/host.ts'
import { listen } from '../../src/local/port.ts'
import { composeLocal } from '../../src/local/stack.ts'
import { captureFunctions, runStartHooks } from '../../src/local/worker.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import type { Order, Report, Settings } from './order.ts'
import { startWitness } from './witness.ts'

const witness = startWitness()
process.once('disconnect', () => process.exit(0))
// Its parent decides when it ends. Ctrl-C in a terminal goes to all processes.
process.on('SIGINT', () => undefined)

async function main(settings: Settings): Promise<void> {
  const functions = captureFunctions()
  let offset = settings.offset
  const clock: LocalClock = {
    now: () => instant(Date.now() + offset),
    isMoved: () => offset !== 0,
    advance: async (seconds) => void (offset += seconds * 1000),
  }
  const cards = readCards('cards')
  const { app } = await composeLocal({
    ...{ data: settings.data, cards, clock, baseUrl: settings.baseUrl },
    policy: await loadPolicy(settings.policy, cards),
    azurite: settings.azurite,
    identity: settings.identity,
    teams: localTeams(process.env, null),
    failed: (cause) => send({ failed: wordsOf(cause) }),
  })
  useApp(app)
  const server = createServer()
  await listen(server, 0)
  await import('../../functions/main.ts')
  await runStartHooks()
  const log = (level: string, name: string, text: string) => {
    if (level === 'error' || level === 'critical') send({ failed: `${name}: ${text}` })
  }
  const host = await startHost({ functions, server, folder: process.cwd(), ticking: false, log })
  process.on('message', (order: Order) => void answer(order, host, clock, app.stop))
  send({ ready: host.origin })
}

async function answer(order: Order, host: Host, clock: LocalClock, stop: () => void): Promise<void> {
  try {
    send({ n: order.n, result: await obey(order, host, clock, stop) })
  } catch (cause) {
    send({ n: order.n, error: String(cause) })
  }
}

async function obey(order: Order, host: Host, clock: LocalClock, stop: () => void): Promise<unknown> {
  switch (order.kind) {
    case 'advance':
      return clock.advance(order.seconds)
    case 'timer':
      return host.runTimer(order.name)
    case 'witness':
      return witness()
    case 'close':
      stop()
      return host.close()
  }
}

/** Words an error. A problem's code comes first, because some problems are passing. */
function wordsOf(cause: unknown): string {
  const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  return cause instanceof Problem ? `${cause.code}: ${words}` : words
}

const send = (report: Report): void => void process.send?.(report)

main(JSON.parse(process.argv[2] ?? '{}') as Settings).catch((cause: unknown) => {
  process.stderr.write(`app: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`)
  process.exit(1)
})
