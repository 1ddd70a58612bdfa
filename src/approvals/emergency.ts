import { checkSecretIn } from '../core/action/secret.ts'
import { bounds } from '../core/data/bound.ts'
import type { ObjectId, RequestId } from '../core/data/id.ts'
import { Problem, type StepUpNeeded } from '../core/data/problem.ts'
import type { Seen } from '../core/request/decision.ts'
import type { ReviewFinding } from '../core/request/event.ts'
import { breakGlass, review } from '../core/request/glass.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { type Facts, overlap } from '../core/request/requirement.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Policy } from '../ports/policy.ts'
import { excludedBy } from './eligibility.ts'
import { involvedIn, type InvolvementParts } from './involvement.ts'
import { attemptOf, changeOrRefuse, type RefusingParts } from './refusals.ts'
import { afterStepUp, neededStepUp } from './stepUp.ts'

type EmergencyParts = RefusingParts &
  InvolvementParts & {
    readonly ledger: Pick<Ledger, 'list'>
    readonly policy: Policy
    readonly stepUp?: StepUpNeeded
  }

/** A person's word that they approve alone, before the facts about them are known. */
export interface GlassBreak {
  readonly approver: ObjectId
  readonly reason: string
  readonly seen: Seen
  readonly confirm?: string
  /** The authentication contexts that the person's token bears, for doors with tokens. */
  readonly contexts?: readonly string[]
}

/** A person's finding about a broken glass, before the facts about them are known. */
export interface GlassReview {
  readonly reviewer: ObjectId
  readonly finding: ReviewFinding
  readonly reason: string
  /** The application that the person used, for doors with tokens. */
  readonly client?: ObjectId
}

/**
 * Approves a request alone, in an emergency. A refusal is recorded; that a proof is missing is none.
 *
 * @throws {Problem} as core/request/glass.ts; `step-up`, `secret-in-params`; `too-many` for a person whose broken glasses
 *   nobody reviews; `not-found` for a person who may not know of the request
 */
export async function breakGlassAs(
  parts: EmergencyParts,
  id: RequestId,
  { contexts = [], ...input }: GlassBreak,
): Promise<ApprovalRequest> {
  checkSecretIn(input.reason, '/reason')
  const { name, glassFacts: facts, found } = await involvedIn(parts, id, input.approver)
  await checkReviewed(parts, id, facts)
  const { client } = input.seen
  return changeOrRefuse(
    parts,
    id,
    attemptOf({ kind: 'person', id: input.approver }, 'break-glass', input.seen),
    (request, at) => {
      const needed = client === undefined ? null : neededStepUp(parts, request)
      const seen = needed ? { ...input.seen, proved: needed.context } : input.seen
      const excluded = excludedBy(parts.policy, request)
      return afterStepUp(breakGlass(request, { ...input, seen, name, facts, excluded, at }), needed, contexts)
    },
    found,
  )
}

/**
 * Says what to think of a broken glass. A refusal is recorded.
 *
 * @throws {Problem} as core/request/glass.ts; `secret-in-params`; `not-found` for a person who may not know of the request
 */
export async function reviewGlassAs(
  parts: EmergencyParts,
  id: RequestId,
  input: GlassReview,
): Promise<ApprovalRequest> {
  checkSecretIn(input.reason, '/reason')
  const { name, facts, found } = await involvedIn(parts, id, input.reviewer)
  return changeOrRefuse(
    parts,
    id,
    attemptOf({ kind: 'person', id: input.reviewer }, 'review', { client: input.client }),
    (request, at) => review(request, { ...input, name, facts, excluded: excludedBy(parts.policy, request), at }),
    found,
  )
}

/**
 * Refuses a person whose earlier emergencies nobody has looked at. They are counted where they are listed, so that no number
 * is kept that could differ from the requests. Two that are broken at the same moment may make one more than the limit.
 */
async function checkReviewed({ ledger }: EmergencyParts, id: RequestId, { accounts }: Facts): Promise<void> {
  const isTheirs = (request: ApprovalRequest): boolean =>
    request.id !== id && overlap(request.glass?.accounts ?? [], accounts)
  const { requests } = await ledger.list({ by: 'review' }, { keep: isTheirs, limit: bounds.unreviewed })
  if (requests.length >= bounds.unreviewed)
    throw new Problem(
      'too-many',
      `You broke ${bounds.unreviewed} glasses that nobody has reviewed: have them reviewed first.`,
    )
}
