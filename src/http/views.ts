import type { Approvals, Reviewed } from '../approvals/approvals.ts'
import type { Cards } from '../cards/cards.ts'
import type { requestOperations } from '../contract/requestOperations.ts'
import { furtherActs } from '../contract/requestAnswer.ts'
import { claimsFor } from '../core/data/authenticationContext.ts'
import { bounds } from '../core/data/bound.ts'
import type { ObjectId } from '../core/data/id.ts'
import { noSuchRequest, Problem } from '../core/data/problem.ts'
import { openQuestions } from '../core/request/conversation.ts'
import type { DeliveryState } from '../core/request/delivery.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { spoken } from '../words/spoken.ts'
import { toBody } from './body.ts'
import type { OperationInput, OperationReply } from './handler.ts'

export interface ViewParts {
  readonly approvals: Pick<Approvals, 'review'>
  /** The cards that Teams would get. */
  readonly cards: () => Promise<Cards>
  /** Whether the people who decide were reached; reads nothing when it need not. */
  readonly deliveryOf: (request: ApprovalRequest) => Promise<DeliveryState>
}

type Operation = (typeof requestOperations)['views']

/**
 * Draws one page of a request for a person, as Teams would show it. That it was shown is recorded before the answer
 * leaves, so that a vote can rest on it.
 *
 * @throws {Problem} `not-found`, also for a person who belongs to none of the groups that decide
 */
export async function view(
  { approvals, cards: load, deliveryOf }: ViewParts,
  { caller, id, body }: OperationInput<Operation>,
): Promise<OperationReply<Operation>> {
  const cards = await load()
  const { template } = cards
  const { id: approver, via, contexts } = caller
  const reviewed = await approvals.review(id, approver, { page: body.page, template, via, contexts })
  const { request, page, pages, view, stepUp, stranger } = reviewed
  const refusal = reviewed.refusal ?? exclusionIn(reviewed) ?? reviewed.elsewhere
  if (stranger) throw noSuchRequest()
  const delivery = await deliveryOf(request)
  const excluded = {
    ...(reviewed.exclusion !== null && { excludedBy: reviewed.exclusion }),
    ...(reviewed.refusal !== null && { decides: false as const }),
  }
  const why = refusal?.message ?? ''
  const may = furtherActs.filter((act) => offers[act](reviewed, approver))
  const card = view === null ? cards.refused(request, why) : cards.review(request, { approver, page, via, ...excluded })
  return {
    answer: {
      card: { ...card },
      ...(view !== null && { view, template }),
      page,
      pages,
      ...(refusal && { refusal: { code: refusal.code, words: why } }),
      ...(may.length > 0 && { may }),
      ...(stepUp && { stepUp: { claims: claimsFor(stepUp.context) } }),
      request: toBody(request, { to: caller, delivery }),
    },
  }
}

/** Whether each act is offered: the service checks it all the same when it is done. */
const offers: Readonly<Record<(typeof furtherActs)[number], (seen: Reviewed, person: ObjectId) => boolean>> = {
  ask: ({ request, refusal, exclusion }, person) =>
    request.status === 'pending' && refusal === null && exclusion === null && mayAskMore(request, person),
  answer: ({ mayAnswer }) => mayAnswer,
  'break-glass': ({ request, mayBreak, elsewhere }) => request.status === 'pending' && mayBreak && elsewhere === null,
  review: ({ mayReview }) => mayReview,
}

/** One question of a person waits at a time. */
const mayAskMore = (request: ApprovalRequest, person: ObjectId): boolean =>
  (request.questions?.length ?? 0) < bounds.questions && openQuestions(request).every(({ by }) => by !== person)

/** Says to an excluded person that they cannot approve, but deny. */
const exclusionIn = ({ exclusion }: Reviewed): Problem | null =>
  exclusion && new Problem('self-approval', spoken.bot.excluded[exclusion])
