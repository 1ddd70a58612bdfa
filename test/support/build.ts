import type { PlainAction, StandingScope } from '../../src/core/action/action.ts'
import { type DecisionInput, decide } from '../../src/core/request/decision.ts'
import { type ChainHead, chain, emptyChain } from '../../src/core/request/event.ts'
import { versionOf } from '../../src/core/record/policyVersion.ts'
import {
  type Digest,
  type ObjectId,
  parseRequestId,
  sha256,
  type Shard,
  shardOf,
  shards,
} from '../../src/core/data/id.ts'
import { type Instant, parseInstant, plusSeconds } from '../../src/core/data/instant.ts'
import { Problem, type ProblemCode } from '../../src/core/data/problem.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import { type ApprovalRequest, overdue, recorded, type Status, type Step } from '../../src/core/request/request.ts'
import type { Facts, Slot } from '../../src/core/request/requirement.ts'
import { type Judgement, open, type Submission } from '../../src/core/request/submission.ts'
import { cancel, revoke } from '../../src/core/request/withdrawal.ts'
import { policyTexts, type RosterText, type RuleText } from './policyTexts.ts'

/** The time at which tests begin. */
export const noon = parseInstant('2026-03-04T12:00:00.000Z')

/** Gives the time this many seconds after noon. */
export const after = (seconds: number): Instant => plusSeconds(noon, seconds)

/** Distinct object ids, readable in a failure. */
export const oid = (number: number): ObjectId =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as ObjectId

export const bot = oid(1)
export const runner = oid(2)
export const dba = oid(11)
export const dba2 = oid(12)
export const security = oid(21)
export const owner = oid(31)
/** The application that people use over HTTP, and the name that it has. */
export const tool = oid(81)
export const tools: ReadonlyMap<ObjectId, string> = new Map([[tool, 'cli']])
export const shard: Shard = shards[7] ?? ('07' as Shard)
export const requestId = parseRequestId('01kjw2xm00abcdefghjkmnpqrs-07')
/** The owner's other account. */
export const ownerAlias = oid(32)
export const guest = oid(51)
export const disabled = oid(52)
/** Who may not approve what the bot asks for: its owner, with both accounts. */
export const mayNotApprove: readonly ObjectId[] = [owner, ownerAlias]

/** What the judgements of tests stand for. */
export const ruleTexts: readonly RuleText[] = [
  { id: 'never-drop', file: 'forbid.cedar', verbs: ['db.drop'] },
  { id: 'export-needs-dba', file: 'approve.cedar', verbs: ['db.export'], notes: { approvers: 'dba' } },
  { id: 'dump-needs-two', file: 'approve.cedar', verbs: ['db.dump'], notes: { approvers: 'dba:2' } },
  { id: 'reads-are-free', file: 'allow.cedar', verbs: ['db.read'] },
]

/** Two groups. The bot may name the runner, and the owner is also in dba. */
export const rosterText: RosterText = {
  agents: {
    [bot]: { name: 'agent-0001', owners: [owner], executors: [runner], onBehalfOf: 'optional' },
    [runner]: { name: 'agent-0002', owners: [owner], onBehalfOf: 'optional' },
  },
  groups: {
    dba: { members: [dba, dba2, owner, ownerAlias, guest, disabled], deputies: [oid(65)] },
    security: { members: [security] },
  },
  people: [[owner, ownerAlias]],
}

const card = '{}'

/** The hash of the card template of {@link policyFiles}. */
export const template = sha256(card)

/**
 * The files of the policy version that tests have in force: those that are read without Cedar, and no others, since each
 * file makes every seal slower.
 */
export const policyFiles: ReadonlyMap<string, string> = new Map([
  ...[...policyTexts(rosterText, ruleTexts)].filter(([name]) => name.endsWith('.json')),
  ['cards/channel.json', card],
])
export const policyVersion: Digest = versionOf([...policyFiles].map(([name, text]) => [name, sha256(text)]))

export const action: PlainAction = {
  action: 'db.export',
  target: 'prod/postgres/customers',
  environment: 'production',
  params: { tables: ['accounts'], rows: 120_000, destination: 's3://finance-exports' },
}

export type Approve = Extract<Judgement, { outcome: 'approve' }>

/** The policy's answer, by default that one dba must approve. */
export const needs = (slots: readonly Slot[] = [slot('dba')], other: Partial<Approve> = {}): Approve => ({
  outcome: 'approve',
  rules: ['export-needs-dba'],
  slots,
  expires: 3600,
  lapse: 3600,
  grant: 300,
  tier: 'medium',
  ...other,
})

/** Makes a slot for this many people of groups, which are written as `dba|security`. */
export const slot = (groups: string, quorum = 1): Slot => ({ groups: groups.split('|'), quorum })

/** An ask of the bot: one dba must approve, and the owner may not. */
export const submission = (other: Partial<Submission> = {}): Submission => ({
  id: requestId,
  at: noon,
  agent: { id: bot, name: 'deploy-bot' },
  executor: bot,
  action,
  reason: 'Quarterly churn report, ticket FIN-881',
  links: [],
  expiresIn: 3600,
  policy: policyVersion,
  judgement: needs(),
  excluded: [owner],
  warnings: [],
  ...other,
})

