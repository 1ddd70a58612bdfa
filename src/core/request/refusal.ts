import type { RefusedAttempt } from './event.ts'
import { Problem } from '../data/problem.ts'
import type { ObjectId } from '../data/id.ts'
import type { RefusedCode } from './refusalCode.ts'
import type { ApprovalRequest, Step } from './request.ts'

/** An attempt that was refused, and by whom. */
export interface RefusedCall extends RefusedAttempt {
  /** A caller who may know of the request. */
  readonly by: { readonly kind: 'agent' | 'person'; readonly id: ObjectId }
}

/** Refusals of one request that are recorded. */
const mostRefusals = 20

/**
 * Records that a caller was refused: once for each caller and code, and 20 times for each request at most. Legal in every
 * status, and changes nothing else. Records nothing for a refusal that is recorded already.
 */
export function refuse(request: ApprovalRequest, { by, ...data }: RefusedCall): Step {
  const { refusals = [] } = request
  const isKnown = refusals.some((one) => one.by === by.id && one.code === data.code)
  if (isKnown || refusals.length >= mostRefusals) return { request, events: [] }
  return {
    request: { ...request, refusals: [...refusals, { by: by.id, code: data.code }] },
    events: [{ type: 'refused', actor: by, request: request.id, data }],
  }
}

/** Which refusal a problem is; `null` for all other errors, which are no attempt to do what one may not. */
export function refusalIn(cause: unknown): RefusedCode | null {
  if (!(cause instanceof Problem)) return null
  const { code, details } = cause
  switch (code) {
    case 'self-approval':
    case 'grant-invalid':
      return code
    case 'digest-mismatch':
      return details.pointer === '/view' ? 'blind-view' : code
    case 'not-permitted':
      return details.isBorrowed === true ? 'borrowed-token' : code
    default:
      return null
  }
}
