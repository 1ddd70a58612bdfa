import type { Further } from '../approvals/further.ts'
import { furtherActs } from '../contract/requestAnswer.ts'
import { doorsBeside } from '../core/request/decision.ts'
import type { ApprovalRequest } from '../core/request/request.ts'

export type OfferedAct = (typeof furtherActs)[number]

/** Whether each act is offered through a door: the service checks it all the same when it is done. */
const offers: Readonly<Record<OfferedAct, (may: Further, request: ApprovalRequest, via: string) => boolean>> = {
  ask: ({ mayAsk }) => mayAsk,
  answer: ({ mayAnswer }) => mayAnswer,
  narrow: ({ mayNarrow }, request, via) => mayNarrow && doorsBeside(request, via) === null,
  'break-glass': ({ mayBreak }, request, via) =>
    mayBreak && request.status === 'pending' && doorsBeside(request, via) === null,
  review: ({ mayReview }) => mayReview,
}

/** Names what a person may do with a request beside deciding, for an answer; the member is absent if it is nothing. */
export function furtherActsIn(
  may: Further,
  request: ApprovalRequest,
  via: string,
): { readonly may?: readonly OfferedAct[] } {
  const acts = furtherActs.filter((act) => offers[act](may, request, via))
  return acts.length > 0 ? { may: acts } : {}
}
