import { randomUUID } from 'node:crypto'
import type { Approvals } from '../approvals/approvals.ts'
import type { AuthzenEvaluation } from '../contract/authzen.ts'
import { actionDigest } from '../core/action/action.ts'
import { isRequestId, parseRequestId } from '../core/data/id.ts'
import { plusSeconds } from '../core/data/instant.ts'
import { noSuchRequest, Problem, type ProblemCode } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Clock } from '../ports/clock.ts'
import type { AgentRegistration } from '../ports/policy.ts'
import type { Signer } from '../ports/signer.ts'
import { type AuthzenAsk, askedFor, askOf } from './askedFor.ts'
import { accessEndpoint, bindingToken } from './binding.ts'
import { namedInQuestion } from './questionPlaces.ts'

export interface AuthzenParts {
  readonly approvals: Pick<Approvals, 'judge' | 'ask' | 'read' | 'grant' | 'redeem' | 'cancel'>
  readonly signer: Signer
  readonly baseUrl: string
  readonly clock: Clock
}

/** A decision, as AuthZEN has it. */
interface AuthzenDecision {
  readonly decision: boolean
  readonly context?: object
}

/** Seconds for which a denial can be followed by an access request. */
const denialLife = 600

/**
 * Answers whether an agent may do something, now. `true` is a redemption: it was committed before the answer, and is said
 * once. A question that people have to decide is answered `false`, with the way to ask them, and writes nothing.
 *
 * @throws {Problem} as `ask` and `redeem` of the approvals, but for what an approval cannot be used for
 */
export async function evaluate(
  parts: AuthzenParts,
  agent: AgentRegistration,
  evaluation: AuthzenEvaluation,
): Promise<AuthzenDecision> {
  const asked = askedFor(evaluation, agent.id)
  const judge = (why?: object) => namedInQuestion(evaluation, () => judged(parts, agent, evaluation, asked, why))
  const approval = evaluation.context?.approval
  if (approval === undefined) return judge()
  const used = await useApproval(parts, agent, asked, approval.id)
  if (used === null) return judge({ reason: 'approval_expired', next_action: 'request' })
  return { decision: true, context: { approval: { id: used.id, approved_until: approvedOf(used)?.until } } }
}

/** Lets policy answer. What it answers by itself is recorded as any ask is; what people decide is not asked yet. */
async function judged(
  parts: AuthzenParts,
  agent: AgentRegistration,
  evaluation: AuthzenEvaluation,
  asked: AuthzenAsk,
  why: object = { reason: 'approval_required' },
): Promise<AuthzenDecision> {
  const ask = askOf(agent, asked)
  const { outcome, rules } = await parts.approvals.judge(ask)
  if (outcome === 'approve') return requestable(parts, evaluation, rules, why)
  const { request, next } = await parts.approvals.ask({ ...ask, redemption: randomUUID() })
  if (next === 'execute') return { decision: true, context: { request: request.id } }
  if (request.status === 'pending') {
    // Rules that know the hour answered otherwise than right before. Nobody is asked before the caller wants it.
    const withdrawn = await parts.approvals.cancel(request.id, agent.id)
    return requestable(parts, evaluation, withdrawn.policy.rules, why)
  }
  return { decision: false, context: { reason: 'policy_denied', next_action: 'none' } }
}

async function requestable(
  parts: AuthzenParts,
  evaluation: AuthzenEvaluation,
  rules: readonly string[],
  why: object,
): Promise<AuthzenDecision> {
  const at = parts.clock.now()
  const denial = { evaluation: `eval_${randomUUID()}`, at, expiresAt: plusSeconds(at, denialLife) }
  return {
    decision: false,
    context: {
      evaluation_id: denial.evaluation,
      evaluated_at: at,
      ...why,
      access_request: {
        endpoint: accessEndpoint(parts.baseUrl),
        template: rules.join(','),
        expires_at: denial.expiresAt,
        binding_token: await bindingToken(parts, evaluation, denial),
      },
    },
  }
}

/** Problems of an approval that is none for this question, or none any more. */
const unusable: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  ...(['not-found', 'digest-mismatch', 'grant-invalid', 'already-redeemed', 'not-redeemable'] as const),
  'forbidden-by-policy',
])

/**
 * Redeems an approval for exactly this question.
 *
 * @returns `null` if it cannot be redeemed: whatever the reason, so that nobody learns of other agents' requests
 */
async function useApproval(
  { approvals }: AuthzenParts,
  agent: AgentRegistration,
  { action, onBehalfOf }: AuthzenAsk,
  id: string,
): Promise<ApprovalRequest | null> {
  try {
    const { request, grant } = await approvals.grant(await ownRequest(approvals, agent, id), agent.id)
    const digest = actionDigest(action)
    if (grant === null || request.digest !== digest || request.onBehalfOf !== onBehalfOf) return null
    const redemption = {
      caller: agent.id,
      mayRedeemForOthers: false,
      grant: grant.token,
      digest,
      redemption: randomUUID(),
    }
    const { request: used, next } = await approvals.redeem(request.id, redemption)
    return next === 'execute' ? used : null
  } catch (cause) {
    if (cause instanceof Problem && unusable.has(cause.code)) return null
    throw cause
  }
}

/** Reads a request that this agent asked for. @throws {Problem} `not-found`, in the same words for any other */
export async function ownRequest(
  approvals: Pick<Approvals, 'read'>,
  { id }: AgentRegistration,
  request: string,
): Promise<ApprovalRequest> {
  if (!isRequestId(request)) throw noSuchRequest()
  const found = await approvals.read(parseRequestId(request), { kind: 'agent', id })
  if (found.agent.id !== id) throw noSuchRequest()
  return found
}

/** When a request was approved, and until when the approval may be used; `null` if it never was. */
export const approvedOf = (request: ApprovalRequest): { readonly at: string; readonly until: string } | null =>
  'approvedAt' in request ? { at: request.approvedAt, until: request.lapsesAt } : null
