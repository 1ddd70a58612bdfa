import { shardOf } from '../data/id.ts'
import type { End } from '../log/end.ts'
import type { ApprovalRequest } from './request.ts'

/**
 * Finds the act that used up a request's approval, or took it away.
 *
 * @returns `null` if there is none, or if a deadline or policy alone ended the request: an older row cannot hide such
 *   an end, because it follows from the row again
 */
export function endingOf(request: ApprovalRequest): Omit<End, 'at'> | null {
  const act = actOf(request)
  if (act === null) return null
  const { events } = request
  // What was tampered with while it was open has ended by that.
  const tampered = act === 'revoked' ? events.find(({ type }) => type === 'tampered') : undefined
  const event = events.findLast(({ type }) => type === act) ?? tampered
  if (event === undefined) throw new Error(`A request that was ${act} names the event.`)
  const { id } = request
  const redemption = 'redemption' in request ? { redemption: request.redemption } : {}
  return { request: id, act, ...redemption, shard: shardOf(id), seq: event.seq, leaf: event.hash }
}

/** Whether something used a request's approval up, or took it away. */
export const needsEnd = (request: ApprovalRequest): boolean => actOf(request) !== null

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
    case 'ended':
      return null
  }
}
