import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ManagedIdentityCredential } from '@azure/identity'
import about from '../package.json'
import type { Day } from './core/data/day.ts'
import { instant } from './core/data/instant.ts'
import type { RequestId } from './core/data/id.ts'
import type { Erasure } from './core/request/erasure.ts'
import type { ApprovalRequest } from './core/request/request.ts'
import { type Approvals, approvals } from './approvals/approvals.ts'
import { BlobArchive } from './azure/archive.ts'
import { GraphDirectory } from './azure/directory.ts'
import { TableLedger } from './azure/ledger.ts'
import { TableLimits } from './azure/limits.ts'
import { prepareLedger } from './azure/meta.ts'
import { TableOutbox } from './azure/outbox.ts'
import { TableSeals } from './azure/seals.ts'
import { VaultSigner } from './azure/signer.ts'
import { connectTables } from './azure/tables.ts'
import type { ChangeParts } from './approvals/commit.ts'
import { type Config, readConfig } from './config.ts'
import { Delivery } from './delivery/delivery.ts'
import { announce } from './evidence/seal/announce.ts'
import { archivePolicy } from './evidence/seal/archivePolicy.ts'
import { Bundles } from './evidence/read/bundles.ts'
import { eraseAll } from './evidence/erasures.ts'
import { proofs } from './evidence/read/proofs.ts'
import { saidOf } from './evidence/read/saidExport.ts'
import { Sealing } from './evidence/seal/seal.ts'
import { readCards, readVerifiers } from './runtime/folder.ts'
import { grants } from './approvals/grants.ts'
import { health } from './health.ts'
import { api } from './http/api.ts'
import { type Caller, callers } from './http/caller.ts'
import { backgroundLine } from './runtime/log.ts'
import { type Pace, paced, pacing } from './delivery/pace.ts'
import { loadPolicy } from './policy/load.ts'
import type { Clock } from './ports/clock.ts'
import type { Directory } from './ports/directory.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Limits } from './ports/limits.ts'
import type { Messenger } from './ports/messenger.ts'
import type { Outbox } from './ports/outbox.ts'
import type { Policy } from './ports/policy.ts'
import type { Signer } from './ports/signer.ts'
import type { Archive } from './ports/archive.ts'
import type { Seals } from './ports/seals.ts'
import { type Bot, bot } from './teams/inbound/bot.ts'
import type { Cards } from './cards/cards.ts'
import { connect } from './teams/outbound/connection.ts'
import { teamsDoor } from './teams/inbound/door.ts'
import { drawing } from './cards/lazyCards.ts'
import { type Gate, gate } from './teams/inbound/gate.ts'
import { Waiting } from './approvals/waiting.ts'

/** Every port's adapter, and what else the outside decides. */
export interface Adapters {
  readonly ledger: Ledger
  readonly limits: Limits
  readonly policy: Policy
  readonly directory: Directory
  readonly signer: Signer
  readonly archive: Archive
  readonly seals: Seals
  /** Signs the log, with another key than grants. */
  readonly logSigner: Signer
  /** The name of the log. */
  readonly origin: string
  /** What every bundle has beside the evidence: by name, how to read and verify it. */
  readonly verifiers: ReadonlyMap<string, Uint8Array>
  readonly clock: Clock
  readonly callers: (authorization: string | null) => Promise<Caller>
  /** Hears of what went wrong where nobody waits for an answer. */
  readonly failed: (cause: unknown) => void
  readonly baseUrl: string
  /** Absent where there is no Teams: then requests are decided over HTTP alone. */
  readonly teams?: Teams
}

export interface Teams {
  readonly outbox: Outbox
  readonly messenger: Messenger
  readonly cards: () => Promise<Cards>
  readonly gate: Gate
}

export type App = ReturnType<typeof compose>

