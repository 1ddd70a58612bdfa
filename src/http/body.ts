import type { StandingScope } from '../core/action/action.ts'
import { approvalsOf } from '../core/request/decision.ts'
import { type ApprovalRequest, contentOf, currentVotes, nextOf, saidIn, saidWith } from '../core/request/request.ts'
import { fill } from '../core/request/requirement.ts'
import type { ObjectId } from '../core/data/id.ts'
import type { DeliveryState } from '../core/request/delivery.ts'
import { type NextStep, stopCodeOf } from '../core/request/nextStep.ts'
import type { RequestAnswer } from '../contract/requestAnswer.ts'
import type { Grant } from '../approvals/grants.ts'
import { spoken } from '../words/spoken.ts'
import { warningOf } from '../words/warning.ts'
import type { OfferedAct } from './furtherActs.ts'
import { narrowedOf } from './narrowedBody.ts'
import { talkOf } from './talkBody.ts'

/**
 * A request as the API shows it. Absent facts are absent. The executor alone learns the redemption, which would let
 * another agent's process take itself for the one that executes. Agents do not learn the warnings, since an agent could ask
 * again in other words until none is left.
 */
export function toBody(
  request: ApprovalRequest,
  more: {
    delivery: DeliveryState
    to: { readonly kind: 'agent' | 'person'; readonly id: ObjectId }
    grant?: Grant | null
    next?: NextStep
    /** What policy has against the action, in words. */
    because?: string | null
    /** What the person who reads it may do beside deciding. */
    may?: readonly OfferedAct[]
  },
): RequestAnswer {
  const { id, status, action, digest, agent, executor, onBehalfOf, requirement, createdAt } = request
  const reason = saidIn(request, 'requested', 'reason')
  const links = saidIn(request, 'requested', 'links')
  const owner = saidIn(request, 'requested', 'owner')
  const next = more.next ?? nextOf(request)
  const code = stopCodeOf(request)
  const content = contentOf(request)
  return {
    id,
    status,
    action: request.verb,
    ...(action && { target: action.target, environment: action.environment, params: action.params }),
    ...(reason !== null && { reason }),
    ...(links !== null && { links: JSON.parse(links) as RequestAnswer['links'] & {} }),
    ...(more.to.kind === 'person' && { warnings: warnings(request) }),
    digest,
    ...(content !== null && { content }),
    agent: { ...agent, ...(owner !== null && { owner }) },
    executor,
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    policy: policyOf(request),
    approvals: {
      required: required(request),
      decisions: decisions(request),
      ...(requirement?.excludedByAgent && { excludedByAgent: requirement.excludedByAgent }),
    },
    ...talkOf(request),
    ...standingOf(request),
    ...narrowedOf(request),
    delivery: more.delivery,
    createdAt,
    ...(requirement && { expiresAt: requirement.expiresAt }),
    ...times(request),
    ...outcome(request),
    next,
    ...(code !== null && { stop: { code, words: more.because ?? spoken.stops[code] } }),
    ...(more.may && { may: more.may }),
    ...(more.grant && { grant: more.grant }),
    ...(more.to.id === executor && 'redemption' in request && { redemption: request.redemption }),
  }
}

/** What a standing approval is for, or of which one a request is a use. */
function standingOf(request: ApprovalRequest): Pick<RequestAnswer, 'standing' | 'under' | 'use'> {
  const { standing, lapse = 0, action, under, use } = request
  const until = request.status === 'approved' ? { until: request.lapsesAt } : {}
  return {
    ...(standing && {
      standing: { ...standing, for: lapse, ...until, ...(action?.standing && varyOf(action.standing)) },
    }),
    ...(under !== undefined && { under }),
    ...(use !== undefined && { use }),
  }
}

const varyOf = ({ vary: { target, params } }: StandingScope) => ({
  vary: { ...(target !== undefined && { target }), ...(params && { params: { ...params } }) },
})

/** What it decided; not how it wants the action to be shown, which is between it and the cards. */
const policyOf = ({ policy: { version, outcome, rules, summary }, requirement }: ApprovalRequest) => ({
  ...{ version, outcome, rules },
  ...(summary !== undefined && { summary }),
  ...(requirement && { tier: requirement.tier }),
})

const warnings = (request: ApprovalRequest) =>
  request.warnings.map((code) => ({ code, words: warningOf(code, spoken) }))

function required(request: ApprovalRequest) {
  const slots = request.requirement?.slots ?? []
  const have = fill(slots, approvalsOf(request))
  return slots.map(({ groups, quorum }, i) => ({ groups, quorum, have: have[i] ?? 0 }))
}

function decisions(request: ApprovalRequest) {
  const current = currentVotes(request)
  return request.decisions.map((decision) => {
    const { approver, verdict, via, at, void: voided } = decision
    const isPast = !voided && !current.includes(decision)
    const { for: name, ...said } = saidWith(request, decision)
    const [id] = decision.facts.for?.accounts ?? []
    return {
      ...{ approver, verdict, via, at, ...said },
      ...(id !== undefined && { for: { id, ...(name !== undefined && { name }) } }),
      ...(isPast && { current: false as const }),
      ...(voided && { void: voided }),
    }
  })
}

/** What was approved lapses, unless it was used and reported. */
function times(request: ApprovalRequest) {
  const isClosed = 'closedAt' in request
  return {
    ...('approvedAt' in request && { approvedAt: request.approvedAt }),
    ...('lapsesAt' in request && !isClosed && { lapsesAt: request.lapsesAt }),
    ...('redeemedAt' in request && { redeemedAt: request.redeemedAt }),
    ...(isClosed && { closedAt: request.closedAt }),
  }
}

function outcome(request: ApprovalRequest) {
  if (request.status !== 'succeeded' && request.status !== 'failed') return {}
  const summary = saidIn(request, request.status, 'summary')
  const { output } = request
  return { outcome: { result: request.status, ...(summary !== null && { summary }), ...(output && { output }) } }
}
