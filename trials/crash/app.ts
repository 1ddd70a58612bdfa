/**
 * The app that is killed: real adapters on a real storage, in a process of its own, which takes orders by IPC. A
 * process that survives its run is used again on the next storage, because a new process spends most of its start
 * loading code.
 */
import { createServer } from 'node:http'
import { useApp } from '../../src/deployed.ts'
import { instant } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { tenantId } from '../../src/local/accounts.ts'
import type { Azurite } from '../../src/local/azurite.ts'
import { botAppId } from '../../src/local/bot.ts'
import { type HostOptions, startHost } from '../../src/local/host.ts'
import type { Identity } from '../../src/local/identity.ts'
import type { OcsfSinkSettings } from '../../src/azure/ocsfSink.ts'
import { listen } from '../../src/local/port.ts'
import type { LocalGitHub } from '../../src/local/gitHubApp.ts'
import type { LocalSlack } from '../../src/local/slackApp.ts'
import { composeLocal } from '../../src/local/stack.ts'
import { clouds } from '../../src/runtime/cloud.ts'
import { captureFunctions, runStartHooks } from '../../src/local/worker.ts'
import { backgroundLine } from '../../src/runtime/log.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { gate } from '../../src/teams/inbound/gate.ts'

export interface Given {
  /** The app's folder, for keys. */
  readonly data: string
  readonly azurite: Pick<Azurite, 'tablesUrl' | 'blobsUrl' | 'account' | 'key'>
  readonly identity: Pick<Identity, 'graphUrl' | 'issuer' | 'jwksUri'>
  /** The service URL of the Bot Connector. */
  readonly connector: string
  /** The address of the keys of Teams. */
  readonly botKeys: string
  /** The app of Slack. Absent without Slack. */
  readonly slack?: LocalSlack
  /** The GitHub App. */
  readonly gitHub: LocalGitHub
  /** The folder of the policy, which says in which rooms requests are shown. */
  readonly policy: string
  /** The sinks, which write lines into the storage. */
  readonly sinks: readonly OcsfSinkSettings[]
  /** Milliseconds by which the app's clock is ahead. */
  readonly ahead: number
}

/** An order to the app, which answers when it has carried the order out. */
export type Order =
  /** Starts on this storage, in place of the app before. */
  | { readonly kind: 'open'; readonly given: Given }
  /** Sets the clock, and runs all timers except the one that seals. */
  | { readonly kind: 'sweep'; readonly ahead: number }
  | { readonly kind: 'seal'; readonly ahead: number }
  /** Waits until no delivery is under way, and no sink is sent anything. */
  | { readonly kind: 'idle' }

/**
 * A message of the app: its address, the result of an order, or an error that it would log. A passing error is one of a
 * storage that took too long, as happens on a busy machine.
 */
export type Report =
  | { readonly origin: string }
  | { readonly done: number; readonly result: unknown }
  | { readonly failed: number; readonly words: string; readonly isPassing: boolean }
  | { readonly error: string; readonly isPassing: boolean }

/** The address that grants name. It stays the same after a restart, although the port does not. */
const baseUrl = 'http://countersign.test'

const send = (report: Report): void => void process.send?.(report)
const isPassing = (cause: unknown): boolean => cause instanceof Problem && cause.status === 503
const words = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))

interface Open {
  readonly order: (order: Exclude<Order, { kind: 'open' }>) => Promise<unknown>
  readonly close: () => Promise<void>
}

/** Composes the app anew, as a start does. The app before must be closed. */
async function open(functions: HostOptions['functions'], given: Given): Promise<Open> {
  const { data, azurite, identity, connector, botKeys, slack, gitHub, sinks } = given
  let { ahead } = given
  let isOpen = true
  const complain = (error: string, cause?: unknown) => isOpen && send({ error, isPassing: isPassing(cause) })
  const cards = readCards('cards')
  const { app, seal } = await composeLocal({
    ...{ data, cards, baseUrl, azurite, identity, sinks },
    policy: await loadPolicy(given.policy, cards),
    ...{ gitHub, ...(slack && { slack }) },
    clock: { now: () => instant(Date.now() + ahead) },
    teams: { serviceUrl: connector, gate: gate({ botAppId, tenantId, jwksUri: botKeys, bots: clouds.public.bots }) },
    failed: (cause) => complain(backgroundLine(cause), cause),
  })
  useApp(app)
  await runStartHooks()
  // Longer than any caller rests: a connection that is closed while a caller sends looks like a crash.
  const server = createServer({ keepAliveTimeout: 120_000 })
  await listen(server, 0)
  const log = (level: string, name: string, text: string) => level === 'error' && complain(`${name}: ${text}`)
  const host = await startHost({ functions, server, folder: process.cwd(), ticking: false, log })
  const idle = async () => Promise.all([app.delivery?.idle(), app.sinks?.idle()])
  send({ origin: host.origin })
  return {
    async order(order) {
      if (order.kind === 'idle') return idle()
      ;({ ahead } = order)
      if (order.kind === 'seal') return seal()
      await app.approvals.sweep()
      await app.delivery?.sweep()
      await app.sinks?.sweep()
      return idle()
    },
    async close() {
      isOpen = false
      app.stop()
      await host.close()
    },
  }
}

async function main(): Promise<void> {
  const functions = captureFunctions()
  await import('../../functions/main.ts')
  let current: Open | null = null
  async function obey(order: Order): Promise<unknown> {
    if (order.kind !== 'open') return current?.order(order)
    await current?.close()
    current = await open(functions, order.given)
    return null
  }
  process.on('message', ({ number, order }: { number: number; order: Order }) => {
    obey(order).then(
      (result) => send({ done: number, result: result ?? null }),
      (cause: unknown) => send({ failed: number, words: words(cause), isPassing: isPassing(cause) }),
    )
  })
}

process.on('disconnect', () => process.exit())
main().catch((cause: unknown) => {
  process.stderr.write(words(cause))
  process.exit(1)
})
