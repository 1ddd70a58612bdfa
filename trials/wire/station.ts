import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions'
import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { type Adapters, type App, compose } from '../../src/app.ts'
import { BlobArchive } from '../../src/azure/archive.ts'
import { TableHolds } from '../../src/azure/holds.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import { TableRepairs } from '../../src/azure/repairs.ts'
import { Alarms } from '../../src/runtime/alarms.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { connectTables, type Tables } from '../../src/azure/tables.ts'
import { drawing } from '../../src/cards/lazyCards.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { boundary } from '../../src/http/boundary.ts'
import type { Caller } from '../../src/http/caller.ts'
import { type OperationName, operations } from '../../src/contract/operations.ts'
import { english } from '../../src/words/english.ts'
import { openAccount, type StorageAccount } from '../../test/support/azurite.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { dba, needs, noon, oid, tool, tools } from '../../test/support/build.ts'
import { Witness } from '../../src/evidence/witness.ts'
import { macsFor } from '../../test/support/fakes/macs.ts'
import { FakeClock, FakeDirectory, fakePolicy } from '../../test/support/fakes.ts'
import { type FaultProxy, type Plan, startFaultProxy } from '../../test/support/faultProxy.ts'
import { agent, newSigner, roster } from '../../test/support/world.ts'
import { ledgerKey } from '../../test/support/fakes/ledgerKey.ts'

export interface Answered {
  readonly status: number
  readonly type: string
  readonly ms: number
  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
  readonly body: any
}

