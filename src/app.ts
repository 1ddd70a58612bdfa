import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { version } from '../package.json'
import type { Day } from './core/data/day.ts'
import { type RequestId, type Shard, shardOf } from './core/data/id.ts'
import type { BrokenRow, StepUpNeeded } from './core/data/problem.ts'
import type { DeliveryState } from './core/request/delivery.ts'
import type { ApprovalRequest } from './core/request/request.ts'
import { type Approvals, approvals } from './approvals/approvals.ts'
import { backlog, openCounts } from './approvals/backlog.ts'
import type { ChangeParts } from './approvals/commit.ts'
import { channelsOf } from './approvals/eligibility.ts'
import { Delegations } from './approvals/delegations.ts'
import { Ends } from './approvals/ends.ts'
import { Delivery } from './delivery/delivery.ts'
import { announce } from './evidence/seal/announce.ts'
import { cosign } from './evidence/seal/cosign.ts'
import { cosigningState } from './evidence/seal/cosigningState.ts'
import { Bundles } from './evidence/read/bundles.ts'
import { cosignedNotes } from './evidence/read/cosignatures.ts'
import { sweep } from './sweep.ts'
import { type SinkNotice, Sinks } from './sinks/sinks.ts'
import { holdsAgain } from './evidence/alarmCheck.ts'
import { type ExportedDownload, Exports } from './evidence/exports.ts'
import { eraseAll, type ErasureOrder } from './evidence/erasures.ts'
import { type HoldingOrder, Holds, type ReleasingOrder } from './evidence/holds.ts'
import { proofs } from './evidence/read/proofs.ts'
import { Templates } from './evidence/read/templates.ts'
import { saidOf } from './evidence/read/saidExport.ts'
import { tables } from './evidence/read/tables.ts'
import { type RepairOrder, Repairing } from './evidence/repair/repair.ts'
import type { Witness } from './evidence/witness.ts'
import { takeSnapshot } from './evidence/backup/snapshot.ts'
import { Sealing } from './evidence/seal/seal.ts'
import { grants } from './approvals/grants.ts'
import { health } from './health.ts'
import { authzenDoor } from './authzen/door.ts'
import { api } from './http/api.ts'
import { authzenHandlers } from './http/authzen.ts'
import type { ConsoleSettings } from './contract/serviceAnswers.ts'
import type { Caller } from './http/caller.ts'
import { consolePages } from './http/console.ts'
import { checkClients, checkDoors, type ClientNames } from './http/clients.ts'
import { dispatch } from './delivery/dispatch.ts'
import type { GateKeeping } from './delivery/gates.ts'
import { hearersOf } from './delivery/hearers.ts'
import { paced, pacing } from './delivery/pace.ts'
import type { Clock } from './ports/clock.ts'
import type { Cosigner } from './ports/cosigner.ts'
import type { Directory } from './ports/directory.ts'
import type { HoldRows } from './ports/holds.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Incomplete } from './ports/ledgerMark.ts'
import type { LedgerRows } from './ports/ledgerRows.ts'
import type { Limits } from './ports/limits.ts'
import type { Messenger, Messengers } from './ports/messenger.ts'
import type { Outbox } from './ports/outbox.ts'
import type { Repairs } from './ports/repairs.ts'
import type { Policy } from './ports/policy.ts'
import type { Signer } from './ports/signer.ts'
import type { Archive } from './ports/archive.ts'
import type { Seals } from './ports/seals.ts'
import type { Sink, SinkCursors } from './ports/sinks.ts'
import { type Bot, bot, type BotParts } from './teams/inbound/bot.ts'
import type { Cards } from './cards/cards.ts'
import { teamsDoor } from './teams/inbound/door.ts'
import type { Gate } from './teams/inbound/gate.ts'
import { slackDoor, type SlackDoorParts } from './slack/door.ts'
import { azureDevOpsDoor } from './azureDevOps/door.ts'
import { gitHubDoor, type GitHubDoorParts } from './github/door.ts'
import { gitHubGates } from './github/gate.ts'
import type { AzureDevOpsParts } from './http/azureDevOps.ts'
import type { Alarms } from './runtime/alarms.ts'
import { Waiting } from './approvals/waiting.ts'
import { bind } from './runtime/bind.ts'
import type { Macs } from './runtime/macs.ts'
import { random } from './runtime/random.ts'
import { readOnly } from './runtime/readOnly.ts'

