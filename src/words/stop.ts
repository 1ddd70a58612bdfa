import type { ApprovalRequest } from '../core/request/request.ts'
import type { StopCode, Words } from './words.ts'

/** Why an agent has to stop: a code for programs, and a sentence. */
interface Stop {
  readonly code: StopCode
  readonly words: string
}

/**
 * Says why nothing more comes of a request.
 *
 * @throws {Error} for a request that goes on: asking for its end is a bug.
 */
export function stopOf(request: ApprovalRequest, { stops }: Words): Stop {
  const code = codeOf(request)
  return { code, words: stops[code] }
}

function codeOf({ status, policy: { outcome } }: ApprovalRequest): StopCode {
  switch (status) {
    case 'denied':
      if (outcome === 'forbid') return 'forbidden-by-policy'
      return outcome === 'no-policy' ? 'no-policy' : 'denied'
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
      throw new Error(`A request that is ${status} goes on.`)
  }
}
