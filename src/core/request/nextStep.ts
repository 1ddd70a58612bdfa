import type { ApprovalRequest } from './request.ts'
import { isEndedByTampering } from './tampering.ts'

/** What an agent does next. `answer`: a question is open that the agent answers itself. `use`: it may ask under its standing approval. Only the answer to a redemption says `execute`: no status implies it. */
export const nextSteps = ['wait', 'answer', 'redeem', 'execute', 'report', 'use', 'stop'] as const
export type NextStep = (typeof nextSteps)[number]

/** Why an agent stops. */
export const stopCodes = [
  'denied',
  'forbidden-by-policy',
  'no-policy',
  'expired',
  'cancelled',
  'revoked',
  'tampered',
  'lapsed',
  'ended',
  'succeeded',
  'failed',
] as const
export type StopCode = (typeof stopCodes)[number]

/** Says why a request's agent stops; `null` while the request goes on. */
export function stopCodeOf(request: ApprovalRequest): StopCode | null {
  if (!('closedAt' in request)) return null
  const { outcome } = request.policy
  if (request.status === 'revoked' && request.closedBy.kind === 'policy') return 'forbidden-by-policy'
  if (isEndedByTampering(request)) return 'tampered'
  if (outcome === 'forbid') return 'forbidden-by-policy'
  return outcome === 'no-policy' ? outcome : request.status
}
