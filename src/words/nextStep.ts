import { approvalsOf } from '../core/request/decision.ts'
import { type ApprovalRequest, awaitsReview } from '../core/request/request.ts'
import { fill } from '../core/request/requirement.ts'
import { nextUse } from './standing.ts'
import type { Words } from './words.ts'

/**
 * Says what happens next and whose approval is missing. A second sentence warns that some approvers may not know of the
 * request, and another one that a broken glass is to be reviewed, even after the request is over.
 */
export function nextStep(request: ApprovalRequest, words: Words): readonly string[] {
  const isUnreached = request.undeliverable && request.status === 'pending'
  const isOver = 'closedAt' in request && awaitsReview(request)
  return [
    ...(isOver ? [] : [sentence(request, words)]),
    ...(isUnreached ? [words.next.unreached] : []),
    ...(awaitsReview(request) ? [words.emergency.next] : []),
  ]
}

function sentence(request: ApprovalRequest, words: Words): string {
  const { next, progress } = words
  if ('closedAt' in request) return next.closed[request.status]
  if (request.status === 'redeemed') return request.unreported ? next.unreported : next.redeemed
  if (request.status === 'approved') return nextUse(request, words) ?? next.approved
  return next.pending(missing(request).map(({ groups, quorum }) => progress.people(groups, quorum)))
}

/** The slots that are not filled, each with the number of approvals that it still needs. */
function missing(request: ApprovalRequest & { readonly status: 'pending' }) {
  const { slots } = request.requirement
  const have = fill(slots, approvalsOf(request))
  return slots
    .map(({ groups, quorum }, i) => ({ groups, quorum: quorum - (have[i] ?? 0) }))
    .filter(({ quorum }) => quorum > 0)
}
