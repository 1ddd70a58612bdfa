import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Approvals, approvals, type DecideInput } from '../../src/approvals/approvals.ts'
import type { Ask } from '../../src/approvals/ask.ts'
import { takeTurns } from '../../src/azure/turns.ts'
import type { Action } from '../../src/core/action/action.ts'
import { type Digest, isObjectId, type ObjectId, type RequestId, sha256 } from '../../src/core/data/id.ts'
import type { StepUpNeeded } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { Delegations } from '../../src/approvals/delegations.ts'
import { Ends } from '../../src/approvals/ends.ts'
import { grants } from '../../src/approvals/grants.ts'
import { fileSigner } from '../../src/local/signer.ts'
import type { Archive } from '../../src/ports/archive.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Directory } from '../../src/ports/directory.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Limits } from '../../src/ports/limits.ts'
import type { AgentRegistration, Policy } from '../../src/ports/policy.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { Waiting } from '../../src/approvals/waiting.ts'
import {
  action,
  after,
  bot,
  dba,
  dba2,
  disabled,
  guest,
  needs,
  noon,
  oid,
  owner,
  ownerAlias,
  policyVersion,
  runner,
  security,
} from './build.ts'
import { FakeClock, FakeDirectory, fakePolicy, type Roster } from './fakes.ts'
import { MemoryArchive } from './fakes/archive.ts'
import { macsFor, testOrigin } from './fakes/macs.ts'
import { MemoryLedger } from './fakes/ledger.ts'
import { MemoryLimits } from './fakes/limits.ts'

export { codeOf, disabled, guest, outcomeOf, ownerAlias } from './build.ts'

export const issuer = 'https://countersign.example'
export const stranger = oid(53)

/** One process: its own use cases, clock, turns and memory, on shared rows. */
export interface Instance {
  readonly approvals: Approvals
  readonly waiting: Waiting
  readonly clock: FakeClock
  readonly ledger: Ledger
}

export interface World extends Instance {
  readonly ledger: MemoryLedger
  readonly limits: MemoryLimits
  readonly archive: MemoryArchive
  readonly directory: FakeDirectory
  /** Signs grants. */
  readonly signer: Signer
  /** Another process on the same rows. */
  another(other?: Partial<Parts>): Instance
}

interface Parts {
  readonly ledger: Ledger
  readonly archive: Pick<Archive, 'createOrRead' | 'read' | 'list'>
  readonly limits: Limits
  readonly policy: Policy
  readonly signer: Signer
  readonly clock: FakeClock
  readonly noted?: (cause: unknown) => void
  readonly pause?: (ms: number) => Promise<unknown>
  readonly backOff?: (ms: number) => Promise<unknown>
  readonly stepUp?: StepUpNeeded
}

export const agent = (id: ObjectId, other: Partial<AgentRegistration> = {}): AgentRegistration => ({
  id,
  name: `agent-${id.slice(-4)}`,
  appId: id,
  owners: [owner],
  sponsors: [],
  executors: [],
  onBehalfOf: 'optional',
  answers: 'owners',
  limits: { pending: 5, hourly: 60 },
  ...other,
})

/** Two groups with a channel each. The bot may name the runner, and the owner is also in dba. */
export const roster = (other: Partial<Roster> = {}): Roster => ({
  version: policyVersion,
  agents: [agent(bot, { executors: [runner] }), agent(runner)],
  groups: [
    { name: 'dba', members: [dba, dba2, owner, ownerAlias, guest, disabled], channels: ['19:dba'] },
    { name: 'security', members: [security], channels: ['19:security'] },
  ],
  people: [[owner, ownerAlias]],
  judge: () => needs(),
  ...other,
})

/** @param judge the policy's answer to an action; by default, that one dba must approve */
export async function world(
  judge?: Roster['judge'],
  other: Partial<Roster> = {},
  more: Pick<Parts, 'stepUp'> = {},
): Promise<World> {
  const clock = new FakeClock(noon)
  const ledger = new MemoryLedger()
  const limits = new MemoryLimits()
  const archive = new MemoryArchive()
  const directory = directoryOf(clock)
  const policy = fakePolicy(roster({ ...(judge && { judge }), ...other }))
  const shared = { limits, archive, policy, signer: await signer(), clock, ...more }
  const instance = (parts: Parts): Instance => {
    const { ledger, clock } = parts
    const waiters = new Waiting(ledger)
    const macs = macsFor(testOrigin)
    const ends = new Ends({ archive: parts.archive, macs, clock, failed, pause: never })
    const shared = { ...parts, directory: readBy(directory, clock), random: randomBytes }
    const uses = approvals({
      pause: never,
      ...shared,
      ends,
      delegations: new Delegations({ ...shared, macs, failed }),
      ...{ issuer, waiting: waiters },
      committed: ({ id }) => waiters.wake(id),
      grants: grants(parts.signer, issuer),
    })
    return { approvals: uses, waiting: waiters, clock, ledger }
  }
  const another = (other: Partial<Parts> = {}): Instance => instance({ ...shared, ledger: apart(ledger), ...other })
  return { ...instance({ ...shared, ledger }), ledger, archive, limits, directory, signer: shared.signer, another }
}

