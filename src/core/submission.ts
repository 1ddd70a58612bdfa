import { type Action, actionDigest } from './action.ts'
import type { Draft, Requested, Tier } from './event.ts'
import type { Digest, ObjectId, RequestId } from './id.ts'
import { earlier, type Instant, plusSeconds } from './instant.ts'
import { canonical, type JsonObject } from './json.ts'
import { type Common, closed, type Step } from './request.ts'
import type { Slot } from './requirement.ts'

/** What policy says to an action. Times are in seconds. */
export type Judgement =
  | {
      readonly outcome: 'approve'
      readonly rules: readonly string[]
      readonly slots: readonly Slot[]
      readonly expires: number
      readonly lapse: number
      readonly grant: number
      readonly tier: Tier
      readonly summary?: string
    }
  | {
      readonly outcome: 'allow'
      readonly rules: readonly string[]
      readonly lapse: number
      readonly grant: number
      readonly summary?: string
    }
  | { readonly outcome: 'forbid' | 'no-policy'; readonly rules: readonly string[] }

export interface Link {
  readonly title: string
  readonly url: string
}

/** All that is known when an agent asks. */
export interface Submission {
  readonly id: RequestId
  readonly at: Instant
  readonly agent: { readonly id: ObjectId; readonly name: string }
  readonly executor: ObjectId
  readonly onBehalfOf?: ObjectId
  readonly action: Action
  readonly reason: string
  readonly links: readonly Link[]
  /** Seconds; what counts is the smaller of it and the policy's. */
  readonly expiresIn: number
  readonly policy: Digest
  readonly judgement: Judgement
  /** Accounts of the people who may not decide. */
  readonly excluded: readonly ObjectId[]
  readonly warnings: readonly string[]
}

/** Opens a request: pending if humans decide, else approved or denied by policy in the same step. */
export function open(submission: Submission): Step {
  const { judgement, at, id } = submission
  const request = born(submission)
  const requested = requestedBy(submission)
  const rules = judgement.rules
  const actor = { kind: 'policy' } as const
  switch (judgement.outcome) {
    case 'approve': {
      const requirement = {
        slots: judgement.slots,
        excluded: submission.excluded,
        tier: judgement.tier,
        expiresAt: expiry(submission, judgement.expires),
      }
      return { request: { ...request, requirement, status: 'pending' }, events: [requested] }
    }
    case 'allow': {
      const lapsesAt = plusSeconds(at, judgement.lapse)
      return {
        request: { ...request, status: 'approved', approvedAt: at, lapsesAt },
        events: [requested, { type: 'approved', actor, request: id, data: { by: 'policy', rules, lapsesAt } }],
      }
    }
    case 'forbid':
    case 'no-policy':
      return {
        request: closed({ ...request, status: 'denied', closedAt: at, closedBy: actor }, 'denied', actor, at),
        events: [requested, { type: 'denied', actor, request: id, data: { by: 'policy', rules } }],
      }
  }
}

const expiry = ({ at, expiresIn }: Submission, byPolicy: number): Instant =>
  earlier(plusSeconds(at, expiresIn), plusSeconds(at, byPolicy))

function born(submission: Submission): Common {
  const { id, at, agent, executor, onBehalfOf, action, judgement } = submission
  const { outcome, rules } = judgement
  const summary = 'summary' in judgement ? judgement.summary : undefined
  return {
    id,
    agent,
    executor,
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    action,
    verb: action.action,
    digest: actionDigest(action),
    policy: { version: submission.policy, outcome, rules, ...(summary !== undefined && { summary }) },
    warnings: submission.warnings,
    ...('lapse' in judgement && { lapse: judgement.lapse, grant: judgement.grant }),
    createdAt: at,
    decisions: [],
    shown: [],
    undeliverable: false,
    events: [],
    said: [],
  }
}

function requestedBy(submission: Submission): Draft {
  const { id, agent, executor, onBehalfOf, action, judgement, excluded, warnings, reason, links } = submission
  const data: Requested = {
    action: action.action,
    digest: actionDigest(action),
    executor,
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    policy: { version: submission.policy, outcome: judgement.outcome, rules: judgement.rules },
    warnings,
    ...(judgement.outcome === 'approve' && {
      tier: judgement.tier,
      requirement: judgement.slots,
      excluded,
      expiresAt: expiry(submission, judgement.expires),
    }),
    ...('lapse' in judgement && { lapse: judgement.lapse, grant: judgement.grant }),
  }
  const said = { reason, ...(links.length > 0 && { links: canonical(links.map((link): JsonObject => ({ ...link }))) }) }
  return { type: 'requested', actor: { kind: 'agent', id: agent.id }, request: id, data, said }
}
