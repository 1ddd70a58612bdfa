import type { Draft, Tampered } from './event.ts'
import type { ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { type ApprovalRequest, closed, type Step } from './request.ts'

/** What a person found of rows that somebody else had changed. */
export interface Tampering {
  readonly by: ObjectId
  readonly data: Tampered
  /** Why the person repairs, in their words. */
  readonly why: string
}

/** Records that rows of a chain were changed from outside, about no request. */
export const tamperedLog = ({ by, data, why }: Tampering): Draft => ({
  type: 'tampered',
  actor: { kind: 'person', id: by },
  data,
  said: { why },
})

/**
 * Records that what is stored of a request was changed from outside. A request that is pending or approved ends: nothing of
 * it is granted any more, since people may have decided on what somebody else wrote. One that was redeemed goes on to its
 * report, and one that is closed stays as it is.
 */
export function endTampered(
  request: ApprovalRequest,
  { at, ...tampering }: Tampering & { readonly at: Instant },
): Step {
  const event = { ...tamperedLog(tampering), request: request.id }
  const isOpen = request.status === 'pending' || request.status === 'approved'
  return { request: isOpen ? closed(request, 'revoked', event.actor, at) : request, events: [event] }
}

/** Whether an event says that what is stored of the request was changed from outside. */
export const isTampered = ({ events }: Pick<ApprovalRequest, 'events'>): boolean =>
  events.some(({ type }) => type === 'tampered')

/** Whether the request ended because of that, and not before. */
export const isEndedByTampering = (request: ApprovalRequest): boolean =>
  request.status === 'revoked' && isTampered(request) && !request.events.some(({ type }) => type === 'revoked')
