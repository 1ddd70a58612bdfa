import { shardOf } from '../data/id.ts'
import type { End } from '../log/end.ts'
import type { ApprovalRequest } from './request.ts'

/**
 * Says what used a request's approval up, or took it away.
 *
 * @returns `null` while nothing did, and for what follows from a deadline or from policy alone: an older row cannot hide
 *   those, since they follow from it again
 */
export function endingOf(request: ApprovalRequest): Omit<End, 'at'> | null {
  const act = actOf(request)
  if (act === null) return null
  const event = request.events.findLast(({ type }) => type === act)
  if (event === undefined) throw new Error(`A request that was ${act} names the event.`)
  const { id } = request
  const redemption = 'redemption' in request ? { redemption: request.redemption } : {}
  return { request: id, act, ...redemption, shard: shardOf(id), seq: event.seq, leaf: event.hash }
}

function actOf(request: ApprovalRequest): End['act'] | null {
  switch (request.status) {
    case 'redeemed':
    case 'succeeded':
    case 'failed':
      return 'redeemed'
    case 'revoked':
    case 'cancelled':
      return request.status
    case 'denied':
      return request.closedBy.kind === 'person' ? 'denied' : null
    case 'pending':
    case 'approved':
    case 'expired':
    case 'lapsed':
      return null
  }
}
