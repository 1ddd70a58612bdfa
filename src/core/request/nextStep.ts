import type { ApprovalRequest } from './request.ts'

/** What an agent does next. `execute` is the answer to a redemption alone: no state implies it. */
export const nextSteps = ['wait', 'redeem', 'execute', 'report', 'stop'] as const
export type NextStep = (typeof nextSteps)[number]

/** Why an agent stops. */
export const stopCodes = [
  'denied',
  'forbidden-by-policy',
  'no-policy',
  'expired',
  'cancelled',
  'revoked',
  'lapsed',
  'succeeded',
  'failed',
] as const
export type StopCode = (typeof stopCodes)[number]

/** Says what a request's agent does next, as far as the state tells. */
export function nextOf({ status }: ApprovalRequest): Exclude<NextStep, 'execute'> {
  if (status === 'pending') return 'wait'
  if (status === 'approved') return 'redeem'
  return status === 'redeemed' ? 'report' : 'stop'
}

/** Says why a request's agent stops; `null` while the request goes on. */
export function stopCodeOf({ status, policy }: ApprovalRequest): StopCode | null {
  switch (status) {
    case 'denied':
      if (policy.outcome === 'forbid') return 'forbidden-by-policy'
      return policy.outcome === 'no-policy' ? 'no-policy' : status
    case 'expired':
    case 'cancelled':
    case 'revoked':
    case 'lapsed':
    case 'succeeded':
    case 'failed':
      return status
    case 'pending':
    case 'approved':
    case 'redeemed':
      return null
  }
}
