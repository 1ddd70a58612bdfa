import { Broken } from '../../../src/core/data/broken.ts'
import { type DecisionInput, decide, show } from '../../../src/core/request/decision.ts'
import { type Erasure, erase } from '../../../src/core/request/erasure.ts'
import { type Actor, chain, type Draft, emptyChain, type Leaf } from '../../../src/core/request/event.ts'
import type { Exceptional } from '../../../src/core/record/auditException.ts'
import { type ObjectId, sha256, shardOf } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import type { Life } from '../../../src/core/record/replayedRequest.ts'
import type { LogEvent } from '../../../src/core/record/eventType.ts'
import { readRecord } from '../../../src/core/record/record.ts'
import { redeem, report } from '../../../src/core/request/redemption.ts'
import { replay } from '../../../src/core/record/replay.ts'
import { type ApprovalRequest, overdue, recorded, type Step } from '../../../src/core/request/request.ts'
import { type Judgement, open, type Submission } from '../../../src/core/request/submission.ts'
import { viewDigest } from '../../../src/core/request/view.ts'
import { cancel, revoke } from '../../../src/core/request/withdrawal.ts'
import { after, bot, dba, decision, facts, redemption, shard, submission } from '../../support/build.ts'

/** An event before it has a place in a chain: so that a test may forge it. */
export interface Entry {
  readonly seconds: number
  readonly draft: Draft
}

/** What happened to a request, and where it stands. */
export interface History {
  readonly request: ApprovalRequest
  readonly entries: readonly Entry[]
}

export type Rule = (request: ApprovalRequest, at: Instant) => Step

const template = sha256('template')

/** What the core records when the bot asks at noon, and all these rules are applied. */
export function history(other: Partial<Submission>, ...steps: readonly (readonly [number, Rule])[]): History {
  const born = open(submission(other))
  return steps.reduce(did, taken({ request: born.request, entries: [] }, born, 0))
}

/** The history after one more rule, so many seconds after noon. */
const did = (past: History, [seconds, rule]: readonly [number, Rule]): History =>
  taken(past, rule(past.request, after(seconds)), seconds)

function taken({ entries }: History, step: Step, seconds: number): History {
  const all = [...entries, ...step.events.map((draft) => ({ seconds, draft }))]
  return { request: recorded(step.request, leavesOf(all).slice(entries.length)), entries: all }
}

export const vote =
  (other: Partial<DecisionInput> = {}): Rule =>
  (request, at) =>
    decide(request, decision(request, { confirm: 'customers', ...other, at }))

export const deny = vote({ verdict: 'deny', reason: 'No.' })

export const see =
  (page = 1, pages = 1, approver: ObjectId = dba): Rule =>
  (request) =>
    show(request, { approver, template, page, pages })

/** A vote in Teams on what was shown. */
export const click =
  (other: Partial<DecisionInput> = {}): Rule =>
  (request, at) => {
    const content = request.events[0]?.hash ?? sha256('')
    const view = viewDigest({ content, template, warnings: request.warnings })
    return vote({ seen: { via: 'teams', view }, ...other })(request, at)
  }

export const take: Rule = (request, at) =>
  redeem(request, { redemption, digest: request.digest, grantExpiresAt: after(1_000_000), at })

export const tell =
  (result: 'succeeded' | 'failed'): Rule =>
  (request, at) =>
    report(request, { executor: bot, result, summary: 'Exit 1', at })

export const late: Rule = (request, at) => overdue(request, at) ?? { request, events: [] }

/** A history with one event forged: the events after it are chained to it. */
export function forged(entries: readonly Entry[], place: number, change: object): readonly Entry[] {
  return entries.map((entry, i) => (i === place ? { ...entry, draft: { ...entry.draft, ...change } } : entry))
}

export const leavesOf = (entries: readonly Entry[]): readonly Leaf[] =>
  entries.reduce<readonly Leaf[]>((leaves, { seconds, draft }) => {
    const place = { shard: draft.request ? shardOf(draft.request) : shard, at: after(seconds) }
    return [...leaves, ...chain([draft], leaves.at(-1) ?? emptyChain, place, () => '5a'.repeat(16))]
  }, [])

export const eventsOf = (entries: readonly Entry[]): readonly LogEvent[] =>
  leavesOf(entries).map(({ text }) => readRecord(text))

/** Replays a shard's day, after so many events that were carried; the log index of its first event is 100. */
export function replayed(
  events: readonly LogEvent[],
  carried = 0,
): { readonly rows: readonly Life[]; readonly exceptions: readonly Exceptional[] } {
  const rules = replay()
  for (const event of events.slice(0, carried)) rules.carry(event)
  const exceptions = events.slice(carried).flatMap((event, i) => rules.take(event, 100 + i))
  return { rows: [...rules.rows()], exceptions }
}

export const allow: Judgement = { outcome: 'allow', rules: ['restart'], lapse: 600, grant: 300 }
export const forbid: Judgement = { outcome: 'forbid', rules: ['never'] }
export const system = { kind: 'system' } as const satisfies Actor
export const person: Actor = { kind: 'person', id: dba }
export const withdraw: Rule = (request, at) => cancel(request, { at, reason: 'x' })
export const takeBack: Rule = (request, at) =>
  revoke(request, { approver: dba, name: 'D', reason: 'x', facts: facts(dba), at })

/** The order of a person to erase these texts: the first one asks, another person's erases. */
export const erasing =
  (by: ObjectId, other: Partial<Erasure> = {}): Rule =>
  (request, at) =>
    erase(request, { names: ['reason', 'action'], why: 'x', by, accounts: [by], ...other, at })

/** What is wrong; fails if nothing is. */
export function wrong(run: () => unknown): string {
  try {
    run()
  } catch (cause) {
    if (cause instanceof Broken && cause.code === 'illegal-event') return cause.message
    throw cause
  }
  throw new Error('Nothing was wrong.')
}
