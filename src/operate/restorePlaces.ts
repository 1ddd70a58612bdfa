import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import { DefaultAzureCredential, type TokenCredential } from '@azure/identity'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../azure/archive.ts'
import { copyBlobs } from '../azure/copyBlobs.ts'
import { TableLedger } from '../azure/ledger.ts'
import { VaultLedgerKey } from '../azure/ledgerKey.ts'
import { TableMark } from '../azure/ledgerMark.ts'
import { RestoredTables } from '../azure/restoredRows.ts'
import { TableSeals } from '../azure/seals.ts'
import { VaultSigner } from '../azure/signer.ts'
import { connectTables } from '../azure/tables.ts'
import { readLedgerConfig } from '../config.ts'
import { instant } from '../core/data/instant.ts'
import { Exit, exits } from '../cli/exit.ts'
import type { RestoreParts } from '../evidence/backup/restore.ts'
import { tenantId } from '../local/accounts.ts'
import { type Azurite, startAzurite } from '../local/azurite.ts'
import { localClock } from '../local/clock.ts'
import { ledgerKeyIn, logKeyIn } from '../local/keys.ts'
import { fileLedgerKey } from '../local/ledgerKey.ts'
import { lockData } from '../local/lock.ts'
import { fileSigner } from '../local/signer.ts'
import { origin } from '../local/stack.ts'
import type { Clock } from '../ports/clock.ts'
import type { LedgerKey } from '../ports/ledgerKey.ts'
import type { Signer } from '../ports/signer.ts'
import type { RestoreOptions } from './restoreOptions.ts'

/** The source and the target of a restore. */
export interface RestorePlaces {
  /** Reads a snapshot at its source. */
  readonly reading: Omit<RestoreParts, 'progress'>
  readonly parts: Omit<RestoreParts, 'progress'>
  /**
   * Copies the evidence to the target, if it is elsewhere.
   *
   * @param copied gets the number of files that are done
   */
  readonly copyEvidence: (copied: (files: number) => void) => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens the places that the options and settings name, without changing tables or blobs. */
export function openPlaces(options: RestoreOptions, env: NodeJS.ProcessEnv): Promise<RestorePlaces> {
  return options.local === null ? deployed(options, env) : local(options.local, options.wants === 'restore', env)
}

type BlobCredential = TokenCredential | StorageSharedKeyCredential

interface Account {
  readonly url: string
  readonly credential: BlobCredential
}

interface Wanted {
  readonly source: Account
  readonly target: Account
  readonly tables: { readonly url: string; readonly credential: TokenCredential | AzureNamedKeyCredential }
  readonly origin: string
  readonly tenant: string
  readonly ledgerKey: LedgerKey
  readonly signer: Signer
  readonly clock: Clock
}

function placesOf(wanted: Wanted): Omit<RestorePlaces, 'close'> {
  const { source, target, origin, tenant, ledgerKey, signer, clock } = wanted
  const tables = connectTables({ ...wanted.tables, ledgerKey, origin })
  const archive = new BlobArchive({ ...target, container: 'evidence' })
  const container = ({ url, credential }: Account) => new ContainerClient(`${url}/evidence`, credential)
  const parts = {
    archive,
    backup: new BlobArchive({ ...source, container: 'backup' }),
    rows: new RestoredTables(tables),
    ledger: new TableLedger(tables),
    seals: new TableSeals(tables),
    mark: new TableMark(tables, { origin, tenant }),
    macs: tables.macs,
    ...{ origin, signer, clock, random: randomBytes },
  }
  return {
    parts,
    reading: { ...parts, archive: new BlobArchive({ ...source, container: 'evidence' }) },
    copyEvidence: async (copied) => {
      if (source.url !== target.url) await copyBlobs(container(source), container(target), copied)
    },
  }
}

async function deployed({ from }: RestoreOptions, env: NodeJS.ProcessEnv): Promise<RestorePlaces> {
  const config = configured(env)
  const credential = new DefaultAzureCredential()
  const target = { url: config.blobsUrl, credential }
  const places = placesOf({
    ...{ target, source: from === null ? target : { url: from, credential } },
    tables: { url: config.tablesUrl, credential },
    origin: config.origin,
    tenant: config.tenantId,
    ledgerKey: new VaultLedgerKey({ secretId: config.ledgerKey, audience: config.cloud.vault, credential }),
    signer: new VaultSigner({ keyId: config.logKey, credential }),
    clock: { now: () => instant(Date.now()) },
  })
  return { ...places, close: async () => undefined }
}

function configured(env: NodeJS.ProcessEnv) {
  try {
    return readLedgerConfig(env)
  } catch (cause) {
    throw new Exit(exits.usage, cause instanceof Error ? cause.message : String(cause))
  }
}

/** Files in a stack's data folder that belong to one run. */
const ofOneRun = new Set(['lock', 'stack.json', 'log.jsonl', 'storage'])

/**
 * Opens the data folder of the local stack, and a new one with the same keys.
 *
 * @param isRestored whether the new folder may be written to
 */
async function local(folder: string, isRestored: boolean, env: NodeJS.ProcessEnv): Promise<RestorePlaces> {
  const from = resolve(env['COUNTERSIGN_DATA'] || '.local')
  const into = isRestored ? resolve(folder) : from
  if (from === resolve(folder)) throw new Exit(exits.usage, '--local names another folder than that of the stack.')
  const running: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const one of running.reverse()) await one.close()
  }
  try {
    if (!existsSync(ledgerKeyIn(from))) throw new Exit(exits.usage, `No stack has run on ${from}.`)
    running.push(await heldFolder(from))
    const source = await storageIn(from)
    running.push(source)
    if (isRestored) running.push(await prepared(from, into))
    const target = isRestored ? await storageIn(into) : source
    if (isRestored) running.push(target)
    const places = placesOf({
      source: { url: source.blobsUrl, credential: new StorageSharedKeyCredential(source.account, source.key) },
      target: { url: target.blobsUrl, credential: new StorageSharedKeyCredential(target.account, target.key) },
      tables: { url: target.tablesUrl, credential: new AzureNamedKeyCredential(target.account, target.key) },
      ...{ origin, tenant: tenantId },
      ledgerKey: await fileLedgerKey(ledgerKeyIn(into)),
      signer: await fileSigner(logKeyIn(into)),
      clock: localClock(into),
    })
    return { ...places, close }
  } catch (cause) {
    await close()
    throw cause
  }
}

async function prepared(from: string, into: string) {
  await mkdir(into, { recursive: true, mode: 0o700 })
  const held = await heldFolder(into)
  for (const name of await readdir(from))
    if (!ofOneRun.has(name)) await cp(join(from, name), join(into, name), { recursive: true })
  return held
}

async function heldFolder(folder: string) {
  try {
    return await lockData(folder)
  } catch (cause) {
    throw new Exit(exits.usage, cause instanceof Error ? cause.message : String(cause))
  }
}

const storageIn = (data: string): Promise<Azurite> =>
  startAzurite({ folder: join(data, 'storage'), ports: { blobs: 0, queues: 0, tables: 0 } })
