import { AzureNamedKeyCredential } from '@azure/data-tables'
import { prepareLedger } from '../../src/azure/meta.ts'
import { connectTables, type Tables } from '../../src/azure/tables.ts'
import { openAccount } from '../support/azurite.ts'
import { noon, oid } from './story.ts'
import type { LedgerKey } from '../../src/ports/ledgerKey.ts'
import { Macs } from '../../src/runtime/macs.ts'
import { ledgerKey } from '../support/fakes/ledgerKey.ts'
import { macsFor } from '../support/fakes/macs.ts'
import { memoryTables } from '../support/fakes/table.ts'

/** A storage account that is there for one test file, in memory. */
export interface TestStorage {
  readonly url: string
  /** Connects as a process of its own would; through another address if told so. */
  connect(url?: string, key?: LedgerKey): Tables
  /** Throws everything away and makes the tables anew. */
  clear(): Promise<void>
  close(): Promise<void>
}

export const meta = { origin: 'approvals.contoso.example/evidence', tenant: oid(100) }

/** An account's tables in memory, empty but for what a ledger begins with; for so many processes as are asked for. */
export async function tablesInMemory(processes = 2): Promise<readonly [Tables, ...Tables[]]> {
  const { connect } = memoryTables(macsFor(meta.origin))
  await prepareLedger(connect(), { ...meta, at: noon })
  return [connect(), ...Array.from({ length: processes - 1 }, () => connect())]
}

export async function startStorage(): Promise<TestStorage> {
  const azurite = await openAccount()
  const credential = new AzureNamedKeyCredential(azurite.account, azurite.key)
  const connect = (url = azurite.tablesUrl, key = ledgerKey) =>
    connectTables({ url, credential, ledgerKey: key, origin: meta.origin })
  return { url: azurite.tablesUrl, connect, clear: () => clear(connect()), close: () => azurite.close() }
}

/**
 * Tables of this process, for tests of the rows: the same adapters write the same rows, and pass the same suites, but a
 * call takes a hundredth of the time. It has no address.
 */
export function storageInMemory(): Omit<TestStorage, 'url' | 'close'> {
  const { connect: connected } = memoryTables(macsFor(meta.origin))
  const connect: TestStorage['connect'] = (_url, key = ledgerKey) => ({
    ...connected(),
    macs: new Macs({ origin: meta.origin, key }),
  })
  return { connect, clear: () => clear(connect()) }
}

async function clear(tables: Tables): Promise<void> {
  await Promise.all([tables.ledger.deleteTable(), tables.limits.deleteTable()])
  await prepareLedger(tables, { ...meta, at: noon })
}
