import type { Approvals, Reviewed } from '../approvals/approvals.ts'
import type { Cards } from '../cards/cards.ts'
import type { requestOperations } from '../contract/requestOperations.ts'
import { claimsFor } from '../core/data/authenticationContext.ts'
import { noSuchRequest, Problem } from '../core/data/problem.ts'
import type { DeliveryState } from '../core/request/delivery.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { spoken } from '../words/spoken.ts'
import { toBody } from './body.ts'
import { furtherActsIn } from './furtherActs.ts'
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
  const card = view === null ? cards.refused(request, why) : cards.review(request, { approver, page, via, ...excluded })
  return {
    answer: {
      card: { ...card },
      ...(view !== null && { view, template }),
      page,
      pages,
      ...(refusal && { refusal: { code: refusal.code, words: why } }),
      ...furtherActsIn(reviewed, request, via),
      ...(stepUp && { stepUp: { claims: claimsFor(stepUp.context) } }),
      request: toBody(request, { to: caller, delivery }),
    },
  }
}

/** Says to an excluded person that they cannot approve, but deny. */
const exclusionIn = ({ exclusion }: Reviewed): Problem | null =>
  exclusion && new Problem('self-approval', spoken.bot.excluded[exclusion])