/** The directory as a process reads it, by its own clock. */
const readBy = (directory: FakeDirectory, clock: Clock): Directory => ({
  async person(id) {
    const person = await directory.person(id)
    return person && { ...person, asOf: clock.now() }
  },
  members: (group) => directory.members(group),
  ping: () => directory.ping(),
})

/** Makes the test fail for an error of work for which no caller waits. */
const failed = (cause: unknown): void => {
  throw cause
}

/** Lets no time pass while a caller waits. */
const never = (): Promise<never> => new Promise(() => {})

/** Gives the same rows to another process, with turns of its own and delayed answers. */
export function apart(ledger: MemoryLedger): Ledger {
  const slowly =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await new Promise(setImmediate)
      return call(...args)
    }
  return {
    inTurn: takeTurns(),
    load: slowly((...args) => ledger.load(...args)),
    commit: slowly((...args) => ledger.commit(...args)),
    find: slowly((...args) => ledger.find(...args)),
    findMany: slowly((...args) => ledger.findMany(...args)),
    deputies: slowly((...args) => ledger.deputies(...args)),
    findKey: slowly((...args) => ledger.findKey(...args)),
    claimKey: slowly((...args) => ledger.claimKey(...args)),
    events: (request) => ledger.events(request),
    due: (before, limit) => ledger.due(before, limit),
    dueIn: (...args) => ledger.dueIn(...args),
    promptsIn: (...args) => ledger.promptsIn(...args),
    pending: (limit) => ledger.pending(limit),
    open: (...args) => ledger.open(...args),
    list: (scope, page) => ledger.list(scope, page),
    news: (shard, after) => ledger.news(shard, after),
    fence: slowly((...args) => ledger.fence(...args)),
    cut: slowly((...args) => ledger.cut(...args)),
    stream: (shard, after, upTo) => ledger.stream(shard, after, upTo),
    ping: () => ledger.ping(),
  }
}

let made: Promise<Signer> | undefined

/** Makes a real key, one for all tests of a file. */
function signer(): Promise<Signer> {
  made ??= newSigner()
  return made
}

export async function newSigner(): Promise<Signer> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  try {
    return await fileSigner(join(folder, 'grant.pem'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function directoryOf(clock: Clock): FakeDirectory {
  const directory = new FakeDirectory(clock)
  for (const id of [dba, dba2, security, owner, ownerAlias, stranger]) directory.add(id)
  directory.add(guest, { member: false })
  directory.add(disabled, { enabled: false })
  return directory
}

/** Makes an ask of the bot, with a new action in each call by default. */
export function asks(other: Partial<Omit<Ask, 'key'>> & { readonly key?: string; readonly body?: string } = {}): Ask {
  const { key, body = 'body', ...rest } = other
  return {
    agent: agent(bot, { executors: [runner] }),
    action: anAction(),
    reason: 'Quarterly report',
    links: [],
    expiresIn: 3600,
    ...rest,
    ...(key !== undefined && { key: { text: key, body: bodyHash(body) } }),
  }
}

let actions = 0

/** An action that no earlier one is like: a denied one refuses all on its target for a while. */
export const anAction = (): Action => ({ ...action, target: `prod/db/${++actions}`, params: { number: actions } })

export const bodyHash = (body: string) =>
  Buffer.from(body).toString('hex').padEnd(64, '0') as NonNullable<Ask['key']>['body']

/** Makes a vote over the API by a person who has read the request. */
export const votes = (request: ApprovalRequest, approver = dba, other: Partial<DecideInput> = {}): DecideInput => ({
  approver,
  verdict: 'approve',
  seen: { via: 'api', digest: request.digest },
  ...(other.verdict === 'deny' && { reason: 'No.' }),
  ...other,
})

/** Asks, and approves a minute later. */
export async function anApproved({ approvals, clock }: Instance, ask: Ask = asks()): Promise<ApprovalRequest> {
  const { request } = await approvals.ask(ask)
  clock.set(after(60))
  return approvals.decide(request.id, votes(request))
}

/** Makes a UUID from a name. A UUID stays as it is. */
export function uuidOf(name: string): string {
  if (isObjectId(name)) return name
  const hex = sha256(name)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Makes a claim for a redemption, with the grant that its executor reads. */
export async function claims(
  { approvals }: Instance,
  request: ApprovalRequest,
  redemption: string,
): Promise<{ caller: ObjectId; mayRedeemForOthers: boolean; grant: string; digest: Digest; redemption: string }> {
  const { grant } = await approvals.grant(request, request.executor)
  if (!grant) throw new Error('Nothing is granted.')
  const { executor, digest } = request
  return { caller: executor, mayRedeemForOthers: true, grant: grant.token, digest, redemption: uuidOf(redemption) }
}

/** Lists the types of a request's events in the ledger. */
export async function history({ ledger }: Pick<Instance, 'ledger'>, id: RequestId): Promise<readonly string[]> {
  const request = await ledger.find(id)
  return request ? request.events.map(({ type }) => type) : []
}

export const count = (outcomes: readonly string[], outcome: string): number =>
  outcomes.filter((one) => one === outcome).length
