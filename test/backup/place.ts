import { randomBytes } from 'node:crypto'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../../src/azure/archive.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableMark } from '../../src/azure/ledgerMark.ts'
import { TableRows } from '../../src/azure/ledgerRows.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { RestoredTables } from '../../src/azure/restoredRows.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { connectTables } from '../../src/azure/tables.ts'
import type { Day } from '../../src/core/data/day.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { checkSnapshot, type Restored, restore, type RestoreParts } from '../../src/evidence/backup/restore.ts'
import { type SnapshotParts, takeSnapshot } from '../../src/evidence/backup/snapshot.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { Witness } from '../../src/evidence/witness.ts'
import type { LedgerKey } from '../../src/ports/ledgerKey.ts'
import { keepPolicy, logKey, origin, partsOf } from '../evidence/days.ts'
import { oid } from '../support/build.ts'
import { FakeClock } from '../support/fakes.ts'
import { testKey } from '../support/fakes/macs.ts'
import { openAccount } from '../support/azurite.ts'
import { type Instance, type World, world } from '../support/world.ts'

const tenant = oid(100)
const ledgerKey: LedgerKey = { versions: async () => [testKey] }

/** Other addresses than Azurite's own. */
interface Addresses {
  readonly tables?: string
  readonly blobs?: string
}

/** A row as it lies in the tables, without what the storage adds. */
export type Dumped = Readonly<Record<string, unknown>>

/** A storage account for one test file, in memory. Each place in it has containers of its own, and the tables in turn. */
export async function startPlaces(spool: string) {
  const azurite = await openAccount()
  const { tablesUrl, blobsUrl, account, key } = azurite
  const blobKey = new StorageSharedKeyCredential(account, key)
  const connect = (url = tablesUrl) =>
    connectTables({ url, credential: new AzureNamedKeyCredential(account, key), ledgerKey, origin })
  let number = 0

  /** An empty ledger from a moment on, with an empty archive and an empty container for backups. */
  async function anew(at: Instant, judge?: Parameters<typeof world>[0]) {
    const names = { evidence: `evidence-${number}`, backup: `backup-${number}` }
    number += 1
    const tables = connect()
    const archive = (url = blobsUrl) =>
      new BlobArchive({ url, container: names.evidence, credential: blobKey, timeout: 10_000 })
    const backup = (url = blobsUrl) =>
      new BlobArchive({ url, container: names.backup, credential: blobKey, timeout: 10_000 })
    const clock = new FakeClock(at)
    const failures: unknown[] = []
    const failed = (cause: unknown) => void failures.push(cause)
    const here: World = await world(judge)
    const drop = () => Promise.all([tables.ledger.deleteTable(), tables.limits.deleteTable()])

    await drop()
    await prepareLedger(tables, { origin, tenant, at })
    await Promise.all([archive().prepare(), backup().prepare()])
    await keepPolicy(archive())

    /** A process that remembers nothing. */
    const uses = (url: Addresses = {}): Instance & { throttled: () => number } => {
      const other = connect(url.tables)
      const ports = {
        ledger: new TableLedger(other),
        limits: new TableLimits(other),
        archive: archive(url.blobs),
        clock,
      }
      return { ...here.another(ports), throttled: () => other.throttling?.recent() ?? 0 }
    }

    async function seal(url: Addresses = {}): Promise<readonly Day[]> {
      const other = connect(url.tables)
      const ports = { ledger: new TableLedger(other), seals: new TableSeals(other), archive: archive(url.blobs) }
      return new Sealing(partsOf({ ...ports, clock, spool, signer: await logKey() }, failures)).run()
    }

    const snapshotParts = (url: Addresses = {}): SnapshotParts => ({
      ...{ rows: new TableRows(connect(url.tables), 7), seals: new TableSeals(connect()), macs: tables.macs },
      ...{ archive: archive(url.blobs), backup: backup(url.blobs), clock, random: randomBytes, failed },
    })

    async function restoreParts(url: Addresses = {}): Promise<RestoreParts> {
      const other = connect(url.tables)
      return {
        ...{ archive: archive(url.blobs), backup: backup(url.blobs), rows: new RestoredTables(other) },
        ...{ ledger: new TableLedger(other), seals: new TableSeals(other), macs: tables.macs, origin, clock },
        ...{ mark: new TableMark(other, { origin, tenant }), signer: await logKey(), random: randomBytes },
        progress: () => undefined,
      }
    }

    return {
      ...{ clock, failures, uses, seal, archive, backup, drop, tables, names, snapshotParts, restoreParts },
      signer: here.signer,
      /** Opens the ledger as a start of the service does. */
      open: () => prepareLedger(connect(), { origin, tenant, at: clock.now() }),
      snapshot: () => takeSnapshot(snapshotParts()),

      /** Restores the newest snapshot into tables that hold nothing. */
      async restored(until: Day | null = null): Promise<Restored> {
        const parts = await restoreParts()
        return restore(parts, await checkSnapshot(parts, until))
      },

      /** Keeps where the chains stand, as the timer does every five minutes. */
      async witness(): Promise<boolean> {
        const ports = { ledger: new TableLedger(connect()), seals: new TableSeals(connect()), archive: archive() }
        const parts = { ...ports, macs: tables.macs, clock, random: randomBytes, failed }
        return (await Witness.begin(parts)).record()
      },

      /** All rows of both tables, by place. */
      async dump(): Promise<ReadonlyMap<string, Dumped>> {
        const rows = new Map<string, Dumped>()
        for (const table of [tables.ledger, tables.limits])
          for await (const { etag: _etag, timestamp: _at, ...row } of table.listEntities())
            rows.set(`${table.tableName} ${row.partitionKey} ${row.rowKey}`, row)
        return rows
      },

      container: (name: keyof typeof names) => new ContainerClient(`${blobsUrl}/${names[name]}`, blobKey),
    }
  }

  return { tablesUrl, blobsUrl, anew, close: () => azurite.close() }
}

export type Places = Awaited<ReturnType<typeof startPlaces>>
export type Place = Awaited<ReturnType<Places['anew']>>
