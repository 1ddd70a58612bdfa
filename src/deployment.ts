import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ManagedIdentityCredential } from '@azure/identity'
import { version } from '../package.json'
import { type Adapters, type App, compose } from './app.ts'
import { GraphDirectory } from './azure/directory.ts'
import { VaultLedgerKey } from './azure/ledgerKey.ts'
import { ocsfSink } from './azure/ocsfSink.ts'
import { sentinelSink } from './azure/sentinel.ts'
import { VaultRsaKey } from './azure/rsaKey.ts'
import { VaultSigner } from './azure/signer.ts'
import { connectStorage, type Storage } from './azure/storage.ts'
import { VaultSecret } from './azure/vaultSecret.ts'
import { drawing } from './cards/lazyCards.ts'
import { type Config, readConfig, sinksSetting } from './config.ts'
import { cosignerAt } from './cosigner/client.ts'
import { instant } from './core/data/instant.ts'
import { Witness } from './evidence/witness.ts'
import { callers, peoplesScope } from './http/caller.ts'
import { clientsSetting } from './http/clients.ts'
import { compiledFile, readCompiled } from './policy/compiled.ts'
import { cedar } from './policy/engine.ts'
import { loadPolicy } from './policy/load.ts'
import { unserved, untold, withoutChannel, withoutGitHub, withoutMessenger } from './policy/untold.ts'
import type { Clock } from './ports/clock.ts'
import type { Policy } from './ports/policy.ts'
import type { Sink } from './ports/sinks.ts'
import { Alarms } from './runtime/alarms.ts'
import { readCards, readConsole, readVerifiers } from './runtime/folder.ts'
import { backgroundLine, sinkLine, undeliveredLine } from './runtime/log.ts'
import { logLine } from './runtime/logLine.ts'
import { opening } from './runtime/opening.ts'
import { gitHubApi } from './github/api.ts'
import { consoleLink } from './slack/blocks.ts'
import { connectSlack } from './slack/connect.ts'
import { readSinks, type SinkSettings } from './sinksFile.ts'
import { publicDial } from './webhook/hookCall.ts'
import { webhook } from './webhook/webhook.ts'
import { gate } from './teams/inbound/gate.ts'
import { connect } from './teams/outbound/connection.ts'
import { type ConsolePlace, renderOn, withStoryLink } from './teams/storyLink.ts'
import { spoken } from './words/spoken.ts'

/** A composed app, with the preparation that other services need before it works. */
export interface Deployed {
  /** The app. Only after the storage is open is it known whether the ledger can be written. */
  readonly app: () => App
  /**
   * Prepares the storage. A failure is tried again by the next call.
   *
   * @throws {Error} if it is the storage of another deployment
   * @throws {Problem} `unavailable` while storage or ledger key cannot be reached, `evidence-broken`
   */
  readonly open: () => Promise<void>
}

/**
 * Composes the app with the services of Azure. Sends nothing that changes anything.
 *
 * @throws {Error} naming the malformed setting or file
 */
export async function deploy(env: NodeJS.ProcessEnv): Promise<Deployed> {
  const config = readConfig(env)
  const sinks = await sinksOf(config)
  const connected = connectedTo(config, sinks)
  // The key is on its way while the policy is read.
  void connected.storage.warm()
  const cards = readCards(beside('cards'))
  const { policyFolder, policyRef: ref } = config
  const policy = await loadPolicy(policyFolder, cards, { ref, compiled: await readCompiled(beside(compiledFile)) })
  for (const name of untold(policy)) console.warn(logLine('start', { start: true, ...withoutChannel(name) }))
  const served = ['teams', ...(config.slack ? ['slack'] : [])]
  for (const kind of unserved(policy, served))
    console.warn(logLine('start', { start: true, ...withoutMessenger(kind) }))
  if (!config.gitHub && policy.gitHubs().length > 0) console.warn(logLine('start', { start: true, ...withoutGitHub }))
  if (config.clients.size === 0)
    console.warn(logLine('start', { start: true, missing: clientsSetting, effect: 'people are refused over HTTP' }))
  return composed(config, connected, policy, { cards, sinks })
}

interface Connected {
  readonly credential: ManagedIdentityCredential
  readonly storage: Storage
}

/** @throws {Error} that names the file, its flaw and its line */
async function sinksOf({ sinksFile, cloud }: Config): Promise<readonly SinkSettings[]> {
  if (sinksFile === undefined) return []
  const bytes = await readFile(sinksFile).catch((cause: unknown) => {
    throw new Error(
      `The setting ${sinksSetting} names ${sinksFile}, which cannot be read: put the file there, or leave the setting out.`,
      { cause },
    )
  })
  return readSinks(bytes, cloud)
}

function connectedTo(config: Config, sinks: readonly SinkSettings[]): Connected {
  const credential = new ManagedIdentityCredential({ clientId: config.clientId })
  const storage = connectStorage({
    tables: {
      url: config.tablesUrl,
      credential,
      ledgerKey: new VaultLedgerKey({ secretId: config.ledgerKey, audience: config.cloud.vault, credential }),
    },
    blobs: { url: config.blobsUrl, credential },
    origin: config.origin,
    tenant: config.tenantId,
    backup: config.backup,
    exports: sinks.some(({ kind }) => kind === 'ocsf'),
  })
  return { credential, storage }
}