/** Adapters for all ports, plus deployment settings. */
export interface Adapters {
  readonly ledger: Ledger
  readonly limits: Limits
  readonly policy: Policy
  readonly directory: Directory
  readonly signer: Signer
  readonly archive: Archive
  readonly seals: Seals
  readonly holds: HoldRows
  /** Signs the log, with another key than grants. */
  readonly logSigner: Signer
  /** The name of the log. */
  readonly origin: string
  /** Authenticates what the service writes. */
  readonly macs: Macs
  /** Records how far the chains of `ledger` go. */
  readonly witness: Pick<Witness, 'record' | 'isLate'>
  /** Cosign the checkpoints of the log. Absent without any. */
  readonly cosigners?: readonly Cosigner[]
  /** The files that every bundle has beside the evidence, by name: how to read and verify it. */
  readonly verifiers: ReadonlyMap<string, Uint8Array>
  readonly clock: Clock
  readonly callers: (authorization: string | null) => Promise<Caller>
  /** The applications that people may use over HTTP. An empty map refuses all people. */
  readonly clients: ClientNames
  /** What people prove over HTTP before they decide on a request of tier `high`. Absent: nothing. */
  readonly stepUp?: StepUpNeeded
  /** Is called with each request that reached no channel. Must not throw. */
  readonly undelivered?: (id: RequestId) => void
  /** Takes errors of work whose result is not awaited; the same that the witness has. */
  readonly alarms: Alarms
  readonly baseUrl: string
  /** How people sign in to the console. Absent without one. */
  readonly console?: ConsoleSettings
  /** Reads the files of the console as the build left them, by path below it. */
  readonly consoleFiles?: () => ReadonlyMap<string, Uint8Array>
  /** Whether the preparation of the storage is done. Absent if it was done before. */
  readonly isOpen?: () => boolean
  readonly outbox: Outbox
  /** How often the storage asked to be called later, in the last five minutes. Absent for one that never does. */
  readonly throttled?: () => number
  /** The parts of snapshots, with the container for erasable texts. Absent without backups. */
  readonly backup?: { readonly rows: LedgerRows; readonly archive: Pick<Archive, 'write'> }
  /** Present if the ledger was restored without all of its events: then it can only be read. */
  readonly incomplete?: Incomplete
  readonly repairs: Repairs
  /** Show requests in channels, by kind of channel. Without them requests are decided over HTTP alone. */
  readonly messengers?: Messengers
  /** Receivers of all events, and how far each is. Absent without any. */
  readonly sinks?: { readonly all: readonly Sink[]; readonly cursors: SinkCursors }
  /** Is called when a receiver is switched off, or fails again and again. Must not throw. */
  readonly noticed?: (notice: SinkNotice) => void
  /** The cards on which requests are shown, in every door. Loaded when the first is drawn. */
  readonly cards: (review?: Uint8Array) => Promise<Cards>
  /** The door for people in Teams. Its answers go through the messenger of Teams. */
  readonly teams?: Teams
  /** Whether there is a door for AuthZEN; not without it. */
  readonly authzen?: boolean
  /** The door for people in Slack. Its answers in channels go through the messenger of Slack. */
  readonly slack?: Slack
  /** The door for deployments of GitHub, and the way to answer them. */
  readonly gitHub?: GitHub
}

/** What only GitHub's door has. */
export type GitHub = Pick<GitHubDoorParts, 'settings' | 'api'>

/** What only Slack's door has. */
type Slack = Pick<SlackDoorParts, 'settings' | 'api' | 'link'>

interface Teams {
  readonly gate: Gate
  /** The same cards as in the other doors, with what only Teams shows around them. Without it they are the same. */
  readonly cards?: Adapters['cards']
}

export type App = ReturnType<typeof compose>

/** The adapters, with what takes errors of work whose result is not awaited. */
type Composing = Adapters & { readonly failed: Alarms['failed'] }

/**
 * Builds the use cases and doors on the given adapters. Nothing here depends on where the program runs.
 *
 * @throws {Error} if people are to use the application of an agent, or a rule names a door that does not exist.
 */
