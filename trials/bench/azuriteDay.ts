import { AzureNamedKeyCredential } from '@azure/data-tables'
import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { BlobArchive } from '../../src/azure/archive.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { connectTables } from '../../src/azure/tables.ts'
import { ledgerKey } from '../../test/support/fakes/ledgerKey.ts'
import { origin } from './stored.ts'

/** Connects to a day in Azurite. @param args what `next` of `storeDay` answered */
export async function azuriteDay(args: readonly string[]) {
  const [folder = '', url = '', blobsUrl = '', account = '', key = '', container = ''] = args
  const tables = connectTables({ url, credential: new AzureNamedKeyCredential(account, key), ledgerKey, origin })
  const blobKey = new StorageSharedKeyCredential(account, key)
  const archive = new BlobArchive({ url: blobsUrl, container, credential: blobKey })
  await archive.prepare()
  return { folder, ledger: new TableLedger(tables), seals: new TableSeals(tables), archive }
}
