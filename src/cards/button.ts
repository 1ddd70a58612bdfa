import { confirmationOf } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import { type ApprovalRequest, contentOf, type Decision } from '../core/request/request.ts'
import { viewDigest } from '../core/request/view.ts'
import { type Line, line, ours, short } from './textRun.ts'
import { wording } from './wording.ts'

/** Who looks at a request, and at which page. `notice` says what became of their last click. */
export interface Reader {
  readonly approver: ObjectId
  readonly page: number
  readonly notice?: string
}

/** What this person can do on this page. 0 is no page. */
export function buttons(
  request: ApprovalRequest,
  { approver }: Reader,
  { page, last, template }: { readonly page: number; readonly last: boolean; readonly template: Hex },
) {
  const content = contentOf(request)
  const own = ownDecision(request, approver)
  const votes = request.status === 'pending' && content !== null
  const approves = votes && last && !own
  const high = request.requirement?.tier === 'high'
  return {
    previous: page - 1,
    next: last ? 0 : page + 1,
    view: content === null ? '-' : viewDigest({ content, template, warnings: request.warnings }),
    approves: approves && !high,
    confirms: approves && high,
    confirmation: short(confirmationOf(request.action?.target ?? '-'), 10_000),
    denies: votes && (!own || own.approver === approver),
    waits: votes && !last && !own,
    revokes: request.status === 'approved',
  }
}

/** What this person did; what is still missing stands above it. */
export function mine(request: ApprovalRequest, { approver }: Reader): readonly Line[] {
  const own = ownDecision(request, approver)
  if (request.status !== 'pending' || !own) return []
  return [line(ours(own.approver === approver ? wording.youApproved : wording.yourOtherAccount))]
}

/** The newest decision of this person, with whichever account. */
const ownDecision = (request: ApprovalRequest, approver: ObjectId): Decision | undefined =>
  request.decisions.findLast((decision) => decision.facts.accounts.includes(approver))