export function compose(given: Adapters) {
  const { alarms } = given
  const isReadOnly = given.incomplete !== undefined
  const adapters: Composing = { ...given, ...(isReadOnly && readOnly(given)), failed: alarms.failed }
  const { ledger, limits, policy, directory, signer, clients, baseUrl } = adapters
  checkClients(clients, policy)
  checkDoors(clients, policy, { slack: adapters.slack !== undefined })
  const waiting = new Waiting(ledger)
  const sinks = isReadOnly ? null : sinksOf(adapters)
  const wake = wakes(waiting, sinks)
  const ends = new Ends(adapters)
  const useForGate = (id: RequestId): Promise<ApprovalRequest> => useCases.useForGate(id)
  const delegations = new Delegations({ ...changing(adapters, () => undefined), ...adapters })
  const outbound = sends(adapters)
    ? outboundOf({ ...adapters, delegations }, ends, changing(adapters, wake), useForGate)
    : undefined
  const delivery = outbound?.delivery ?? null
  const changes = changing(adapters, (request) => {
    wake(request)
    if (request.policy.outcome === 'approve' || request.status === 'cancelled') delivery?.committed(request)
  })
  const useCases = approvals({
    ...changes,
    delegations,
    limits,
    policy,
    directory,
    waiting,
    ends,
    grants: grants(signer, baseUrl),
    issuer: baseUrl,
    isReadOnly,
    ...(adapters.stepUp && { stepUp: adapters.stepUp }),
    noted: (cause) => alarms.note(cause),
  })
  const handlers = api({
    approvals: useCases,
    evidence: evidenceOf(adapters, changes, ends),
    health: healthOf(adapters, { waiting, delivery, ends, sinks }),
    deliveryOf: async (request) => (delivery && adapters.messengers ? delivery.state(request) : untoldState(request)),
    callers: adapters.callers,
    cards: adapters.cards,
    clients,
    policy,
    signer,
    baseUrl,
    ...(adapters.console && { console: adapters.console }),
  })
  const timers = isReadOnly ? resting : timersOf(adapters, useCases, outbound, sinks)
  return {
    api: handlers,
    console: consolePages({ files: adapters.consoleFiles ?? (() => new Map()), settings: adapters.console }),
    approvals: useCases,
    ...timers,
    ...otherDoors(adapters, outbound, useCases),
    ...{ delivery, sinks },
    stop: () => waiting.stop(),
  }
}

/** Tells those who wait for a change of this process: callers, and what sends events to sinks. */
const wakes = (waiting: Waiting, sinks: ReturnType<typeof sinksOf>) => (request: ApprovalRequest) => {
  waiting.wake(request.id)
  const newest = request.events.at(-1)
  if (newest) sinks?.committed(shardOf(request.id), newest)
}

/** The doors beside the API: where people are asked, where pipelines wait, and what speaks the words of AuthZEN. */
function otherDoors(adapters: Composing, outbound: Outbound | undefined, approvals: Approvals) {
  const { signer, baseUrl, clock } = adapters
  const authzen = adapters.authzen ? authzenDoor({ approvals, signer, baseUrl, clock }) : null
  return {
    teams: adapters.teams && outbound ? teamsOf({ ...adapters, ...adapters.teams, ...outbound }, approvals) : null,
    slack: adapters.slack && outbound ? slackOf({ ...adapters, ...outbound }, adapters.slack, approvals) : null,
    gitHub: adapters.gitHub && outbound ? gitHubOf({ ...adapters, ...outbound }, adapters.gitHub, approvals) : null,
    azureDevOps: azureDevOpsOf(adapters, approvals),
    authzen: authzenHandlers(adapters, authzen),
  }
}

/** The work of timers. */
interface Timers {
  /** Returns counts of what was done. */
  readonly sweep: () => Promise<Readonly<Record<string, number>>>
  /** Returns the days that were sealed. */
  readonly seal: () => Promise<readonly Day[]>
  /** Has sealed days cosigned by the witnesses. Returns the names of the new files. */
  readonly cosign: () => Promise<readonly string[]>
  /** Takes a snapshot, if backups are on. Returns the names of the new files. */
  readonly snapshot: () => Promise<readonly string[]>
}

/** Timers of a ledger that lacks events, which change nothing. */
const resting: Timers = {
  sweep: async () => ({}),
  seal: async () => [],
  cosign: async () => [],
  snapshot: async () => [],
}

