import type { Instant } from '../core/data/instant.ts'
import { archivePolicy } from '../evidence/seal/archivePolicy.ts'
import type { Macs } from '../runtime/macs.ts'
import type { Incomplete } from '../ports/ledgerMark.ts'
import type { Policy } from '../ports/policy.ts'
import { BlobArchive, type BlobSettings } from './archive.ts'
import { TableLedger } from './ledger.ts'
import { TableRows } from './ledgerRows.ts'
import { TableLimits } from './limits.ts'
import { prepareLedger } from './meta.ts'
import { TableOutbox } from './outbox.ts'
import { TableSeals } from './seals.ts'
import { connectTables, type Tables, type TablesOptions } from './tables.ts'

/** An account's tables and blobs, and the log and tenant that this deployment keeps there. */
export interface StorageSettings {
  readonly tables: Omit<TablesOptions, 'origin'>
  readonly blobs: Omit<BlobSettings, 'container'>
  /** The name of the log. */
  readonly origin: string
  readonly tenant: string
  readonly at: Instant
  /** Whether snapshots are taken: they need a container of their own. */
  readonly backup: boolean
}

/** The ports that store data. */
export interface Storage {
  readonly ledger: TableLedger
  readonly limits: TableLimits
  readonly outbox: TableOutbox
  readonly seals: TableSeals
  readonly archive: BlobArchive
  /** Authenticates the rows. */
  readonly macs: Macs
  readonly backup?: { readonly rows: TableRows; readonly archive: BlobArchive }
  readonly incomplete?: Incomplete
}

/**
 * Opens the storage of a deployment. Creates missing tables and containers, and checks that they belong to this
 * deployment. Archives the policy's files before any decision is made under that policy.
 *
 * @throws {Error} naming the field, if this is the storage of another deployment or of another format
 * @throws {Problem} `unavailable`
 */
export async function openStorage(settings: StorageSettings, policy: Policy): Promise<Storage> {
  const { origin, tenant, at } = settings
  const tables = connectTables({ ...settings.tables, origin })
  const archive = new BlobArchive({ ...settings.blobs, container: 'evidence' })
  const { incomplete } = await prepareLedger(tables, { origin, tenant, at })
  await archive.prepare()
  const backup = settings.backup ? await backupOf(settings, tables) : null
  await archivePolicy(archive, policy)
  return {
    ledger: new TableLedger(tables),
    limits: new TableLimits(tables),
    outbox: new TableOutbox(tables),
    seals: new TableSeals(tables),
    archive,
    macs: tables.macs,
    ...(backup && { backup }),
    ...(incomplete && { incomplete }),
  }
}

async function backupOf({ blobs }: StorageSettings, tables: Tables) {
  const archive = new BlobArchive({ ...blobs, container: 'backup' })
  await archive.prepare()
  return { rows: new TableRows(tables), archive }
}
