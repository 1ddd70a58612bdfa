import type { Ask } from '../approvals/ask.ts'
import type { AccessRequest } from '../contract/authzen.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { AgentRegistration } from '../ports/policy.ts'
import { askedFor, askOf } from './askedFor.ts'
import { accessEndpoint, checkBinding } from './binding.ts'
import { approvedOf, type AuthzenParts, ownRequest } from './evaluation.ts'
import { namedInQuestion } from './questionPlaces.ts'

/** The errors of the Access Request extension: type, status and title. */
const errors = {
  not_requestable: [400, 'Access cannot be requested'],
  invalid_denial_binding: [400, 'The denial is not one of this request'],
  unknown_task: [404, 'There is no such task'],
  duplicate_request: [409, 'The same access is already requested'],
  invalid_task_state: [409, 'The task has ended'],
  expired_denial: [410, 'The denial has expired'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>

type AccessError = keyof typeof errors

/** What the door answers: a body, or an error of the extension as a problem document (RFC 9457). */
interface AccessAnswer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
  /** The name of the error, for the log. */
  readonly code?: AccessError
}

/** Asks people for what an evaluation denied. @throws {Problem} as `ask` of the approvals */
export async function requestAccess(
  parts: AuthzenParts,
  agent: AgentRegistration,
  body: AccessRequest,
  key: Ask['key'],
): Promise<AccessAnswer> {
  const bound = await checkBinding(parts, body.denial.binding_token, body, parts.clock.now())
  if (bound === 'expired') return refused('expired_denial')
  if (bound === 'other') return refused('invalid_denial_binding')
  const ask = askOf(agent, askedFor(body, agent.id), body.context?.reason)
  return namedInQuestion(body, () => opened(parts, { ...ask, ...(key && { key }) }))
}

/** Opens a request, if policy still leaves it to people. */
async function opened(parts: AuthzenParts, ask: Ask): Promise<AccessAnswer> {
  if ((await parts.approvals.judge(ask)).outcome !== 'approve') return refused('not_requestable')
  try {
    const { request } = await parts.approvals.ask(ask)
    const task = { ...taskOf(request), ...placesOf(parts, request) }
    return { status: 202, body: { task }, headers: { location: task.status_endpoint } }
  } catch (cause) {
    if (cause instanceof Problem && cause.code === 'already-pending') return refused('duplicate_request')
    throw cause
  }
}

/** Says how far a request has come, to the agent that asked. */
export async function accessTask(
  { approvals }: AuthzenParts,
  agent: AgentRegistration,
  id: string,
): Promise<AccessAnswer> {
  return unlessUnknown(async () => ({ status: 200, body: answerOf(await ownRequest(approvals, agent, id)) }))
}

/** Withdraws a request while people decide. Their approval ends a task, so that a later withdrawal is none of this door's. */
export async function cancelAccess(
  { approvals }: AuthzenParts,
  agent: AgentRegistration,
  id: string,
  reason?: string,
): Promise<AccessAnswer> {
  return unlessUnknown(async () => {
    const request = await ownRequest(approvals, agent, id)
    if (request.status !== 'pending') return refused('invalid_task_state')
    return { status: 200, body: answerOf(await approvals.cancel(request.id, agent.id, reason)) }
  })
}

async function unlessUnknown(work: () => Promise<AccessAnswer>): Promise<AccessAnswer> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    if (cause.code === 'not-found') return refused('unknown_task')
    if (cause.code === 'not-pending') return refused('invalid_task_state')
    throw cause
  }
}

/** An approval is the end of a task. What became of it is told by its next evaluation, and by our own API. */
function answerOf(request: ApprovalRequest): object {
  const approved = approvedOf(request)
  if (approved === null) return { task: taskOf(request) }
  const approval = { id: request.id, approved_at: approved.at, approved_until: approved.until }
  return { task: { id: request.id, status: 'approved' }, result: { mode: 'reevaluate', approval } }
}

const taskOf = (request: ApprovalRequest) => ({
  id: request.id,
  status: statusOf(request),
  ...(request.status === 'pending' && { expires_at: request.requirement.expiresAt }),
})

function statusOf(request: ApprovalRequest): 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' {
  switch (request.status) {
    case 'pending':
    case 'denied':
    case 'expired':
      return request.status
    case 'cancelled':
    case 'revoked':
      return approvedOf(request) === null ? 'cancelled' : 'approved'
    case 'approved':
    case 'redeemed':
    case 'succeeded':
    case 'failed':
    case 'lapsed':
    case 'ended':
      return 'approved'
  }
}

const placesOf = ({ baseUrl }: AuthzenParts, { id }: ApprovalRequest) => ({
  status_endpoint: `${accessEndpoint(baseUrl)}/${id}`,
  links: { cancel: `${accessEndpoint(baseUrl)}/${id}/cancel`, review: `${baseUrl}/console/requests/${id}` },
})

function refused(code: AccessError): AccessAnswer {
  const [status, title] = errors[code]
  return { status, code, body: { type: `urn:openid:authzen:access-request:error:${code}`, title, status } }
}
