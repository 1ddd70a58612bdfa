import { type LocalStorage, startAzurite } from '../../src/local/azurite.ts'
import { borrow, lender } from './lent.ts'

/** A storage account in memory: empty, and used by nobody else. */
export interface StorageAccount extends LocalStorage {
  close(): Promise<void>
}

/**
 * Opens a storage account for one test file. In a run of jest the accounts are those of one Azurite, which takes two
 * seconds of a processor to start; elsewhere it is an Azurite of its own.
 */
export async function openAccount(): Promise<StorageAccount> {
  if (process.env[lender] === undefined)
    return startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null })
  const account = await borrow<LocalStorage>('account')
  return { ...account, close: async () => undefined }
}
