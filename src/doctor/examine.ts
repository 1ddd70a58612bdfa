import { findAddress } from './address.ts'
import { askAzure, type AzureSite, withoutAzure } from './azure.ts'
import { type Diagnosis, type PartName, partNames, unknown } from './diagnosis.ts'
import { knockDoors } from './doors.ts'
import { askHealth } from './health.ts'

export interface Deployment {
  /** Without a slash at its end. */
  readonly url: string
  /** The version of this program. */
  readonly version: string
  readonly token?: string
  readonly azure?: Omit<AzureSite, 'url'>
}

/** Asks a deployment about all of its parts, and changes nothing. One diagnosis for each part, in a fixed order. */
export async function examine({ url, version, token, azure }: Deployment): Promise<readonly Diagnosis[]> {
  const [address, ofAzure] = await Promise.all([
    findAddress(url, version),
    azure ? askAzure({ ...azure, url }) : undefined,
  ])
  // The token is sent only to an address that has proved to be Countersign.
  const isOurs = address.kind === 'ours'
  const [health, doors] = await Promise.all([
    isOurs || address.kind === 'opening' ? askHealth(url, isOurs ? token : undefined, version) : null,
    isOurs ? knockDoors(url) : [],
  ])
  const found = [...address.found, ...(health?.found ?? []), ...doors, ...(ofAzure ?? withoutAzure(health?.immutable))]
  return partNames.map((part) =>
    worst(
      part,
      found.filter((one) => one.part === part),
    ),
  )
}

/** The gravest of several findings about one part. */
function worst(part: PartName, found: readonly Diagnosis[]): Diagnosis {
  for (const state of ['wrong', 'warning', 'unknown', 'ok'] as const) {
    const one = found.find((diagnosis) => diagnosis.state === state)
    if (one) return one
  }
  return unknown(part, 'it could not be asked', 'Mend what is wrong first.')
}
