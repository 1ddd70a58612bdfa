import type { Actor } from '../core/request/event.ts'
import { type ApprovalRequest, saidIn } from '../core/request/request.ts'
import { isEndedByTampering } from '../core/request/tampering.ts'
import { countedVotes } from '../core/request/voteVoid.ts'
import { name, type Sentence, text } from './run.ts'
import { useOf } from './standing.ts'
import { emergencyOf } from './talk.ts'
import { mostNames, nameIn } from './votes.ts'
import type { Words } from './words.ts'

/**
 * Says which votes count no longer, how a request was decided and what was done with it, a sentence each. Says nothing of a
 * pending request whose votes all count.
 */
export function historyOf(request: ApprovalRequest, words: Words): readonly Sentence[] {
  const { history } = words
  const voided = request.decisions.flatMap((decision) =>
    decision.void ? [history.voided(nameIn(request, decision, words), decision.void.why)] : [],
  )
  const isApproved = request.events.some(({ type }) => type === 'approved')
  const approval = request.glass ? emergencyOf(request, words) : [approvalOf(request, words)]
  const approved = [...voided, ...(isApproved ? approval : [])]
  switch (request.status) {
    case 'pending':
      return voided
    case 'approved':
      return approved
    case 'redeemed':
      return [...approved, [text(request.unreported ? history.unreported : history.redeemed)]]
    case 'succeeded':
    case 'failed':
      return [...approved, [text(history[request.status]), ...saying(request, request.status, 'summary', words)]]
    case 'denied':
      return [...voided, denial(request, request.closedBy, words)]
    case 'expired':
      return [...voided, [text(history.expired)]]
    case 'cancelled':
      return [...approved, [text(history.cancelled), ...saying(request, 'cancelled', 'reason', words)]]
    case 'lapsed':
      return [...approved, [text(history.lapsed)]]
    case 'ended':
      return [...approved, [text(history.ended)]]
    case 'revoked': {
      if (isEndedByTampering(request)) return [...approved, [text(history.tampered)]]
      if (request.closedBy.kind === 'policy') return [...approved, [text(history.revokedByPolicy)]]
      const who = closerOf(request, request.closedBy, words)
      return [...approved, [...history.revokedBy(who), ...saying(request, 'revoked', 'reason', words)]]
    }
  }
}

function approvalOf(request: ApprovalRequest, words: Words): Sentence {
  const { history } = words
  const { outcome, rules, summary } = request.policy
  if (outcome !== 'approve') return history.approvedByPolicy(summary === undefined ? rules : [summary])
  const [use] = useOf(request, words)
  if (use) return use
  const approvals = countedVotes(request)
  const names = approvals.slice(0, mostNames).map((decision) => nameIn(request, decision, words))
  return history.approvedBy(names, approvals.length - names.length)
}

function denial(request: ApprovalRequest, closedBy: Actor, words: Words): Sentence {
  const { history } = words
  if (closedBy.kind !== 'person') return history.deniedByPolicy(request.policy.rules)
  return [...history.deniedBy(closerOf(request, closedBy, words)), ...saying(request, 'decided', 'reason', words)]
}

/** The name of the person who closed the request, as recorded at the time; the object id once the name is erased. */
function closerOf(request: ApprovalRequest, actor: Actor, words: Words): Sentence {
  if (!('id' in actor)) return [text(actor.kind)]
  const revoker = saidIn(request, 'revoked', 'name')
  if (revoker !== null) return [name(revoker)]
  const decision = request.decisions.findLast(({ approver }) => approver === actor.id)
  return [name(decision ? nameIn(request, decision, words) : actor.id)]
}

function saying(
  request: ApprovalRequest,
  type: 'decided' | 'cancelled' | 'revoked' | 'succeeded' | 'failed',
  member: 'reason' | 'summary',
  { history }: Words,
): Sentence {
  const words = saidIn(request, type, member)
  return words === null ? [] : history.saying(words)
}
