import type { Action } from '../core/action/action.ts'
import type { Instant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { stopCodeOf } from '../core/request/nextStep.ts'
import type { ApprovalRequest, Step } from '../core/request/request.ts'
import { forbid } from '../core/request/withdrawal.ts'
import type { Policy, Question } from '../ports/policy.ts'
import { spoken } from '../words/spoken.ts'

export interface ObjectionParts {
  readonly policy: Pick<Policy, 'version' | 'forbids' | 'summary' | 'uncovered'>
}

/** Says in words which rules forbid a request's action, or why none covers it; `null` if policy has nothing against it. */
export const objectionOf = (parts: ObjectionParts, request: ApprovalRequest): string | null =>
  stopCodeOf(request) === 'forbidden-by-policy' ? objectionByPolicy(parts, request) : whyUncovered(parts, request)

/**
 * Names the rules that forbid a request's action, with their summaries. Of an approval that policy took back they are those of
 * the policy in force, which are the same until it changes: only the event has the others.
 */
export function objectionByPolicy(parts: ObjectionParts, request: ApprovalRequest): string {
  const { policy } = parts
  const { outcome, rules, version } = request.policy
  const later = outcome !== 'forbid'
  const at = 'closedAt' in request ? request.closedAt : request.createdAt
  const ids = later ? (forbidding(parts, request, at) ?? []) : rules
  const isInForce = later || version === policy.version
  return spoken.forbidden(
    ids.map((id) => ({ id, summary: isInForce ? policy.summary(id) : null })),
    later,
  )
}

/**
 * Says in words why no rule covers a request's action; `null` if rules did, if the action was erased, or if another
 * policy judged it than the one in force.
 */
function whyUncovered({ policy }: ObjectionParts, request: ApprovalRequest): string | null {
  const { action } = request
  if (request.policy.outcome !== 'no-policy' || !action || request.policy.version !== policy.version) return null
  const found = policy.uncovered(questionOf(request, action, request.createdAt))
  return spoken.uncovered(action.action, action.environment, found)
}

/** Names the rules of the policy in force that forbid an action; `null` if the action no longer fits its schema. */
export function forbidding(
  { policy }: ObjectionParts,
  request: ApprovalRequest,
  at: Instant,
): readonly string[] | null {
  if (!request.action) return []
  try {
    return policy.forbids(questionOf(request, request.action, at))
  } catch (cause) {
    if (cause instanceof Problem && cause.code === 'invalid-input') return null
    throw cause
  }
}

/** What policy is asked of a request's action. */
const questionOf = ({ agent, onBehalfOf }: ApprovalRequest, action: Action, at: Instant): Question => ({
  ...{ agent: agent.id, action, at },
  ...(onBehalfOf !== undefined && { onBehalfOf }),
})

/** Whether the agent that asked or the executor is no longer in the policy. */
export const unregistered = (
  { policy }: { readonly policy: Pick<Policy, 'agent'> },
  { agent, executor }: ApprovalRequest,
): boolean => !policy.agent(agent.id) || !policy.agent(executor)

/**
 * Revokes an approval whose action the policy in force forbids; otherwise returns `null`.
 *
 * @throws {Problem} `not-redeemable` if the action does not fit the policy's schema any more
 */
export function forbidden(parts: ObjectionParts, request: ApprovalRequest, at: Instant): Step | null {
  const rules = request.status === 'approved' ? forbidding(parts, request, at) : []
  if (rules === null) throw new Problem('not-redeemable', 'This action does not fit the policy in force any more.')
  return rules.length > 0 ? forbid(request, { rules, at }) : null
}
