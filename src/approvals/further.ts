import type { ObjectId } from '../core/data/id.ts'
import { problemIn } from '../core/data/problem.ts'
import { takesQuestion } from '../core/request/conversation.ts'
import { checkMayDecide } from '../core/request/decision.ts'
import { checkMayBreak } from '../core/request/glass.ts'
import { takesNarrowing } from '../core/request/narrowing.ts'
import { type ApprovalRequest, awaitsReview } from '../core/request/request.ts'
import { overlap } from '../core/request/requirement.ts'
import type { Policy } from '../ports/policy.ts'
import { excludedBy, known } from './eligibility.ts'
import { type Involved, involvementIn, type InvolvementParts } from './involvement.ts'
import { awaitsPerson, isAnswerable } from './talk.ts'

/** What a person may do with a request beside deciding and revoking it. */
export interface Further {
  /** They may ask the side that wants the action, and somebody may answer. */
  readonly mayAsk: boolean
  /** They may make it smaller. */
  readonly mayNarrow: boolean
  /** They may approve alone, in an emergency. */
  readonly mayBreak: boolean
  /** Somebody broke the glass, and they may review that. */
  readonly mayReview: boolean
  /** A question is open that they may answer, as one of the side that asks. */
  readonly mayAnswer: boolean
}

export const noFurther: Further = {
  ...{ mayAsk: false, mayNarrow: false, mayBreak: false, mayReview: false, mayAnswer: false },
}

/** Finds that out by what is known of the person. The same rules decide again when they act. */
export function furtherIn(
  policy: Policy,
  request: ApprovalRequest,
  { facts, glassFacts }: Pick<Involved, 'facts' | 'glassFacts'>,
): Further {
  const excluded = excludedBy(policy, request)
  const mayApprove = problemIn(() => checkMayDecide(request, facts, { verdict: 'approve', excluded })) === null
  return {
    mayAsk: mayApprove && takesQuestion(request, facts.accounts) && isAnswerable(policy, request),
    mayNarrow: mayApprove && takesNarrowing(request),
    mayBreak: problemIn(() => checkMayBreak(request, glassFacts, excluded)) === null,
    mayReview: mayApprove && awaitsReview(request) && !overlap(request.glass?.accounts ?? [], facts.accounts),
    mayAnswer: awaitsPerson(policy, request, facts),
  }
}

/**
 * The same for whoever reads a list. Asks the directory only about requests with which anything can be done.
 *
 * @throws {Problem} `unavailable` when the directory cannot be asked
 */
export async function furtherOf(parts: InvolvementParts, request: ApprovalRequest, who: ObjectId): Promise<Further> {
  if (request.status !== 'pending' && !awaitsReview(request)) return noFurther
  const person = await known(parts, who)
  return person ? furtherIn(parts.policy, request, await involvementIn(parts, person, request)) : noFurther
}
