import type { Refused } from './event.ts'
import { Problem } from '../data/problem.ts'
import type { ObjectId } from '../data/id.ts'
import type { ApprovalRequest, Step } from './request.ts'

/** Why a person or an agent was refused: the problem's code, and two reasons that such a code does not tell apart. */
export const refusalCodes = [
  'self-approval',
  'not-permitted',
  'blind-view',
  'digest-mismatch',
  'grant-invalid',
  'borrowed-token',
] as const
export type RefusalCode = (typeof refusalCodes)[number]

/** What a caller may be refused. */
export const refusedActs = ['decide', 'revoke', 'redeem', 'view'] as const
export type RefusedAct = (typeof refusedActs)[number]

/** An attempt that was refused, and by whom. */
export interface Refusal extends Refused {
  /** A caller who may know of the request. */
  readonly by: { readonly kind: 'agent' | 'person'; readonly id: ObjectId }
}

/** Refusals of one request that are recorded. */
const mostRefusals = 20

/**
 * Records that a caller was refused: once for each caller and code, and 20 times for each request at most. Legal in every
 * status, and changes nothing else. Records nothing for a refusal that is recorded already.
 */
export function refuse(request: ApprovalRequest, { by, ...data }: Refusal): Step {
  const { refusals = [] } = request
  const isKnown = refusals.some((one) => one.by === by.id && one.code === data.code)
  if (isKnown || refusals.length >= mostRefusals) return { request, events: [] }
  return {
    request: { ...request, refusals: [...refusals, { by: by.id, code: data.code }] },
    events: [{ type: 'refused', actor: by, request: request.id, data }],
  }
}

/** Which refusal a problem is; `null` for all other errors, which are no attempt to do what one may not. */
export function refusalIn(cause: unknown): RefusalCode | null {
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
