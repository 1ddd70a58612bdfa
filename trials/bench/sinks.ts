import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { ExportBlobs } from '../../src/azure/exportBlobs.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { ocsfSink } from '../../src/azure/ocsfSink.ts'
import { sentinelSink } from '../../src/azure/sentinel.ts'
import { TableSinkCursors } from '../../src/azure/sinkCursors.ts'
import type { Tables } from '../../src/azure/tables.ts'
import { shardOf } from '../../src/core/data/id.ts'
import { instant } from '../../src/core/data/instant.ts'
import { tenantId } from '../../src/local/accounts.ts'
import type { Sink } from '../../src/ports/sinks.ts'
import { traced, traceFrom } from '../../src/runtime/trace.ts'
import { Sinks } from '../../src/sinks/sinks.ts'
import type { Dial } from '../../src/webhook/hookCall.ts'
import { webhook } from '../../src/webhook/webhook.ts'
import { LocalAgent } from '../../test/support/hookReceiver.ts'
import { type Bench, crowd, type Figure, figure, inTurns, type Means, share, timed } from './figure.ts'
import { type BenchInstance, startInstance } from './instance.ts'
import { type BenchStorage, origin } from './storage.ts'

const host = 'approvals.contoso.example'
const by = { origin, tenant: tenantId, version: '0.1.0' }
const clock = { now: () => instant(Date.now()) }

/** Asks at once. */
const clients = 16

export const sinks: Bench = {
  about: 'events per second to sinks in another process, from tables; asks with three sinks beside asks without',
  async measure(means) {
    const storage = await means.storage()
    const receivers = await startReceivers()
    try {
      return [...(await sending(means, storage, receivers)), await asking(means, storage, receivers)]
    } finally {
      receivers.close()
    }
  },
}

interface Receivers {
  readonly monitor: string
  readonly dial: Dial
  close(): void
}

async function startReceivers(): Promise<Receivers> {
  const child = fork(join('dist/bench', 'sinkReceivers.mjs'), { execArgv: [] })
  const { monitorPort, hookPort, ca } = await new Promise<{
    readonly monitorPort: number
    readonly hookPort: number
    readonly ca: string
  }>((done) => child.once('message', done as (message: unknown) => void))
  return {
    monitor: `http://127.0.0.1:${monitorPort}`,
    dial: {
      resolve: async () => [{ address: '20.50.2.1', family: 4 }],
      agent: () => new LocalAgent({ port: hookPort, ca }),
      patience: 15_000,
    },
    close: () => void child.kill(),
  }
}

/** One sink of each kind. Each run has names of its own, and so begins with the first event. */
async function threeSinks(storage: BenchStorage, { monitor, dial }: Receivers, run: string) {
  const blobs = new ExportBlobs({
    url: storage.blobsUrl,
    credential: new StorageSharedKeyCredential(storage.account, storage.key),
  })
  await blobs.prepare()
  const secrets = async () => [`whsec_${Buffer.alloc(32, 1).toString('base64')}`]
  const requests = `https://${host}/console/requests/`
  return {
    sentinel: sentinelSink(
      { name: `sentinel-${run}`, endpoint: monitor, rule: `dcr-${'0'.repeat(32)}`, stream: 'Custom-Countersign' },
      {
        credential: { getToken: async () => ({ token: 'a-token', expiresOnTimestamp: 1e15 }) },
        ...{ audience: 'https://monitor.azure.com', by: { ...by, host, requests }, clock },
      },
    ),
    ocsf: ocsfSink({ name: `ocsf-${run}`, rawData: true }, { blobs, by }),
    webhook: webhook(
      { name: `hook-${run}`, url: 'https://hooks.contoso.example/', rawData: true, deliverAnyway: false },
      { secrets, by, host, clock, dial },
    ),
  } as const satisfies Readonly<Record<Sink['kind'], Sink>>
}

function sinksOn(tables: Tables, all: readonly Sink[]): Sinks {
  return new Sinks({
    ...{ sinks: all, cursors: new TableSinkCursors(tables), ledger: new TableLedger(tables), clock },
    ...{ random: randomBytes, pause: (ms: number) => pause(ms, undefined, { ref: false }) },
    failed: console.error,
    noticed: console.error,
  })
}