const timersOf = (
  adapters: Composing,
  approvals: Approvals,
  outbound: Outbound | undefined,
  sinks: Sinks | null,
): Timers => {
  const { backup, cosigners = [] } = adapters
  const parts = { ...adapters, approvals, delivery: outbound?.delivery ?? null, sinks, backlog: backlog(adapters) }
  return {
    sweep: () => sweep(parts),
    seal: sealer(adapters, outbound?.messenger ?? null),
    cosign: () => cosign({ ...adapters, cosigners, random: randomBytes }),
    snapshot: async () =>
      backup ? takeSnapshot({ ...adapters, rows: backup.rows, backup: backup.archive, random: randomBytes }) : [],
  }
}

/** The parts of a change. @param committed is called with every request that a commit changed */
const changing = ({ ledger, clock, policy }: Adapters, committed: ChangeParts['committed']): ChangeParts => ({
  ledger,
  clock,
  policy,
  random,
  committed,
})

/** Sends into channels: cards in the background, and words. Both share one pace. */
interface Outbound {
  readonly delivery: Delivery
  readonly messenger: Pick<Messenger, 'say' | 'reply'>
}

/** Whether anything is told: to people in channels, or to pipelines. */
const sends = ({ messengers, gitHub }: Adapters): boolean => messengers !== undefined || gitHub !== undefined

/**
 * @param changes for commits of deliveries themselves, which wake waiting callers and start no other delivery
 * @param useUp uses up an approval for a gate
 */
function outboundOf(
  parts: Composing & { readonly delegations: Delegations },
  ends: Ends,
  changes: ChangeParts,
  useUp: GateKeeping['useUp'],
): Outbound {
  const { policy, clock, outbox, directory, ledger, failed, undelivered, messengers, gitHub, delegations } = parts
  const messenger = dispatch(messengers ?? new Map())
  const pace = pacing(clock, messenger.rulesOf)
  return {
    delivery: new Delivery({
      ...{ ...changes, policy, ends, pace, outbox, messenger, failed, pause },
      ...(undelivered && { undelivered }),
      ...(gitHub && { gateKeeping: { gates: gitHubGates(policy, gitHub.api), useUp } }),
      hearers: hearersOf({ policy, directory, ledger, outbox, clock, delegations }),
    }),
    messenger: paced(messenger, pace, pause),
  }
}

/** Tells other systems of all events; `null` if there are none. */
function sinksOf({ sinks, ledger, clock, failed, noticed }: Composing): Sinks | null {
  if (!sinks || sinks.all.length === 0) return null
  const { all, cursors } = sinks
  return new Sinks({ ...{ sinks: all, cursors, ledger, clock, random, pause, failed }, ...(noticed && { noticed }) })
}

/** Waits without keeping the process alive: the timer finds deliveries that are left. */
const pause = (ms: number): Promise<unknown> => setTimeout(ms, undefined, { ref: false })

function evidenceOf(adapters: Composing, changes: ChangeParts, ends: Ends) {
  const { ledger, seals, archive, clock, macs, alarms, failed, cosigners = [] } = adapters
  const broken = (shard: Shard) => alarms.rows().flatMap((row) => (row.shard === shard ? requestIn(row) : []))
  const repairing = new Repairing({ ...adapters, ...changes, policy: adapters.policy, ends, broken })
  const noted = (cause: unknown) => alarms.note(cause)
  const exports = new Exports(changes)
  const holds = new Holds({ ...changes, ...adapters })
  const calls = {
    said: (_: null, date: Day, from?: number) => saidOf({ ledger, seals, clock, failed }, date, from),
    erase: (_: null, id: RequestId, order: ErasureOrder) =>
      eraseAll({ ...changes, policy: adapters.policy, holds }, id, order),
    hold: (_: null, order: HoldingOrder) => holds.hold(order),
    release: (_: null, order: ReleasingOrder) => holds.release(order),
    holds: (_: null, released: boolean) => holds.list(released),
    repair: (_: null, order: RepairOrder) => repairing.repair(order),
    exporting: (_: null, download: ExportedDownload) => exports.record(download),
  }
  return {
    bundles: new Bundles({ seals, archive, clock }),
    cosignatures: cosignedNotes({ seals, archive, clock, cosigners }, noted),
    proofs: proofs({ ledger, seals, archive }, noted),
    tables: tables({ seals, archive, macs }, noted),
    templates: new Templates(archive),
    ...bind(null, calls, noted),
  }
}

const requestIn = ({ request }: BrokenRow): readonly RequestId[] =>
  request === undefined ? [] : [request as RequestId]

