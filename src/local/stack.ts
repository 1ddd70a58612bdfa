import { AzureNamedKeyCredential } from '@azure/data-tables'
import type { AccessToken, TokenCredential } from '@azure/identity'
import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { join } from 'node:path'
import { type App, archivePolicy, compose, readCards } from '../app.ts'
import { BlobArchive } from '../azure/archive.ts'
import { GraphDirectory } from '../azure/directory.ts'
import { TableLedger } from '../azure/ledger.ts'
import { TableLimits } from '../azure/limits.ts'
import { prepareLedger } from '../azure/meta.ts'
import { connectTables } from '../azure/tables.ts'
import { callers } from '../http/caller.ts'
import { loadPolicy } from '../policy/load.ts'
import type { Policy } from '../ports.ts'
import { apiAppId, tenantId } from './accounts.ts'
import type { Azurite } from './azurite.ts'
import type { LocalClock } from './clock.ts'
import type { Identity } from './identity.ts'
import { fileSigner } from './signer.ts'

export interface StackParts {
  readonly data: string
  readonly policy: string
  readonly baseUrl: string
  readonly azurite: Azurite
  readonly identity: Identity
  readonly clock: LocalClock
}

/** The name of the local log. */
const origin = 'countersign.localhost/evidence'

/** Any bearer token opens the local Graph. */
const anybody: TokenCredential = {
  getToken: async (): Promise<AccessToken> => ({ token: 'local', expiresOnTimestamp: Date.now() + 3_600_000 }),
}

/** Composes the app that is deployed with local storage, sign-in, keys and clock. */
export async function composeLocal(parts: StackParts): Promise<{ app: App; policy: Policy }> {
  const { data, baseUrl, azurite, identity, clock } = parts
  const policy = await loadPolicy(parts.policy, readCards('cards'))
  const { account, key } = azurite
  const tables = connectTables({ url: azurite.tablesUrl, credential: new AzureNamedKeyCredential(account, key) })
  const credential = new StorageSharedKeyCredential(account, key)
  const archive = new BlobArchive({ url: azurite.blobsUrl, container: 'evidence', credential })
  await prepareLedger(tables, { origin, tenant: tenantId, at: clock.now() })
  await archivePolicy(archive, policy)
  const app = compose({
    ledger: new TableLedger(tables),
    limits: new TableLimits(tables),
    policy,
    directory: new GraphDirectory({ url: identity.graphUrl, credential: anybody, clock }),
    signer: await fileSigner(join(data, 'grant-key.pem')),
    archive,
    clock,
    callers: callers({ tenantId, audience: apiAppId, issuers: [identity.issuer], jwksUri: identity.jwksUri }),
    baseUrl,
  })
  return { app, policy }
}
