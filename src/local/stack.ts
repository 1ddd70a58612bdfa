import { randomBytes } from 'node:crypto'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import type { AccessToken, TokenCredential } from '@azure/identity'
import { StorageSharedKeyCredential } from '@azure/storage-blob'
import { type App, compose, type Adapters } from '../app.ts'
import { version } from '../../package.json'
import { GraphDirectory } from '../azure/directory.ts'
import { cosignerAt } from '../cosigner/client.ts'
import type { WitnessSettings } from '../cosigner/settings.ts'
import { type OcsfSinkSettings, ocsfSink } from '../azure/ocsfSink.ts'
import { connectStorage } from '../azure/storage.ts'
import { Witness } from '../evidence/witness.ts'
import { Bundles } from '../evidence/read/bundles.ts'
import { Alarms } from '../runtime/alarms.ts'
import { readConsole, readVerifiers } from '../runtime/folder.ts'
import { callers, peoplesScope } from '../http/caller.ts'
import type { Clock } from '../ports/clock.ts'
import type { Policy } from '../ports/policy.ts'
import type { Cards } from '../cards/cards.ts'
import { consoleLink } from '../slack/blocks.ts'
import { connectSlack } from '../slack/connect.ts'
import { connect } from '../teams/outbound/connection.ts'
import { renderOn, withStoryLink } from '../teams/storyLink.ts'
import { drawing } from '../cards/lazyCards.ts'
import { clouds } from '../runtime/cloud.ts'
import { apiAppId, consoleAppId, peoplesApps, tenantId } from './accounts.ts'
import type { LocalStorage } from './azurite.ts'
import { botAppId, type LocalTeams } from './bot.ts'
import { type LocalGitHub, localGitHub } from './gitHubApp.ts'
import type { LocalSlack } from './slackApp.ts'
import { spoken } from '../words/spoken.ts'
import type { Identity } from './identity.ts'
import { paths } from './issuer.ts'
import { type Pages, postingAgain } from './pages.ts'
import { grantKeyIn, ledgerKeyIn, logKeyIn } from './keys.ts'
import { fileLedgerKey } from './ledgerKey.ts'
import { type SealReport, sealNow } from './sealing.ts'
import { fileSigner } from './signer.ts'

export interface StackParts {
  readonly data: string
  readonly policy: Policy
  /** The card templates, by file name. */
  readonly cards: ReadonlyMap<string, Uint8Array>
  readonly baseUrl: string
  readonly azurite: LocalStorage
  readonly identity: Pick<Identity, 'graphUrl' | 'issuer' | 'jwksUri'>
  readonly clock: Clock
  /** `null` without Teams: requests are decided over HTTP, and no cards are sent. */
  readonly teams: LocalTeams | null
  /** The app of Slack, and where its API is. Absent without Slack. */
  readonly slack?: LocalSlack
  /** The GitHub App. Absent without one. */
  readonly gitHub?: LocalGitHub
  /** The pages of the local Teams client. Absent for another client. */
  readonly pages?: Pages
  /** The authentication context that a decision of tier `high` over HTTP takes; absent: none. */
  readonly stepUp?: string
  /** Whether snapshots are taken; not without it. */
  readonly backup?: boolean
  /** Who cosigns the checkpoints of the log. */
  readonly witnesses?: readonly WitnessSettings[]
  /** Whether there is a door for AuthZEN; not without it. */
  readonly authzen?: boolean
  /** Sinks that write lines into the stack's own storage. Absent: none. */
  readonly sinks?: readonly OcsfSinkSettings[]
  readonly failed: (cause: unknown) => void
}

/** The name of the local log. */
export const origin = 'countersign.localhost/evidence'

/** The local Graph accepts any bearer token. */
const anyToken: TokenCredential = {
  getToken: async (): Promise<AccessToken> => ({ token: 'local', expiresOnTimestamp: Date.now() + 3_600_000 }),
}

export interface LocalStack {
  readonly app: App
  /** Seals every day that has ended. */
  readonly seal: () => Promise<SealReport>
}

