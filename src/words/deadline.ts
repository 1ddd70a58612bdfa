import type { ApprovalRequest } from '../core/request/request.ts'
import type { Sentence } from './run.ts'
import type { Words } from './words.ts'

/** Names the moment that matters now: the deadline of an open request, the end of a closed one. */
export function deadlineOf(request: ApprovalRequest, { deadline }: Words): Sentence {
  if ('closedAt' in request) return deadline.closedAt(request.closedAt)
  if (request.status === 'redeemed') return deadline.redeemedAt(request.redeemedAt)
  return request.status === 'approved'
    ? deadline.useBy(request.lapsesAt)
    : deadline.decideBy(request.requirement.expiresAt)
}
