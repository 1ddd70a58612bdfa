import { AzureNamedKeyCredential } from '@azure/data-tables'
import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../../src/azure/archive.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { connectTables } from '../../src/azure/tables.ts'
import { sealDay } from './sealed.ts'
import { ledgerKey } from '../../test/support/fakes/ledgerKey.ts'
import { origin } from './stored.ts'

/** Seals the day of a folder that lies in Azurite, too, into a container of its own. */
const [folder = '', tablesUrl = '', blobsUrl = '', account = '', key = '', container = ''] = process.argv.slice(2)
const tables = connectTables({
  url: tablesUrl,
  credential: new AzureNamedKeyCredential(account, key),
  ledgerKey,
  origin,
})
const archive = new BlobArchive({ url: blobsUrl, container, credential: new StorageSharedKeyCredential(account, key) })
await archive.prepare()
await sealDay(folder, { ledger: new TableLedger(tables), seals: new TableSeals(tables), archive })