/** Composes the same app as a deployment, with local storage, sign-in, keys and clock. */
export async function composeLocal(parts: StackParts): Promise<LocalStack> {
  const { data, policy, baseUrl, azurite, identity, clock, witnesses = [], sinks = [] } = parts
  const { account, key } = azurite
  const storage = connectStorage({
    tables: {
      url: azurite.tablesUrl,
      credential: new AzureNamedKeyCredential(account, key),
      ledgerKey: await fileLedgerKey(ledgerKeyIn(data)),
    },
    blobs: { url: azurite.blobsUrl, credential: new StorageSharedKeyCredential(account, key) },
    origin,
    tenant: tenantId,
    backup: parts.backup ?? false,
    exports: sinks.length > 0,
  })
  const incomplete = await storage.prepare(clock.now())
  await storage.keep(policy)
  const { archive, seals } = storage
  const cards = drawing(parts.cards, spoken)
  const alarms = new Alarms(parts.failed)
  const witness = await Witness.begin({ ...storage, clock, failed: alarms.failed, random: randomBytes })
  const app = compose({
    ...storage,
    ...(incomplete && { incomplete }),
    ledger: witness.ledger,
    sinks: sinksIn(storage, sinks),
    policy,
    directory: new GraphDirectory({ url: identity.graphUrl, audience: 'local', credential: anyToken, clock }),
    signer: await fileSigner(grantKeyIn(data)),
    logSigner: await fileSigner(logKeyIn(data)),
    origin,
    witness,
    cosigners: witnesses.map((one) => cosignerAt(one)),
    verifiers: readVerifiers('evidence'),
    consoleFiles: () => readConsole('dist/console'),
    clock,
    callers: callers({ tenantId, audience: apiAppId, issuers: [identity.issuer], jwksUri: identity.jwksUri }),
    clients: peoplesApps,
    console: {
      authority: identity.issuer,
      clientId: consoleAppId,
      scope: `${apiAppId}/${peoplesScope}`,
      hosts: clouds.public.teams,
    },
    ...(parts.stepUp !== undefined && {
      stepUp: { context: parts.stepUp, authorizationUri: new URL(paths.authorization, identity.issuer).href },
    }),
    ...(parts.authzen && { authzen: true }),
    baseUrl,
    alarms,
    cards,
    ...roomsOn(parts, cards),
    ...(parts.gitHub && { gitHub: localGitHub(parts.gitHub, clock) }),
  })
  const { delivery } = app
  if (delivery) parts.pages?.serve(postingAgain({ ...storage, soon: (id) => delivery.soon(id) }))
  const bundles = new Bundles({ seals, archive, clock })
  return { app, seal: () => sealNow({ ...app, seals, bundles }) }
}

/** The sinks of a local stack, which are files of its own storage. */
const sinksIn = (
  { exports, sinkCursors }: ReturnType<typeof connectStorage>,
  sinks: StackParts['sinks'] & {},
): Adapters['sinks'] & {} => ({
  all: sinks.map((sink) => ocsfSink(sink, { blobs: exports, by: { origin, tenant: tenantId, version } })),
  cursors: sinkCursors,
})

/** Where requests are shown: in Teams, in Slack, in both or in neither. */
function roomsOn(
  { teams, slack, pages, baseUrl }: StackParts,
  cards: () => Promise<Cards>,
): Pick<Adapters, 'messengers' | 'teams' | 'slack'> {
  const inTeams = teams && teamsOn(teams, async () => withStoryLink(await cards(), { baseUrl }, spoken), pages)
  const inSlack = slack && connectSlack({ ...slack, cards, link: consoleLink(baseUrl) })
  if (!inTeams && !inSlack) return {}
  return {
    messengers: new Map([
      ...(inTeams ? [['teams', inTeams.messenger] as const] : []),
      ...(inSlack ? [['slack', inSlack.messenger] as const] : []),
    ]),
    ...(inTeams && { teams: inTeams.door }),
    ...(inSlack && { slack: inSlack.door }),
  }
}

function teamsOn({ serviceUrl, gate }: LocalTeams, cards: () => Promise<Cards>, pages: Pages | undefined) {
  const bot = { appId: botAppId, appType: 'SingleTenant', tenantId, clientId: botAppId, serviceUrl } as const
  const messenger = connect({ ...bot, cloud: clouds.public }, renderOn(cards), { credentials: 'none' })
  return { messenger: pages?.watching(messenger) ?? messenger, door: { gate, cards } }
}
