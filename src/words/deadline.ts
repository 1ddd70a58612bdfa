import type { ApprovalRequest } from '../core/request/request.ts'
import type { Sentence } from './run.ts'
import type { Words } from './words.ts'

/** Names the moment that matters now: the deadline of an open request, the end of a closed one. */
export function deadlineOf(request: ApprovalRequest, { deadline }: Words): Sentence {
  switch (request.status) {
    case 'pending':
      return deadline.decideBy(request.requirement.expiresAt)
    case 'approved':
      return deadline.useBy(request.lapsesAt)
    case 'redeemed':
      return deadline.redeemedAt(request.redeemedAt)
    case 'succeeded':
    case 'failed':
    case 'denied':
    case 'expired':
    case 'cancelled':
    case 'lapsed':
    case 'revoked':
      return deadline.closedAt(request.closedAt)
  }
}
