import { lent } from './lending.ts'

/** Ends the lending of storage accounts, after the last test file. */
export default async function endLending(): Promise<void> {
  const { server, azurite } = lent.countersignLending ?? {}
  server?.closeAllConnections()
  server?.close()
  await (await azurite)?.close()
}
