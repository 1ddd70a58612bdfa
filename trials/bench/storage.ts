import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../../src/azure/archive.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { connectTables, type Tables } from '../../src/azure/tables.ts'
import { instant } from '../../src/core/data/instant.ts'
import { tenantId } from '../../src/local/accounts.ts'
import { type LocalStorage, startAzurite } from '../../src/local/azurite.ts'
import { ledgerKey } from '../../test/support/fakes/ledgerKey.ts'

/** Azurite, in memory, and how to reach it. */
export interface BenchStorage {
  readonly url: string
  readonly account: string
  readonly key: string
  /** As the app does; through another address if told so. */
  connect(url?: string): Tables
  /** A table without the app's adapters, perhaps one of the app's: the SDK as it comes. */
  bare(table: string): Promise<TableClient>
  readonly blobsUrl: string
  /** An empty archive as the app has it; through another address if told so. */
  archive(url?: string): Promise<BlobArchive>
  /** An empty container without the app's adapters. */
  bareFiles(): Promise<ContainerClient>
  /** Begins anew with an empty ledger. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** What a process is told to connect. */
export type Address = Pick<BenchStorage, 'url' | 'account' | 'key'>

export const tablesAt = ({ url, account, key }: Address): Tables =>
  connectTables({ url, credential: new AzureNamedKeyCredential(account, key), ledgerKey, origin })

/** The name of the log. */
export const origin = 'countersign.example/bench'

export async function startStorage(): Promise<BenchStorage> {
  const azurite = await startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null })
  return { ...storageAt(azurite), close: () => azurite.close() }
}

/** A storage that somebody else started. */
export function storageAt({ tablesUrl: url, blobsUrl, account, key }: LocalStorage): Omit<BenchStorage, 'close'> {
  const connect = (other = url) => tablesAt({ url: other, account, key })
  const bareTables: TableClient[] = []
  const blobs = new StorageSharedKeyCredential(account, key)
  let containers = 0
  return {
    ...{ url, blobsUrl, account, key, connect },
    async archive(other = blobsUrl) {
      containers += 1
      const archive = new BlobArchive({ url: other, container: `evidence-${containers}`, credential: blobs })
      await archive.prepare()
      return archive
    },
    async bareFiles() {
      containers += 1
      const container = new ContainerClient(`${blobsUrl}/bare-${containers}`, blobs)
      await container.create()
      return container
    },
    async bare(name) {
      const credential = new AzureNamedKeyCredential(account, key)
      const table = new TableClient(url, name, credential, { allowInsecureConnection: true })
      await table.createTable()
      if (name !== 'ledger') bareTables.push(table)
      return table
    },
    async clear() {
      const { ledger, limits } = connect()
      await Promise.all([ledger, limits, ...bareTables.splice(0)].map((table) => table.deleteTable()))
      const at = instant(Date.now())
      await prepareLedger(connect(), { origin, tenant: tenantId, at })
    },
  }
}
