import { AzureNamedKeyCredential, type TransactionAction } from '@azure/data-tables'
import { prepareLedger } from '../../src/azure/meta.ts'
import { eventRow, headRow } from '../../src/azure/row.ts'
import { connectTables, type Tables } from '../../src/azure/tables.ts'
import type { Leaf } from '../../src/core/request/event.ts'
import { type Shard, shards } from '../../src/core/data/id.ts'
import { startOf } from '../../src/core/data/day.ts'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import { oid } from '../../test/support/build.ts'
import { cutsIn, date, FileLedger } from './day.ts'
import { ledgerKey, rowSigner } from '../../test/support/fakes/ledgerKey.ts'

/** Rows of a transaction: the storage takes no more. */
const rowsAtOnce = 100

/** An Azurite that holds the day of a folder. */
export async function storeDay(folder: string) {
  const azurite = await startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null })
  const tables = tablesOf(azurite)
  await prepare(tables)
  await Promise.all(shards.map((shard) => storeShard(tables, folder, shard)))
  let container = 0
  return {
    close: () => azurite.close(),

    /** Forgets that the day was sealed, so that it can be sealed again; answers with what sealing is told. */
    async next(): Promise<readonly string[]> {
      for await (const { partitionKey = '', rowKey = '' } of tables.ledger.listEntities({
        queryOptions: { filter: "PartitionKey eq 'seal'" },
      }))
        await tables.ledger.deleteEntity(partitionKey, rowKey)
      await prepare(tables)
      container += 1
      return [folder, azurite.tablesUrl, azurite.blobsUrl, azurite.account, azurite.key, `evidence-${container}`]
    },
  }
}

/** The name of the log. */
export const origin = 'countersign.example/evidence'

const tablesOf = ({ tablesUrl: url, account, key }: Azurite): Tables =>
  connectTables({ url, credential: new AzureNamedKeyCredential(account, key), ledgerKey, origin })

const prepare = (tables: Tables) => prepareLedger(tables, { origin, tenant: oid(100), at: startOf(date) })

async function storeShard({ ledger }: Tables, folder: string, shard: Shard): Promise<void> {
  const recordedAt = startOf(date)
  const cut = cutsIn(folder)[shard]
  if (!cut) throw new Error(`The day has no shard ${shard}.`)
  await ledger.createEntity(headRow(rowSigner(origin), shard, { ...cut, recordedAt, policy: null, logKey: null }))
  for await (const page of new FileLedger(folder).stream(shard, 0))
    for (let at = 0; at < page.length; at += rowsAtOnce) {
      const rows = page.slice(at, at + rowsAtOnce).map((kept): TransactionAction => {
        const { type, request } = JSON.parse(kept.text) as Leaf
        return [
          'create',
          eventRow(rowSigner(origin), shard, { op: 'bench' }, { ...kept, type, ...(request && { request }) }),
        ]
      })
      await ledger.submitTransaction(rows)
    }
}
