import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import { DefaultAzureCredential } from '@azure/identity'
import { VaultLedgerKey } from '../azure/ledgerKey.ts'
import { TableLedger } from '../azure/ledger.ts'
import { TableSinkCursors } from '../azure/sinkCursors.ts'
import { connectTables, type TablesOptions } from '../azure/tables.ts'
import { Exit, exits } from '../cli/exit.ts'
import { readLedgerConfig } from '../config.ts'
import { instant } from '../core/data/instant.ts'
import { startAzurite } from '../local/azurite.ts'
import { ledgerKeyIn } from '../local/keys.ts'
import { fileLedgerKey } from '../local/ledgerKey.ts'
import { lockData } from '../local/lock.ts'
import { origin } from '../local/stack.ts'
import type { AdministrationParts } from '../sinks/administration.ts'

/** Where the cursors of a deployment lie, or of the local stack. */
export interface SinksPlaces {
  readonly parts: AdministrationParts
  readonly close: () => Promise<void>
}

/** @throws {Exit} 78 for a setting, or a stack that runs */
export const openSinks = (isLocal: boolean, env: NodeJS.ProcessEnv): Promise<SinksPlaces> =>
  isLocal ? local(env) : deployed(env)

function partsOn(options: TablesOptions): AdministrationParts {
  const tables = connectTables(options)
  return {
    cursors: new TableSinkCursors(tables),
    ledger: new TableLedger(tables),
    clock: { now: () => instant(Date.now()) },
  }
}

async function deployed(env: NodeJS.ProcessEnv): Promise<SinksPlaces> {
  const { tablesUrl: url, ledgerKey: secretId, origin, cloud } = asUsage(() => readLedgerConfig(env))
  const credential = new DefaultAzureCredential()
  const ledgerKey = new VaultLedgerKey({ secretId, audience: cloud.vault, credential })
  return { parts: partsOn({ url, credential, ledgerKey, origin }), close: async () => undefined }
}

async function local(env: NodeJS.ProcessEnv): Promise<SinksPlaces> {
  const data = resolve(env['COUNTERSIGN_DATA'] || '.local')
  if (!existsSync(ledgerKeyIn(data))) throw new Exit(exits.usage, `No stack has run on ${data}.`)
  const held = await lockData(data).catch((cause: unknown) => {
    throw new Exit(exits.usage, cause instanceof Error ? cause.message : String(cause))
  })
  const azurite = await startAzurite({ folder: join(data, 'storage'), ports: { blobs: 0, queues: 0, tables: 0 } })
  const credential = new AzureNamedKeyCredential(azurite.account, azurite.key)
  const ledgerKey = await fileLedgerKey(ledgerKeyIn(data))
  return {
    parts: partsOn({ url: azurite.tablesUrl, credential, ledgerKey, origin }),
    async close() {
      await azurite.close()
      await held.close()
    },
  }
}

function asUsage<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new Exit(exits.usage, cause instanceof Error ? cause.message : String(cause))
  }
}
