import { randomBytes } from 'node:crypto'
import type { Action } from '../../src/core/action/action.ts'
import { decide } from '../../src/core/request/decision.ts'
import { chain, type Draft, type Verdict } from '../../src/core/request/event.ts'
import {
  type Digest,
  digestOf,
  type Hex,
  newRequestId,
  type ObjectId,
  type RequestId,
  type Shard,
  shardOf,
  shards,
} from '../../src/core/data/id.ts'
import { type Instant, later, parseInstant, plusSeconds } from '../../src/core/data/instant.ts'
import { type ApprovalRequest, due, overdue, recorded, type Step } from '../../src/core/request/request.ts'
import { open, type Submission } from '../../src/core/request/submission.ts'
import { type Change, Conflict, type Ledger, type Loaded, type UsedKey } from '../../src/ports/ledger.ts'

export const noon = parseInstant('2026-03-04T12:00:00.000Z')
export const policyVersion: Digest = digestOf('policy')

/** Distinct ids, readable in a failure. */
export const oid = (number: number): ObjectId =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as ObjectId
export const bot = oid(1)
export const dba = oid(2)
export const shard = (number: number): Shard => shards[number] ?? ('00' as Shard)

export const action: Action = {
  action: 'db.export',
  target: 'prod/postgres/customers',
  environment: 'production',
  params: { tables: ['accounts'], rows: 120_000, ratio: 0.5, dry: false, note: 'ü\u2028😀' },
}

export const idOf = (at: Instant, place: Shard): RequestId => newRequestId(at, randomBytes(10), place)

export interface Asking extends Partial<Omit<Submission, 'agent'>> {
  readonly agent?: ObjectId
  readonly shard?: Shard
  readonly outcome?: 'approve' | 'allow' | 'forbid'
}

/** A submission that needs one dba, unless told otherwise. */
export function submission({
  agent = bot,
  shard: place = shard(3),
  outcome = 'approve',
  ...rest
}: Asking = {}): Submission {
  const at = rest.at ?? noon
  const times = { lapse: 3600, grant: 300 }
  const slots = [{ groups: ['dba'], quorum: 1 }]
  const judgement = {
    approve: { outcome: 'approve', rules: ['export-needs-dba'], slots, expires: 3600, tier: 'high', ...times } as const,
    allow: { outcome: 'allow', rules: ['restart'], ...times } as const,
    forbid: { outcome: 'forbid', rules: ['never'] } as const,
  }
  return {
    id: idOf(at, place),
    at,
    agent: { id: agent, name: 'deploy-bot' },
    executor: agent,
    action,
    reason: 'Quarterly churn report, ticket FIN-881',
    links: [{ title: 'FIN-881', url: 'https://example.com/FIN-881' }],
    expiresIn: 3600,
    policy: policyVersion,
    judgement: judgement[outcome],
    excluded: [oid(9)],
    warnings: [],
    ...rest,
  }
}

/** One dba's vote. */
export const vote =
  (approver: ObjectId, verdict: Verdict, at: Instant) =>
  (request: ApprovalRequest): Step => {
    const facts = { accounts: [approver], groups: ['dba'], member: true, enabled: true, asOf: at }
    const seen = { via: 'api', digest: request.digest } as const
    return decide(request, { approver, name: 'Dana', verdict, reason: 'Seen.', confirm: 'customers', seen, facts, at })
  }

/** What a use case would commit: chained to the loaded head. */
export function changeOf(loaded: Loaded, step: Step, at: Instant, more: Partial<Change> = {}): Change {
  const time = later(at, loaded.head.recordedAt ?? at)
  const leaves = chain(step.events, loaded.head, { shard: loaded.shard, at: time }, () =>
    randomBytes(16).toString('hex'),
  )
  return { op: randomBytes(16).toString('hex'), at: time, leaves, request: recorded(step.request, leaves), ...more }
}

/** A change of the log alone, without a request. */
export function logChange(loaded: Loaded, drafts: readonly Draft[], at: Instant, policy?: Digest): Change {
  const leaves = chain(drafts, loaded.head, { shard: loaded.shard, at }, () => randomBytes(16).toString('hex'))
  return { op: randomBytes(16).toString('hex'), at, leaves, ...(policy && { policy }) }
}

/** Asks, as often as it takes. */
export async function ask(ledger: Ledger, asking: Asking = {}, key?: Omit<UsedKey, 'request'> & { hash: Hex }) {
  const submitted = submission(asking)
  const place = shardOf(submitted.id)
  const step = open(submitted)
  return untilWon(async () => {
    const loaded = await ledger.load(place, { request: submitted.id, ...(key && { key: key.hash }) })
    const change = changeOf(loaded, step, submitted.at, key ? { key: { ...key, request: submitted.id } } : {})
    await ledger.commit(loaded, change)
    return change.request ?? step.request
  })
}

/** Applies a rule, as often as it takes. */
export async function apply(ledger: Ledger, id: RequestId, rule: (request: ApprovalRequest) => Step, at: Instant) {
  return untilWon(async () => {
    const loaded = await ledger.load(shardOf(id), { request: id })
    if (!loaded.request) throw new Error('There is no such request.')
    const step = rule(loaded.request)
    if (step.events.length === 0) return loaded.request
    const change = changeOf(loaded, step, at)
    await ledger.commit(loaded, change)
    return change.request ?? loaded.request
  })
}

/** Lets the next deadline take effect. */
export function expire(ledger: Ledger, request: ApprovalRequest): Promise<ApprovalRequest> {
  const at = due(request) ?? noon
  return apply(ledger, request.id, (one) => overdue(one, at) ?? { request: one, events: [] }, at)
}

/** Tries until no race is lost. */
async function untilWon<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--) {
    try {
      return await attempt()
    } catch (cause) {
      if (!(cause instanceof Conflict) || left === 0) throw cause
    }
  }
}

export const minutes = (count: number): Instant => plusSeconds(noon, count * 60)