/** Builds the use cases and doors on the given adapters. Nothing here knows where it runs. */
export function compose(adapters: Adapters) {
  const { ledger, limits, policy, directory, signer, archive, seals, clock, baseUrl } = adapters
  const waiters = new Waiting(ledger)
  const committed = (tell: (request: ApprovalRequest) => void) => ({ ledger, clock, policy, random: randomBytes, tell })
  const wake = ({ id }: ApprovalRequest) => waiters.wake(id)
  const pace = pacing(clock)
  const delivery = adapters.teams ? deliver({ ...committed(wake), pace }, adapters.teams, adapters.failed) : null
  const words = adapters.teams ? paced(adapters.teams.messenger, pace, pause) : null
  const told = committed((request) => {
    wake(request)
    if (request.policy.outcome === 'approve') delivery?.soon(request.id)
  })
  const uses = approvals({
    ...told,
    ...{ limits, directory, waiting: waiters },
    grants: grants(signer, baseUrl),
    issuer: baseUrl,
  })
  const teams =
    adapters.teams && delivery && words ? teamsOf({ ...adapters.teams, messenger: words }, uses, delivery) : null
  const overdue = async () => (await ledger.due(clock.now(), 1000)).length
  const healthy = health({
    ...{ ledger, archive, seals, clock, signer, directory, waiting: waiters, overdue },
    isDeliveryFailing: () => delivery?.isFailing() ?? false,
  })
  const deliveryOf = async (request: ApprovalRequest) =>
    delivery ? delivery.state(request) : request.undeliverable ? 'undeliverable' : 'ok'
  const evidence = {
    bundles: new Bundles({ seals, archive, clock }),
    said: (date: Day) => saidOf({ ledger, seals, clock }, date),
    proofs: proofs({ ledger, seals, archive }),
    erase: (id: RequestId, erasure: Erasure) => eraseAll(told, id, erasure),
  }
  const doors = { approvals: uses, evidence, health: healthy, deliveryOf, callers: adapters.callers }
  const handlers = api({ ...doors, policy, signer, baseUrl })
  return { api: handlers, approvals: uses, seal: sealer(adapters, words), teams, delivery, stop: () => waiters.stop() }
}

/** Seals what is due, and tells the compliance channel where there is Teams. */
function sealer(
  { logSigner, verifiers: files, ...adapters }: Adapters,
  messenger: Pick<Messenger, 'say'> | null,
): () => Promise<readonly Day[]> {
  const tool = `countersign ${about.version}`
  const sealed = new Sealing({ ...adapters, signer: logSigner, files, tool, random: randomBytes })
  const channel = adapters.policy.complianceChannel()
  return async () => {
    const days = await sealed.run()
    if (messenger) await announce({ ...adapters, messenger, channel })
    return days
  }
}

/** Nobody waits for what is delivered later: it does not keep the process. */
const pause = (ms: number): Promise<unknown> => setTimeout(ms, undefined, { ref: false })

/** Brings cards up to date in the background; a delivery's own commits wake waiters and start no other delivery. */
function deliver(
  parts: ChangeParts & { policy: Policy; pace: Pace },
  { outbox, messenger }: Teams,
  failed: Adapters['failed'],
) {
  return new Delivery({ ...parts, outbox, messenger, failed, pause })
}

function teamsOf(
  { gate, cards, messenger, outbox }: Omit<Teams, 'messenger'> & { readonly messenger: Pick<Messenger, 'reply'> },
  approvals: Approvals,
  delivery: Delivery,
) {
  let ready: Bot | undefined
  const lazy: Bot = async (intent) => {
    ready ??= bot({
      approvals,
      cards: await cards(),
      messenger,
      arrivals: outbox,
      adopt: (...card) => delivery.adopt(...card),
    })
    return ready(intent)
  }
  return teamsDoor({ gate, bot: lazy })
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
  const beside = (folder: string) => fileURLToPath(new URL(folder, import.meta.url))
  const files = readCards(beside('cards'))
  const policy = await loadPolicy(config.policyFolder, files)
  const cards = drawing(files)
  const clock: Clock = { now: () => instant(Date.now()) }
  const tables = connectTables({ url: config.tablesUrl, credential })
  const archive = new BlobArchive({ url: config.blobsUrl, container: 'evidence', credential })
  await prepareLedger(tables, { origin: config.origin, tenant: tenantId, at: clock.now() })
  await archive.prepare()
  await archivePolicy(archive, policy)
  const entra = `https://login.microsoftonline.com/${tenantId}`
  return compose({
    ledger: new TableLedger(tables),
    limits: new TableLimits(tables),
    policy,
    directory: new GraphDirectory({ url: 'https://graph.microsoft.com/v1.0', credential, clock }),
    signer: new VaultSigner({ keyId: config.grantKey, credential }),
    logSigner: new VaultSigner({ keyId: config.logKey, credential }),
    origin: config.origin,
    seals: new TableSeals(tables),
    verifiers: readVerifiers(beside('evidence')),
    archive,
    clock,
    callers: callers({
      tenantId,
      audience: apiAppId,
      issuers: [`${entra}/v2.0`],
      jwksUri: `${entra}/discovery/v2.0/keys`,
    }),
    failed: (cause) => console.error(backgroundLine(cause)),
    baseUrl,
    teams: {
      outbox: new TableOutbox(tables),
      cards,
      messenger: connect({ ...config.bot, clientId: config.clientId }, async (request) =>
        (await cards()).channel(request),
      ),
      gate: gate({ botAppId: config.bot.appId, tenantId, jwksUri: botKeys }),
    },
  })
}

/** Where the Bot Framework publishes the keys of its channels. */
const botKeys = 'https://login.botframework.com/v1/.well-known/keys'