function composed(
  config: Config,
  { credential, storage }: Connected,
  policy: Policy,
  { cards, sinks }: { readonly cards: ReadonlyMap<string, Uint8Array>; readonly sinks: readonly SinkSettings[] },
): Deployed {
  const { baseUrl, tenantId, origin, apiAppId: audience, cloud } = config
  const clock: Clock = { now: () => instant(Date.now()) }
  const alarms = new Alarms((cause) => console.error(backgroundLine(cause)))
  const witness = new Witness({ ...storage, clock, failed: alarms.failed, random: randomBytes })
  const { open, isOpen } = opening(async () => {
    const prepared = storage.prepare(clock.now())
    const begun = prepared.then(() => witness.begin())
    const [incomplete] = await Promise.all([prepared, begun, storage.keep(policy, prepared)])
    if (incomplete) app = compose({ ...adapters, incomplete })
    setTimeout(cedar, afterStart).unref()
  })
  const entra = `${cloud.login}/${tenantId}`
  const adapters: Adapters = {
    ...storage,
    ledger: witness.ledger,
    policy,
    directory: new GraphDirectory({ url: `${cloud.graph}/v1.0`, audience: cloud.graph, credential, clock }),
    signer: new VaultSigner({ keyId: config.grantKey, credential }),
    logSigner: new VaultSigner({ keyId: config.logKey, credential }),
    origin,
    witness,
    verifiers: readVerifiers(beside('evidence')),
    consoleFiles: () => readConsole(beside('console')),
    clock,
    callers: callers({ tenantId, audience, issuers: [`${entra}/v2.0`], jwksUri: `${entra}/discovery/v2.0/keys` }),
    clients: config.clients,
    ...consoleOf(config),
    ...(config.stepUp !== undefined && {
      stepUp: { context: config.stepUp, authorizationUri: `${entra}/oauth2/v2.0/authorize` },
    }),
    ...(config.authzen && { authzen: true }),
    undelivered: (id) => console.error(undeliveredLine(id)),
    sinks: {
      all: sinks.map((sink) => sinkOn(sink, { config, credential, storage, clock })),
      cursors: storage.sinkCursors,
    },
    noticed: (notice) => console.error(sinkLine(notice)),
    alarms,
    cosigners: config.witnesses.map((witness) => cosignerAt(witness)),
    baseUrl,
    isOpen,
    ...shownIn(config, cards),
    ...gitHubOf(config, credential),
  }
  let app = compose(adapters)
  return { app: () => app, open }
}

interface SinkMeans extends Connected {
  readonly config: Config
  readonly clock: Clock
}

function sinkOn(settings: SinkSettings, { config, credential, storage, clock }: SinkMeans): Sink {
  const { baseUrl, origin, tenantId: tenant, cloud, consoleAppId } = config
  const by = { origin, tenant, version }
  const { host } = new URL(baseUrl)
  switch (settings.kind) {
    case 'webhook': {
      const of = { secretId: settings.secret, audience: cloud.vault, credential }
      const secret = new VaultSecret(`The secret of the sink ${settings.name}`, of, (one) => one)
      const secrets = async () => (await secret.versions()).map(({ value }) => value)
      return webhook(settings, { secrets, by, host, clock, dial: publicDial })
    }
    case 'sentinel': {
      const requests = `${baseUrl}/${consoleAppId === undefined ? 'api' : 'console'}/requests/`
      return sentinelSink(settings, { credential, audience: cloud.monitor, by: { ...by, host, requests }, clock })
    }
    case 'ocsf':
      return ocsfSink(settings, { blobs: storage.exports, by })
  }
}

function consoleOf({ cloud, tenantId, apiAppId, consoleAppId: clientId }: Config): Pick<Adapters, 'console'> {
  if (clientId === undefined) return {}
  const authority = `${cloud.login}/${tenantId}/v2.0`
  return { console: { authority, clientId, scope: `${apiAppId}/${peoplesScope}`, hosts: cloud.teams } }
}

/** Milliseconds after which Cedar is loaded, so that neither the first answers wait for it nor a later judgement. */
const afterStart = 1_000

/** Finds a folder beside the built program. */
const beside = (folder: string): string => fileURLToPath(new URL(folder, import.meta.url))

function shownIn(
  config: Config,
  files: ReadonlyMap<string, Uint8Array>,
): Pick<Adapters, 'cards' | 'messengers' | 'teams' | 'slack'> {
  const { bot, clientId, tenantId, cloud } = config
  const cards = drawing(files, spoken)
  const place = placeOf(config)
  const inTeams = place ? async () => withStoryLink(await cards(), place, spoken) : cards
  const messenger = connect({ ...bot, clientId, cloud }, renderOn(inTeams))
  const { bots } = cloud
  const link = place ? { link: consoleLink(place.baseUrl) } : {}
  const slack = config.slack && connectSlack({ settings: config.slack, cards, ...link })
  return {
    cards,
    messengers: new Map([['teams', messenger] as const, ...(slack ? [['slack', slack.messenger] as const] : [])]),
    ...(slack && { slack: slack.door }),
    teams: { gate: gate({ botAppId: bot.appId, tenantId, jwksUri: bots.keys, bots }), cards: inTeams },
  }
}

/** The GitHub App, which signs in with a key in the vault. */
function gitHubOf({ gitHub: settings }: Config, credential: ManagedIdentityCredential): Pick<Adapters, 'gitHub'> {
  if (!settings) return {}
  const key = new VaultRsaKey({ keyId: settings.key, credential })
  return { gitHub: { settings, api: gitHubApi({ ...settings, key }) } }
}

/** Where cards lead to; `null` without a console. */
function placeOf({ baseUrl, cloud, consoleAppId, teamsAppId: appId }: Config): ConsolePlace | null {
  const [teams] = cloud.teams
  if (consoleAppId === undefined) return null
  return { baseUrl, ...(appId !== undefined && { tab: { teams, appId } }) }
}
