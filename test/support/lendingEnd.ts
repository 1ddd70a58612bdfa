import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { lent } from './lending.ts'

/** Ends the lending, after the last test file. */
export default async function endLending(): Promise<void> {
  const { server, azurite, program, package: made } = lent.countersignLending ?? {}
  server?.closeAllConnections()
  server?.close()
  await (await azurite)?.close()
  const file = await program
  for (const folder of [file && dirname(file), (await made)?.folder])
    if (folder !== undefined) await rm(folder, { recursive: true })
}
