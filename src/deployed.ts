import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { ManagedIdentityCredential } from '@azure/identity'
import { type Adapters, type App, compose } from './app.ts'
import { GraphDirectory } from './azure/directory.ts'
import { VaultLedgerKey } from './azure/ledgerKey.ts'
import { VaultSigner } from './azure/signer.ts'
import { openStorage } from './azure/storage.ts'
import { drawing } from './cards/lazyCards.ts'
import { type Config, readConfig } from './config.ts'
import { instant } from './core/data/instant.ts'
import { Witness } from './evidence/witness.ts'
import { callers } from './http/caller.ts'
import { clientsSetting } from './http/clients.ts'
import { loadPolicy } from './policy/load.ts'
import type { Clock } from './ports/clock.ts'
import { readCards, readVerifiers } from './runtime/folder.ts'
import { backgroundLine } from './runtime/log.ts'
import { logLine } from './runtime/logLine.ts'
import { gate } from './teams/inbound/gate.ts'
import { connect } from './teams/outbound/connection.ts'
import { spoken } from './words/spoken.ts'

let current: Promise<App> | undefined

/** Returns the app of this process, and builds it at the first call. A start that failed is tried again at the next. */
export function app(): Promise<App> {
  current ??= deployed(readConfig(process.env)).catch((cause: unknown) => {
    current = undefined
    throw cause
  })
  return current
}

/** Makes this the app of the process, for programs that compose other adapters. */
export function useApp(other: App): void {
  current = Promise.resolve(other)
}

/** Composes the app with the services of Azure. */
async function deployed(config: Config): Promise<App> {
  const { baseUrl, tenantId, origin, apiAppId: audience } = config
  const credential = new ManagedIdentityCredential({ clientId: config.clientId })
  const cards = readCards(beside('cards'))
  const policy = await loadPolicy(config.policyFolder, cards)
  const clock: Clock = { now: () => instant(Date.now()) }
  const storage = await openStorage(
    {
      tables: {
        url: config.tablesUrl,
        credential,
        ledgerKey: new VaultLedgerKey({ secretId: config.ledgerKey, credential }),
      },
      blobs: { url: config.blobsUrl, credential },
      origin,
      tenant: tenantId,
      at: clock.now(),
      backup: config.backup,
    },
    policy,
  )
  if (config.clients.size === 0)
    console.warn(logLine('start', { start: true, missing: clientsSetting, effect: 'people are refused over HTTP' }))
  const failed = (cause: unknown) => console.error(backgroundLine(cause))
  const witness = await Witness.begin({ ...storage, clock, failed, random: randomBytes })
  const entra = `https://login.microsoftonline.com/${tenantId}`
  return compose({
    ...storage,
    ledger: witness.ledger,
    policy,
    directory: new GraphDirectory({ url: 'https://graph.microsoft.com/v1.0', credential, clock }),
    signer: new VaultSigner({ keyId: config.grantKey, credential }),
    logSigner: new VaultSigner({ keyId: config.logKey, credential }),
    origin,
    witness,
    verifiers: readVerifiers(beside('evidence')),
    clock,
    callers: callers({ tenantId, audience, issuers: [`${entra}/v2.0`], jwksUri: `${entra}/discovery/v2.0/keys` }),
    clients: config.clients,
    failed,
    baseUrl,
    ...teamsIn(config, cards),
  })
}

/** Finds a folder beside the built program. */
const beside = (folder: string): string => fileURLToPath(new URL(folder, import.meta.url))

function teamsIn(
  { bot, clientId, tenantId }: Config,
  files: ReadonlyMap<string, Uint8Array>,
): Pick<Adapters, 'messengers' | 'teams'> {
  const cards = drawing(files, spoken)
  const messenger = connect({ ...bot, clientId }, async (request) => (await cards()).channel(request))
  return {
    messengers: new Map([['teams', messenger]]),
    teams: { cards, gate: gate({ botAppId: bot.appId, tenantId, jwksUri: botKeys }) },
  }
}

/** Where the Bot Framework publishes the keys of its channels. */
const botKeys = 'https://login.botframework.com/v1/.well-known/keys'
