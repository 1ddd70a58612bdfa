import type { Draft, Tampered } from './event.ts'
import type { ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { type ApprovalRequest, closed, isOpen, type Step } from './request.ts'

/** A person's findings about rows that were changed from outside. */
export interface Tampering {
  readonly by: ObjectId
  readonly data: Tampered
  /** The person's reason for the repair. */
  readonly why: string
}

/** Records that rows of a chain were changed from outside. The event belongs to no request. */
export const tamperedLog = ({ by, data, why }: Tampering): Draft => ({
  type: 'tampered',
  actor: { kind: 'person', id: by },
  data,
  said: { why },
})

/**
 * Records that a request's stored content was changed from outside. A pending or approved request ends and grants nothing
 * any more, because people may have decided on foreign content. A redeemed one goes on to its report, and a closed one stays
 * as it is.
 */
export function endTampered(
  request: ApprovalRequest,
  { at, ...tampering }: Tampering & { readonly at: Instant },
): Step {
  const event = { ...tamperedLog(tampering), request: request.id }
  return { request: isOpen(request) ? closed(request, 'revoked', event.actor, at) : request, events: [event] }
}

/** Whether an event records that the request was changed from outside. */
export const isTampered = ({ events }: Pick<ApprovalRequest, 'events'>): boolean =>
  events.some(({ type }) => type === 'tampered')

/** Whether the request ended because of that. */
export const isEndedByTampering = (request: ApprovalRequest): boolean =>
  request.status === 'revoked' && isTampered(request) && !request.events.some(({ type }) => type === 'revoked')
