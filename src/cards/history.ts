import type { Actor } from '../core/request/event.ts'
import { type ApprovalRequest, type Decision, saidIn, saidWith } from '../core/request/request.ts'
import { type Line, line, named, ours, quoted, type Run } from './textRun.ts'
import { wording } from './wording.ts'

/** So many names stand on one line; more are counted. */
const mostNames = 8

/** What became of a request: how it was decided, then what was done with it. Nothing while it is pending. */
export function story(request: ApprovalRequest): readonly Line[] {
  const approved = request.events.some(({ type }) => type === 'approved') ? [approval(request)] : []
  switch (request.status) {
    case 'pending':
      return []
    case 'approved':
      return approved
    case 'redeemed':
      return [...approved, line(ours(request.unreported ? wording.unreported : wording.redeemed))]
    case 'succeeded':
    case 'failed':
      return [...approved, line(ours(wording[request.status]), ...saying(request, request.status, 'summary'))]
    case 'denied':
      return [denial(request, request.closedBy)]
    case 'expired':
      return [line(ours(wording.expired))]
    case 'cancelled':
      return [...approved, line(ours(wording.cancelled), ...saying(request, 'cancelled', 'reason'))]
    case 'lapsed':
      return [...approved, line(ours(wording.lapsed))]
    case 'revoked': {
      const who = nameOf(request, request.closedBy)
      return [...approved, line(ours(wording.revokedBy), who, ...saying(request, 'revoked', 'reason'))]
    }
  }
}

function approval(request: ApprovalRequest): Line {
  const { outcome, rules } = request.policy
  if (outcome !== 'approve') return line(ours(wording.approvedBy), ours(wording.policy(rules)))
  const approvals = request.decisions.filter(({ verdict }) => verdict === 'approve')
  const names = approvals.slice(0, mostNames).map((decision) => nameIn(request, decision))
  const listed = names.flatMap((name, i) => (i === 0 ? [name] : [ours(wording.and), name]))
  const more = approvals.length - names.length
  return line(ours(wording.approvedBy), ...listed, ...(more > 0 ? [ours(wording.more(more))] : []))
}

function denial(request: ApprovalRequest, closedBy: Actor): Line {
  if (closedBy.kind !== 'person') return line(ours(wording.deniedBy), ours(wording.policy(request.policy.rules)))
  return line(ours(wording.deniedBy), nameOf(request, closedBy), ...saying(request, 'decided', 'reason'))
}

/** Who closed the request, as called when they did, or voted; the object id, once the name is erased. */
function nameOf(request: ApprovalRequest, actor: Actor): Run {
  if (!('id' in actor)) return ours(actor.kind)
  const name = saidIn(request, 'revoked', 'name')
  if (name !== null) return named(name)
  const decision = request.decisions.findLast(({ approver }) => approver === actor.id)
  return decision ? nameIn(request, decision) : named(actor.id)
}

/** The name that was recorded with a vote; the object id, once the name is erased. */
const nameIn = (request: ApprovalRequest, decision: Decision): Run =>
  named(saidWith(request, decision)['name'] ?? decision.approver)

function saying(
  request: ApprovalRequest,
  type: 'decided' | 'cancelled' | 'revoked' | 'succeeded' | 'failed',
  name: 'reason' | 'summary',
): readonly Run[] {
  const text = saidIn(request, type, name)
  return text === null ? [] : quoted(text)
}