interface Looked {
  readonly waiting: Waiting
  readonly delivery: Delivery | null
  readonly ends: Ends
  readonly sinks: Sinks | null
}

const healthOf = (adapters: Adapters, { waiting, delivery, ends, sinks }: Looked) => {
  const { ledger, archive, witness, seals, holds, clock, signer, directory, clients, alarms, backup, incomplete } =
    adapters
  const { macs, isOpen = () => true, throttled = () => 0, cosigners = [] } = adapters
  return health({
    ...(backup && { backup: backup.rows }),
    ...(incomplete && { lost: incomplete }),
    ...(sinks && { sinks: () => sinks.states() }),
    ledger,
    macs,
    isOpen,
    throttled,
    archive,
    witness,
    cosigning: () => cosigningState({ cosigners, seals, clock }),
    seals,
    clock,
    signer,
    directory,
    waiting,
    alarms: {
      rows: () => alarms.rows(),
      recheck: () => alarms.recheck((row: BrokenRow) => holdsAgain({ ledger, seals, ends, holds }, row)),
    },
    version,
    people: clients.size > 0 ? 'admitted' : 'refused',
    isDeliveryFailing: () => delivery?.isFailing() ?? false,
    overdue: async () => (await ledger.due(clock.now(), 1000)).length,
    open: () => openCounts(ledger),
  })
}

/** Seals what is due, and announces it in the compliance channel where there is one. */
function sealer(
  { logSigner, verifiers: files, ...adapters }: Composing,
  messenger: Pick<Messenger, 'say'> | null,
): () => Promise<readonly Day[]> {
  const tool = `countersign ${version}`
  const sealing = new Sealing({ ...adapters, signer: logSigner, files, tool, random: randomBytes })
  const channel = adapters.policy.complianceChannel()
  return async () => {
    const days = await sealing.run()
    if (messenger) await announce({ ...adapters, messenger, channel })
    return days
  }
}

/** The door for Teams. The bot, and with it the card templates, is loaded when the first activity comes. */
function teamsOf(
  {
    gate,
    cards,
    outbox,
    policy,
    messenger,
    delivery,
  }: Teams & Outbound & Pick<Adapters, 'outbox' | 'cards' | 'policy'>,
  approvals: Approvals,
) {
  let ready: Bot | undefined
  const adopt: BotParts['adopt'] = (...card) => delivery.adopt(...card)
  const isShownIn: BotParts['isShownIn'] = ({ requirement }, channel) =>
    channelsOf(policy, requirement?.slots).includes(channel)
  const lazy: Bot = async (intent) => {
    ready ??= bot({ approvals, cards: await cards(), messenger, arrivals: outbox, hearings: outbox, isShownIn, adopt })
    return ready(intent)
  }
  return teamsDoor({ gate, bot: lazy })
}

/** The door for Slack. The card templates are loaded when the first person acts. */
const slackOf = (
  { clock, policy, cards, messenger, delivery, failed }: Composing & Outbound,
  slack: Slack,
  approvals: Approvals,
) =>
  slackDoor({
    ...{ ...slack, clock, policy, approvals, messenger, failed },
    cards: async () => (await cards()).slack,
    isShownIn: ({ requirement }, channel) => channelsOf(policy, requirement?.slots).includes(channel),
    adopt: (...card) => delivery.adopt(...card),
  })

/** The door for GitHub. What it asks is left to a delivery before GitHub has its answer, also what policy alone answers. */
const gitHubOf = ({ policy, outbox, delivery, failed }: Composing & Outbound, gitHub: GitHub, approvals: Approvals) =>
  gitHubDoor({
    ...{ ...gitHub, policy, approvals, failed },
    tellSoon: async ({ id }) => {
      await outbox.touch(id)
      delivery.soon(id)
    },
  })

/** The door for checks of Azure DevOps; `null` where policy names none. */
const azureDevOpsOf = ({ policy, callers, clients }: Adapters, approvals: Approvals): AzureDevOpsParts | null => {
  if (!policy.agents().some(({ id }) => policy.azureDevOps(id) !== null)) return null
  return { policy, callers, clients, door: azureDevOpsDoor({ policy, approvals }) }
}

/** Without a messenger the people who decide are told of nothing; they may decide over HTTP. */
const untoldState = ({ undeliverable, status }: ApprovalRequest): DeliveryState =>
  undeliverable ? 'undeliverable' : status === 'pending' ? 'late' : 'ok'