/** Sends all events that lie in the tables, to a sink of each kind after the other. */
async function sending(means: Means, storage: BenchStorage, receivers: Receivers): Promise<readonly Figure[]> {
  await storage.clear()
  const tables = storage.connect()
  const instance = await startInstance(tables)
  const lives = share(means, 3_000)
  await crowd(lives, clients, async () => instance.live())
  instance.stop()
  const rates: Record<Sink['kind'], number[]> = { sentinel: [], ocsf: [], webhook: [] }
  let number = 0
  await inTurns(means, async (counts) => {
    const three = await threeSinks(storage, receivers, String(number++))
    for (const kind of ['sentinel', 'ocsf', 'webhook'] as const) {
      const one = sinksOn(tables, [three[kind]])
      let sent = 0
      const took = await timed(async () => {
        for (let more = -1; more !== 0; sent += more) more = await one.sweep()
        sent += 1
      })
      if (counts) rates[kind].push((sent / took) * 1000)
    }
  })
  const goal = { of: 'ours', least: 5_000 } as const
  return [
    figure({ name: 'sink, Sentinel', unit: 'events/s', ours: rates.sentinel, goal }),
    figure({ name: 'sink, lines of OCSF', unit: 'events/s', ours: rates.ocsf, goal }),
    figure({ name: 'sink, webhooks', unit: 'events/s', ours: rates.webhook }),
  ]
}

/**
 * Asks for so long into empty tables, with three sinks and without, in turns: the storage in memory is slower the more it
 * holds, so what comes second would lose.
 */
async function asking(means: Means, storage: BenchStorage, receivers: Receivers): Promise<Figure> {
  const [ours, floor]: [number[], number[]] = [[], []]
  let number = 0
  await inTurns(means, async (counts) => {
    const turns = number % 2 === 0 ? [false, true] : [true, false]
    const rates = new Map<boolean, number>()
    for (const hasSinks of turns) {
      const three = hasSinks ? Object.values(await threeSinks(storage, receivers, `ask-${number}`)) : []
      rates.set(hasSinks, await asksWith(means, storage, three))
    }
    number += 1
    if (!counts) return
    ours.push(rates.get(true) ?? Number.NaN)
    floor.push(rates.get(false) ?? Number.NaN)
  })
  const name = `ask, ${clients} clients, with three sinks beside none`
  return figure({ name, unit: 'per s', ours, floor, goal: { of: 'ratio', least: 0.95 } })
}

/** Asks per second. What sinks were not sent by then is sent afterwards, and told. */
async function asksWith(means: Means, storage: BenchStorage, all: readonly Sink[]): Promise<number> {
  await storage.clear()
  const tables = storage.connect()
  const told = sinksOn(tables, all)
  const instance = await startInstance(tables, {
    committed: (request) => {
      const newest = request.events.at(-1)
      if (newest && all.length > 0) told.committed(shardOf(request.id), newest)
    },
  })
  const { rate, processor } = await asksPerSecond(instance, Math.max(2, 20 * means.scale))
  instance.stop()
  const behind = (await told.states()).map(({ kind, lag }) => `${kind} ${lag}`)
  while ((await told.sweep()) > 0);
  await told.idle()
  means.say(
    `${Math.round(rate)} asks per s, each ${processor.toFixed(2)} ms of this process, ${behind.length === 0 ? 'no sinks' : `behind: ${behind.join(', ')} events`}`,
  )
  return rate
}

async function asksPerSecond({ ask }: BenchInstance, seconds: number) {
  const before = process.cpuUsage()
  const end = performance.now() + seconds * 1000
  let asked = 0
  const one = async () => {
    // The service runs every call in a trace, which costs each promise a little; sinks run in those of commits.
    for (; performance.now() < end; asked += 1) await traced(traceFrom(null), ask)
  }
  const took = await timed(() => Promise.all(Array.from({ length: clients }, one)))
  const { user, system } = process.cpuUsage(before)
  return { rate: (asked / took) * 1000, processor: (user + system) / 1000 / asked }
}
