/**
 * The app that is killed: real adapters on a real storage, in a process of its own. It takes orders by IPC. One that
 * outlives its run is opened again on the next storage: most of what a start takes is code that runs for the first time.
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
import { listen } from '../../src/local/port.ts'
import { composeLocal } from '../../src/local/stack.ts'
import { captureFunctions, runStartHooks } from '../../src/local/worker.ts'
import { backgroundLine } from '../../src/runtime/log.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { gate } from '../../src/teams/inbound/gate.ts'

export interface Given {
  /** Its folder, for keys. */
  readonly data: string
  readonly azurite: Pick<Azurite, 'tablesUrl' | 'blobsUrl' | 'account' | 'key'>
  readonly identity: Pick<Identity, 'graphUrl' | 'issuer' | 'jwksUri'>
  /** The service URL of the Bot Connector, and where the keys of Teams are. */
  readonly connector: string
  readonly botKeys: string
  /** Milliseconds that its clock is ahead. */
  readonly ahead: number
}

/** What it is told to do; each is answered when it is done. */
export type Order =
  /** Starts on this storage; the app that it was before is over. */
  | { readonly kind: 'open'; readonly given: Given }
  /** Sets the clock, and lets the timers run but for the one that seals. */
  | { readonly kind: 'sweep'; readonly ahead: number }
  | { readonly kind: 'seal'; readonly ahead: number }
  /** Waits until no delivery is under way. */
  | { readonly kind: 'settle' }

/**
 * What it says: where it listens, that an order was carried out or failed, or what it would log as an error. What is
 * passing is a storage that took too long, as it may on a machine that is busy elsewhere.
 */
export type Told =
  | { readonly origin: string }
  | { readonly done: number; readonly result: unknown }
  | { readonly failed: number; readonly words: string; readonly isPassing: boolean }
  | { readonly error: string; readonly isPassing: boolean }

/** Outlives a restart, though the port does not: grants name it. */
const baseUrl = 'http://countersign.test'

const tell = (told: Told): void => void process.send?.(told)
const isPassing = (cause: unknown): boolean => cause instanceof Problem && cause.status === 503
const words = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))

interface Open {
  readonly order: (order: Exclude<Order, { kind: 'open' }>) => Promise<unknown>
  readonly close: () => Promise<void>
}

/** Builds the app anew, as a start does; what was opened before must be closed. */
async function open(functions: HostOptions['functions'], given: Given): Promise<Open> {
  const { data, azurite, identity, connector, botKeys } = given
  let { ahead } = given
  let isOpen = true
  const complain = (error: string, cause?: unknown) => isOpen && tell({ error, isPassing: isPassing(cause) })
  const cards = readCards('cards')
  const { app, seal } = await composeLocal({
    ...{ data, cards, baseUrl, azurite, identity },
    policy: await loadPolicy('policy', cards),
    clock: { now: () => instant(Date.now() + ahead) },
    teams: { serviceUrl: connector, gate: gate({ botAppId, tenantId, jwksUri: botKeys }) },
    failed: (cause) => complain(backgroundLine(cause), cause),
  })
  useApp(app)
  await runStartHooks()
  // longer than any caller rests: a connection that is closed while somebody sends over it looks like a crash
  const server = createServer({ keepAliveTimeout: 120_000 })
  await listen(server, 0)
  const log = (level: string, name: string, text: string) => level === 'error' && complain(`${name}: ${text}`)
  const host = await startHost({ functions, server, folder: process.cwd(), ticking: false, log })
  tell({ origin: host.origin })
  return {
    async order(order) {
      if (order.kind === 'settle') return app.delivery?.idle()
      ;({ ahead } = order)
      if (order.kind === 'seal') return seal()
      await app.approvals.sweep()
      await app.delivery?.sweep()
      return app.delivery?.idle()
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
      (result) => tell({ done: number, result: result ?? null }),
      (cause: unknown) => tell({ failed: number, words: words(cause), isPassing: isPassing(cause) }),
    )
  })
}

process.on('disconnect', () => process.exit())
main().catch((cause: unknown) => {
  process.stderr.write(words(cause))
  process.exit(1)
})
