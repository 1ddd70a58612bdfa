import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ManagedIdentityCredential } from '@azure/identity'
import { instant } from './core/instant.ts'
import { approvals } from './approvals.ts'
import { BlobArchive } from './azure/archive.ts'
import { GraphDirectory } from './azure/directory.ts'
import { TableLedger } from './azure/ledger.ts'
import { TableLimits } from './azure/limits.ts'
import { prepareLedger } from './azure/meta.ts'
import { VaultSigner } from './azure/signer.ts'
import { connectTables } from './azure/tables.ts'
import { type Config, readConfig } from './config.ts'
import { grants } from './grants.ts'
import { health } from './health.ts'
import { api } from './http/api.ts'
import { type Caller, callers } from './http/caller.ts'
import { loadPolicy } from './policy/load.ts'
import type { Archive, Clock, Directory, Ledger, Limits, Policy, Signer } from './ports.ts'
import { waiting } from './waiting.ts'

/** Every port's adapter, and what else the outside decides. */
export interface Adapters {
  readonly ledger: Ledger
  readonly limits: Limits
  readonly policy: Policy
  readonly directory: Directory
  readonly signer: Signer
  readonly archive: Archive
  readonly clock: Clock
  readonly callers: (authorization: string | null) => Promise<Caller>
  readonly baseUrl: string
}

export type App = ReturnType<typeof compose>

/** Builds the use cases and doors on the given adapters. Nothing here knows where it runs. */
export function compose(adapters: Adapters) {
  const { ledger, limits, policy, directory, signer, archive, clock, baseUrl } = adapters
  const waiters = waiting(ledger)
  const uses = approvals({
    ...{ ledger, limits, policy, directory, clock, waiting: waiters },
    random: randomBytes,
    tell: ({ id }) => waiters.wake(id),
    grants: grants(signer, baseUrl),
    issuer: baseUrl,
  })
  const overdue = async () => (await ledger.due(clock.now(), 1000)).length
  const healthy = health({ ledger, archive, signer, directory, waiting: waiters, overdue })
  const routes = api({ approvals: uses, health: healthy, callers: adapters.callers, policy, signer, baseUrl })
  return { api: routes, approvals: uses, stop: waiters.stop }
}

let current: Promise<App> | undefined

/** The app of this process, built at the first call. A start that failed is tried again at the next. */
export function app(): Promise<App> {
  current ??= deployed(readConfig(process.env)).catch((cause: unknown) => {
    current = undefined
    throw cause
  })
  return current
}

/** Makes this the app of the process; for what composes other adapters. */
export function useApp(other: App): void {
  current = Promise.resolve(other)
}

async function deployed(config: Config): Promise<App> {
  const { baseUrl, tenantId, apiAppId } = config
  const credential = new ManagedIdentityCredential({ clientId: config.clientId })
  const policy = await loadPolicy(config.policyFolder, readCards(fileURLToPath(new URL('cards', import.meta.url))))
  const clock: Clock = { now: () => instant(Date.now()) }
  const tables = connectTables({ url: config.tablesUrl, credential })
  const archive = new BlobArchive({ url: config.blobsUrl, container: 'evidence', credential })
  await prepareLedger(tables, { origin: config.origin, tenant: tenantId, at: clock.now() })
  await archivePolicy(archive, policy)
  const entra = `https://login.microsoftonline.com/${tenantId}`
  return compose({
    ledger: new TableLedger(tables),
    limits: new TableLimits(tables),
    policy,
    directory: new GraphDirectory({ url: 'https://graph.microsoft.com/v1.0', credential, clock }),
    signer: new VaultSigner({ keyId: config.grantKey, credential }),
    archive,
    clock,
    callers: callers({
      tenantId,
      audience: apiAppId,
      issuers: [`${entra}/v2.0`],
      jwksUri: `${entra}/discovery/v2.0/keys`,
    }),
    baseUrl,
  })
}

/** The card templates, by file name: they are part of the policy's version. */
export function readCards(folder: string): ReadonlyMap<string, Uint8Array> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name))]))
}

/** Keeps the text of the policy in force where evidence is kept, before anything is decided under it. */
export async function archivePolicy(archive: Archive & { prepare(): Promise<void> }, policy: Policy): Promise<void> {
  await archive.prepare()
  const folder = `policy/${policy.version.slice('sha256:'.length)}`
  for (const [name, bytes] of policy.files()) await archive.create(`${folder}/${name}`, bytes, 'text/plain')
}
