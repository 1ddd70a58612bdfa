import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../../src/azure/archive.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { connectTables } from '../../src/azure/tables.ts'
import type { Day } from '../../src/core/data/day.ts'
import { Sealing, type SealingParts } from '../../src/evidence/seal/seal.ts'
import { openAccount } from '../support/azurite.ts'
import { root } from '../support/root.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Signer } from '../../src/ports/signer.ts'
import type { Archive } from '../../src/ports/archive.ts'
import type { Seals } from '../../src/ports/seals.ts'
import { oid } from '../support/build.ts'
import { FakeClock } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor } from '../support/fakes/macs.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { memoryTables } from '../support/fakes/table.ts'
import { type Instance, world } from '../support/world.ts'
import { at, day, keepPolicy, logKey, morning, origin, partsOf } from './days.ts'
import { ledgerKey } from '../support/fakes/ledgerKey.ts'

interface Wanted extends Pick<Sealer, 'ledger' | 'seals' | 'archive' | 'clock'> {
  readonly signer: Signer
  /** Another address than Azurite's own. */
  readonly tables: string
  /** As for tables. */
  readonly blobs: string
}

/** One sealer on a storage account, as a process of its own would be. */
export interface Sealer {
  readonly ledger: Ledger
  readonly seals: Seals
  readonly archive: Archive
  readonly clock: FakeClock
  readonly failures: unknown[]
  readonly parts: SealingParts
  run(): Promise<readonly Day[]>
}

export type Account = Awaited<ReturnType<typeof startAccount>>

/**
 * A storage account that is there for one test file. Its tables are Azurite's, or those of this process: a call of them
 * takes a hundredth of the time, but they have no address.
 */
export async function startAccount(spool: string, tablesOf: 'azurite' | 'memory' = 'azurite') {
  const azurite = await openAccount()
  const { tablesUrl, blobsUrl, account, key } = azurite
  const credential = new StorageSharedKeyCredential(account, key)
  const container = (name: string) => new ContainerClient(`${blobsUrl}/${name}`, credential)
  const connectAzurite = (url = tablesUrl) =>
    connectTables({ url, credential: new AzureNamedKeyCredential(account, key), ledgerKey, origin })
  const open = (name: string, url = blobsUrl) => new BlobArchive({ url, container: name, credential, timeout: 10_000 })
  let stores = 0

  /** An empty ledger from 4 March on, and an empty archive. */
  async function anew() {
    const connect = tablesOf === 'azurite' ? connectAzurite : connectionsIn(memoryTables(macsFor(origin)))
    const tables = connect()
    const store = `evidence-${stores++}`
    if (stores > 1) await Promise.all([tables.ledger.deleteTable(), tables.limits.deleteTable()])
    await prepareLedger(tables, { origin, tenant: oid(100), at: at(4, '08:00:00') })
    const archive = open(store)
    await archive.prepare()
    await keepPolicy(archive)

    async function sealer(given: Partial<Wanted> = {}) {
      const other = connect(given.tables)
      const { ledger = new TableLedger(other), seals = new TableSeals(other) } = given
      const { archive = open(store, given.blobs) } = given
      const { clock = new FakeClock(morning), signer = await logKey() } = given
      const ports = { ledger, archive, seals, clock }
      const failures: unknown[] = []
      const parts = { ...partsOf({ ...ports, signer, spool }, failures), files: verifiers }
      return { ...ports, failures, parts, run: () => new Sealing(parts).run() } satisfies Sealer
    }

    return {
      sealer,
      /** The tables, as a process of its own has them. */
      connect,

      /** Use cases on this ledger. */
      async uses(ledger: Ledger = new TableLedger(connect())): Promise<Instance> {
        return (await world()).another({ ledger, clock: new FakeClock(morning) })
      },

      /** Seals the same ledger, seen by nobody. */
      async twin(): Promise<Sealer> {
        const archive = new MemoryArchive()
        await keepPolicy(archive)
        return sealer({ archive, seals: new MemorySeals(day(4)) })
      },

      /** All rows of the ledger and all files of the archive, each with its version. */
      async versions(): Promise<readonly string[]> {
        const versions: string[] = []
        for await (const { partitionKey, rowKey, etag } of tables.ledger.listEntities())
          versions.push(`${partitionKey} ${rowKey} ${etag}`)
        for await (const { name, properties } of container(store).listBlobsFlat())
          versions.push(`${name} ${properties.etag}`)
        return versions
      },
    }
  }

  return {
    tablesUrl,
    blobsUrl,
    anew,
    published: async () => (await container('public').getBlobClient('checkpoint').downloadToBuffer()).toString(),
    close: () => azurite.close(),
  }
}

const connectionsIn =
  ({ connect }: ReturnType<typeof memoryTables>) =>
  (_url?: string) =>
    connect()

/** Those that are put into bundles. */
const names = ['README.txt', 'verify.sh', 'verify.py'] as const
const verifiers = new Map(names.map((name) => [name, readFileSync(join(root, 'evidence', name))]))