export interface Wanted {
  readonly id?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

/** One process: the real composition with real adapters, called at its HTTP door. */
interface Process {
  readonly app: App
  readonly ledger: TableLedger
  call(name: OperationName, who: Caller, wanted?: Wanted): Promise<Answered>
}

/** A process behind a faulty connection to the storage, another with a good connection, and an agent. */
export interface Station {
  readonly agent: Caller
  readonly behind: Process
  readonly around: Process
  /** Plans the faults of the next calls, to tables and to blobs. */
  plan(plan: Plan): void
  close(): Promise<void>
}

export interface Storage {
  station(): Promise<Station>
  /** The ledger, without faults. */
  readonly ledger: TableLedger
  readonly tablesUrl: string
  /** Connects as another process does, by this address if one is given. */
  tables(url?: string): Tables
  close(): Promise<void>
}

const origin = 'countersign.example/evidence'
export const approver: Caller = {
  kind: 'person',
  id: dba,
  name: 'Dana',
  roles: [],
  client: tool,
  agentic: false,
  contexts: [],
}
export const auditor: Caller = {
  kind: 'person',
  id: oid(61),
  name: 'Aud',
  roles: ['Evidence.Read'],
  client: tool,
  agentic: false,
  contexts: [],
}
/** Seconds of a week, so that no request expires during the trial. */
export const longest = 604_800

/** Starts a storage account in memory for any number of processes. Their time is always noon. */
export async function startStations(): Promise<Storage> {
  const azurite = await openAccount()
  const signer = await newSigner()
  const tables = tablesOf(azurite)
  await prepareLedger(tables, { origin, tenant: oid(100), at: noon })
  await archiveOf(azurite).prepare()
  let number = 1_000
  return {
    ledger: new TableLedger(tables),
    tablesUrl: azurite.tablesUrl,
    tables: (url) => tablesOf(azurite, url),
    async station() {
      const id = oid(number++)
      const [toTables, toBlobs] = await Promise.all([
        startFaultProxy(azurite.tablesUrl),
        startFaultProxy(azurite.blobsUrl),
      ])
      const behind = await processOn(azurite, signer, id, { tables: toTables, blobs: toBlobs })
      const around = await processOn(azurite, signer, id)
      return {
        agent: { kind: 'agent', id, appId: id, roles: ['Actions.Request'] },
        ...{ behind, around },
        plan: (plan) => [toTables, toBlobs].forEach((proxy) => proxy.plan(plan)),
        async close() {
          for (const { app } of [behind, around]) app.stop()
          await Promise.all([toTables.close(), toBlobs.close()])
        },
      }
    },
    close: () => azurite.close(),
  }
}

/** Repeats a call that the storage did not answer in time, as clients do. A busy machine must not fail the trial. */
export async function patiently(call: () => Promise<Answered>): Promise<Answered> {
  for (let left = 10; ; left--) {
    const answer = await call()
    if (answer.status !== 503 || answer.body.code !== 'unavailable' || left === 0) return answer
    await pause(500)
  }
}

/** Repeats a start that the storage did not answer in time, as the app does. */
async function begun<T>(start: () => Promise<T>): Promise<T> {
  for (let left = 10; ; left--)
    try {
      return await start()
    } catch (cause) {
      if (!(cause instanceof Problem && cause.code === 'unavailable') || left === 0) throw cause
      await pause(500)
    }
}

const tablesOf = ({ tablesUrl, account, key }: StorageAccount, url = tablesUrl) =>
  connectTables({ url, credential: new AzureNamedKeyCredential(account, key), ledgerKey, origin })

const archiveOf = ({ blobsUrl, account, key }: StorageAccount, url = blobsUrl) =>
  new BlobArchive({ url, container: 'evidence', credential: new StorageSharedKeyCredential(account, key) })

async function processOn(
  azurite: StorageAccount,
  signer: Signer,
  id: ObjectId,
  through?: Readonly<Record<'tables' | 'blobs', FaultProxy>>,
): Promise<Process> {
  const clock = new FakeClock(noon)
  const directory = new FakeDirectory(clock)
  directory.add(dba)
  const tables = tablesOf(azurite, through?.tables.url)
  const ledger = new TableLedger(tables)
  const [seals, archive, macs] = [new TableSeals(tables), archiveOf(azurite, through?.blobs.url), macsFor(origin)]
  const alarms = new Alarms(() => {})
  const parts = { ledger, seals, archive, macs, clock, failed: alarms.failed, random: randomBytes }
  const witness = await begun(() => Witness.begin(parts))
  const adapters: Adapters = {
    ...{ ledger: witness.ledger, witness, clock, directory, signer, logSigner: signer, origin, macs, seals, archive },
    limits: new TableLimits(tables),
    holds: new TableHolds(tables),
    outbox: new TableOutbox(tables),
    repairs: new TableRepairs(tables),
    policy: fakePolicy(
      roster({
        agents: [agent(id)],
        groups: [{ name: 'dba', members: [dba], channels: [`19:${id}`] }],
        judge: () => needs(undefined, { expires: longest, lapse: longest }),
      }),
    ),
    verifiers: new Map(),
    cards: drawing(readCards('cards'), english),
    callers: async (authorization) => JSON.parse(authorization ?? 'null') as Caller,
    clients: tools,
    alarms,
    baseUrl: 'https://countersign.example',
  }
  const app = compose(adapters)
  return { app, ledger, call: (name, who, wanted) => called(app, name, who, wanted) }
}

async function called(app: App, name: OperationName, who: Caller, wanted: Wanted = {}): Promise<Answered> {
  const { method, path } = operations[name]
  const { id, query = '', headers = {}, body } = wanted
  const url = `https://countersign.example/${path}${query}`
  const nativeRequest = new Request(url, {
    method,
    headers: { ...headers, authorization: JSON.stringify(who) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const params: Record<string, string> = id === undefined ? {} : { id }
  const init = { url, method, params, nativeRequest }
  const context = new InvocationContext({ functionName: name, logHandler: () => undefined })
  const began = performance.now()
  const answer = new HttpResponse(await boundary(name, app.api[name])(new HttpRequest(init), context))
  const ms = performance.now() - began
  const text = Buffer.from(await answer.arrayBuffer()).toString('utf8')
  const type = answer.headers.get('content-type') ?? ''
  return { status: answer.status, type, ms, body: type.includes('json') ? JSON.parse(text) : text }
}
