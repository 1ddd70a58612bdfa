import type { Instant } from '../core/data/instant.ts'
import { archivePolicy } from '../evidence/seal/archivePolicy.ts'
import type { Macs } from '../runtime/macs.ts'
import type { Incomplete } from '../ports/ledgerMark.ts'
import type { Policy } from '../ports/policy.ts'
import { BlobArchive, type BlobSettings } from './archive.ts'
import { ExportBlobs } from './exportBlobs.ts'
import { TableHolds } from './holds.ts'
import { TableLedger } from './ledger.ts'
import { TableRows } from './ledgerRows.ts'
import { TableLimits } from './limits.ts'
import { prepareLedger } from './meta.ts'
import { TableOutbox } from './outbox.ts'
import { TableRepairs } from './repairs.ts'
import { TableSeals } from './seals.ts'
import { TableSinkCursors } from './sinkCursors.ts'
import { connectTables, type TablesOptions } from './tables.ts'

/** An account's tables and blobs, and the log and tenant that this deployment keeps there. */
export interface StorageSettings {
  readonly tables: Omit<TablesOptions, 'origin'>
  readonly blobs: Omit<BlobSettings, 'container'>
  /** The name of the log. */
  readonly origin: string
  readonly tenant: string
  /** Whether snapshots are taken: they need a container of their own. */
  readonly backup: boolean
  /** Whether events are written as lines: they need a container of their own, too. Not unless given. */
  readonly exports?: boolean
}

/** The ports that store data. */
export interface Storage {
  readonly ledger: TableLedger
  readonly limits: TableLimits
  readonly outbox: TableOutbox
  readonly repairs: TableRepairs
  readonly seals: TableSeals
  readonly holds: TableHolds
  /** How far other systems were told of events. */
  readonly sinkCursors: TableSinkCursors
  /** Takes events as lines. */
  readonly exports: ExportBlobs
  readonly archive: BlobArchive
  /** Authenticates the rows. */
  readonly macs: Macs
  readonly backup?: { readonly rows: TableRows; readonly archive: BlobArchive }
  /** How often tables asked to be called later, in the last five minutes. */
  readonly throttled: () => number
  /** Fetches what calls need: the ledger key. Changes nothing, and never throws. A start has other work meanwhile. */
  warm(): Promise<void>
  /**
   * Creates missing tables and containers, and checks that they belong to this deployment. May be repeated.
   *
   * @returns what a restore could not bring back; `null` if nothing is missing
   * @throws {Error} naming the field, if this is the storage of another deployment or of another format
   * @throws {Problem} `unavailable`, `evidence-broken`
   */
  prepare(at: Instant): Promise<Incomplete | null>
  /**
   * Archives the policy's files. Comes before any decision is made under that policy, and may be repeated.
   *
   * @param prepared what {@link prepare} answered; nothing is written before it settles
   * @throws {Error} naming a file that the archive has with other bytes
   * @throws {Problem} `unavailable`
   */
  keep(policy: Policy, prepared?: Promise<unknown>): Promise<void>
}

/** Connects to the storage of a deployment. Sends nothing. */
export function connectStorage({
  origin,
  tenant,
  backup: isBackedUp,
  exports: isExporting = false,
  ...settings
}: StorageSettings): Storage {
  const tables = connectTables({ ...settings.tables, origin })
  const archive = new BlobArchive({ ...settings.blobs, container: 'evidence' })
  const backup = isBackedUp
    ? { rows: new TableRows(tables), archive: new BlobArchive({ ...settings.blobs, container: 'backup' }) }
    : null
  const exports = new ExportBlobs(settings.blobs)
  return {
    ledger: new TableLedger(tables),
    limits: new TableLimits(tables),
    outbox: new TableOutbox(tables),
    repairs: new TableRepairs(tables),
    seals: new TableSeals(tables),
    holds: new TableHolds(tables),
    sinkCursors: new TableSinkCursors(tables),
    exports,
    archive,
    macs: tables.macs,
    throttled: () => tables.throttling?.recent() ?? 0,
    ...(backup && { backup }),
    async warm() {
      await tables.macs.rows().catch(() => undefined)
    },
    async prepare(at) {
      const containers = [archive, ...(backup ? [backup.archive] : []), ...(isExporting ? [exports] : [])]
      const [{ incomplete = null }] = await Promise.all([
        prepareLedger(tables, { origin, tenant, at }),
        ...containers.map((one) => one.prepare()),
      ])
      return incomplete
    },
    keep: (policy, prepared) => archivePolicy(archive, policy, prepared),
  }
}
