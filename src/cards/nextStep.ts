import { approvalsOf } from '../core/request/decision.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { fill } from '../core/request/requirement.ts'
import { wording } from './wording.ts'

/** What happens next, and who is still missing, in one line; a second one says that some may not know of it. */
export function next(request: ApprovalRequest): readonly { readonly text: string }[] {
  const isUnreached = request.undeliverable && request.status === 'pending'
  return [sentence(request), ...(isUnreached ? [wording.next.unreached] : [])].map((text) => ({ text }))
}

function sentence(request: ApprovalRequest): string {
  switch (request.status) {
    case 'pending':
      return wording.next.pending(missing(request))
    case 'redeemed':
      return request.unreported ? wording.next.unreported : wording.next.redeemed
    case 'approved':
    case 'succeeded':
    case 'failed':
    case 'denied':
      return wording.next[request.status]
    case 'cancelled':
    case 'revoked':
      return wording.next.notDone
    case 'expired':
    case 'lapsed':
      return wording.next.again
  }
}

/** The people whose approval is still needed, a group or slot each. */
function missing(request: ApprovalRequest & { readonly status: 'pending' }): readonly string[] {
  const { slots } = request.requirement
  const have = fill(slots, approvalsOf(request))
  return slots
    .map(({ groups, quorum }, i) => ({ groups, quorum: quorum - (have[i] ?? 0) }))
    .filter(({ quorum }) => quorum > 0)
    .map(({ groups, quorum }) => wording.people(groups, quorum))
}
