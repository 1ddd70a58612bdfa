import { type Azurite, startAzurite } from '../../src/local/azurite.ts'

/** A storage account in memory: empty, and used by nobody else. */
export interface StorageAccount extends Pick<Azurite, 'tablesUrl' | 'blobsUrl' | 'account' | 'key'> {
  close(): Promise<void>
}

/** The variable that says where accounts are lent to the test files of a run: `lending.ts`. */
export const lender = 'COUNTERSIGN_TEST_STORAGE'

/**
 * Opens a storage account for one test file. In a run of jest the accounts are those of one Azurite, which takes two
 * seconds of a processor to start; elsewhere it is an Azurite of its own.
 */
export async function openAccount(): Promise<StorageAccount> {
  const url = process.env[lender]
  if (url === undefined) return startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null })
  const answer = await fetch(url, { method: 'POST' })
  if (!answer.ok) throw new Error(`There is no storage account: ${await answer.text()}`)
  const account = (await answer.json()) as Omit<StorageAccount, 'close'>
  return { ...account, close: async () => undefined }
}