/** An enabled member of the group dba, with one account. */
export const facts = (approver: ObjectId, other: Partial<Facts> = {}): Facts => ({
  accounts: [approver],
  groups: ['dba'],
  member: true,
  enabled: true,
  asOf: noon,
  ...other,
})

/** An approval by dba, over the API, a minute after noon. */
export function decision(request: ApprovalRequest, other: Partial<DecisionInput> = {}): DecisionInput {
  const approver = other.approver ?? dba
  return {
    approver,
    name: 'Dana',
    verdict: 'approve',
    seen: { via: 'api', digest: request.digest },
    facts: facts(approver),
    at: after(60),
    ...(other.verdict === 'deny' && { reason: 'Not during the audit.' }),
    ...other,
  }
}

/** Gives the request as the ledger returns it after this step: with its events chained and recorded. */
export function stored({ request, events }: Step, at: Instant = noon): ApprovalRequest {
  const last = request.events.at(-1)
  const head: ChainHead = last ?? emptyChain
  return recorded(
    request,
    chain(events, head, { shard: shardOf(request.id), at }, () => '5a'.repeat(16)),
  )
}

export const opened = (other: Partial<Submission> = {}): ApprovalRequest => stored(open(submission(other)))

export function pending(other: Partial<Submission> = {}): ApprovalRequest & { status: 'pending' } {
  return inStatus('pending', opened(other))
}

/** Approved by dba a minute after noon. */
export function approved(other: Partial<Submission> = {}): ApprovalRequest & { status: 'approved' } {
  const request = pending(other)
  return inStatus('approved', stored(decide(request, decision(request)), after(60)))
}

/** Up to three more exports like the bot's, within an hour. */
export const scope: StandingScope = {
  for: 3600,
  uses: 3,
  vary: { target: 'prod/postgres/', params: { rows: 200_000, tables: ['accounts', 'orders'] } },
}

/** A standing approval for that, by dba a minute after noon. */
export const standing = (other: Partial<Submission> = {}): ApprovalRequest & { status: 'approved' } =>
  approved({ action: { ...action, standing: scope }, ...other })

export const redemption = '6f9619ff-8b86-4d01-b42d-00c04fc964ff'

/** Redeemed two minutes after noon. */
export function redeemed(other: Partial<Submission> = {}): ApprovalRequest & { status: 'redeemed' } {
  const request = approved(other)
  const claim = { redemption, digest: request.digest, grantExpiresAt: after(360), at: after(120) }
  return inStatus('redeemed', stored(redeem(request, claim), after(120)))
}

/** Makes a request with this status, closed in the usual way. */
export function anyWith(status: Status): ApprovalRequest {
  const wait = pending()
  switch (status) {
    case 'pending':
      return wait
    case 'approved':
      return approved()
    case 'redeemed':
      return redeemed()
    case 'denied':
      return stored(decide(wait, decision(wait, { verdict: 'deny' })))
    case 'expired':
      return stored(overdue(wait, after(3600)) ?? nothing(wait))
    case 'lapsed':
      return stored(overdue(approved(), after(3660)) ?? nothing(wait))
    case 'cancelled':
      return stored(cancel(wait, { at: after(60) }))
    case 'ended':
      return stored(overdue(standing(), after(60 + scope.for)) ?? nothing(wait))
    case 'revoked':
      return stored(revoke(approved(), { approver: dba, facts: facts(dba), at: after(90) }))
    case 'succeeded':
    case 'failed':
      return stored(report(redeemed(), { executor: bot, result: status, at: after(180) }))
  }
}

/** How a request can end that asks for one action. A standing approval alone is `ended`. */
export const actionStatuses = (): readonly Status[] => statuses.filter((status) => status !== 'ended')

export const statuses: readonly Status[] = [
  'pending',
  'approved',
  'redeemed',
  'denied',
  'expired',
  'cancelled',
  'lapsed',
  'ended',
  'revoked',
  'succeeded',
  'failed',
]

/** Gives the code of the problem that is thrown. Fails if none is thrown. */
export function code(run: () => unknown): ProblemCode {
  return problem(run).code
}

export function problem(run: () => unknown): Problem {
  try {
    run()
  } catch (cause) {
    if (cause instanceof Problem) return cause
    throw cause
  }
  throw new Error('No problem was thrown.')
}

/** Gives the code of the problem with which a promise rejects. Fails if it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<ProblemCode> {
  const outcome = await outcomeOf(promise)
  if (outcome === 'ok') throw new Error('No problem was thrown.')
  return outcome
}

export async function outcomeOf(promise: Promise<unknown>): Promise<ProblemCode | 'ok'> {
  try {
    await promise
    return 'ok'
  } catch (cause) {
    if (cause instanceof Problem) return cause.code
    throw cause
  }
}

/** Erasures where nothing is on hold. */
export const noHolds = { check: async (): Promise<void> => undefined }

const nothing = (request: ApprovalRequest): Step => ({ request, events: [] })

function inStatus<S extends Status>(status: S, request: ApprovalRequest): ApprovalRequest & { status: S } {
  if (request.status !== status) throw new Error(`The request is ${request.status}, not ${status}.`)
  return request as ApprovalRequest & { status: S }
}
