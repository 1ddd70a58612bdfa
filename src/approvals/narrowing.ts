import { type Edits, editsText } from '../core/action/edits.ts'
import { checkSecretIn } from '../core/action/secret.ts'
import type { ObjectId, RequestId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { Problem, type StepUpNeeded } from '../core/data/problem.ts'
import type { Seen } from '../core/request/decision.ts'
import { leftBy, moreThanAsked, narrow } from '../core/request/narrowing.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Policy } from '../ports/policy.ts'
import { excludedBy } from './eligibility.ts'
import { involvedIn, type InvolvementParts } from './involvement.ts'
import { attemptOf, changeOrRefuse, type RefusingParts } from './refusals.ts'
import { afterStepUp, neededStepUp } from './stepUp.ts'

type NarrowingParts = RefusingParts & InvolvementParts & { readonly policy: Policy; readonly stepUp?: StepUpNeeded }

/** A person's word that less is enough, before the facts about them are known. */
export interface AskedNarrowing {
  readonly approver: ObjectId
  readonly edits: Edits
  readonly reason?: string
  readonly seen: Seen
  /** The authentication contexts that the person's token bears, for doors with tokens. */
  readonly contexts?: readonly string[]
}

/**
 * Makes a request smaller. The policy in force judges what is left: it must have people decide, and want nothing that it did
 * not want of what was asked. A refusal is recorded; that a proof is missing is none.
 *
 * @throws {Problem} as core/request/narrowing.ts; `step-up`, `secret-in-params`; `invalid-input` for what does not fit the
 *   schema; `not-found` for a person who may not know of the request
 */
export async function narrowAs(
  parts: NarrowingParts,
  id: RequestId,
  { contexts = [], edits, ...input }: AskedNarrowing,
): Promise<ApprovalRequest> {
  checkSecretIn(input.reason, '/reason')
  const { name, facts, found } = await involvedIn(parts, id, input.approver)
  const { client } = input.seen
  return changeOrRefuse(
    parts,
    id,
    attemptOf({ kind: 'person', id: input.approver }, 'narrow', input.seen),
    (request, at) => {
      const needed = client === undefined ? null : neededStepUp(parts, request)
      const seen = needed ? { ...input.seen, proved: needed.context } : input.seen
      const of = { name, facts, excluded: excludedBy(parts.policy, request), policy: parts.policy.version }
      const left = () => judgedLeft(parts.policy, request, edits, at)
      const step = narrow(request, { ...input, ...of, seen, edits: editsText(edits), left, at })
      return afterStepUp(step, needed, contexts)
    },
    found,
  )
}

/** What edits leave of a request, if policy wants no more of that than it wanted of the request. */
function judgedLeft(policy: Policy, request: ApprovalRequest, edits: Edits, at: Instant): ReturnType<typeof leftBy> {
  const { action, requirement, agent, onBehalfOf } = request
  if (!action || !requirement) throw new RangeError('A request that waits for people has its action.')
  const left = leftBy(action, requirement.narrowable ?? [], edits)
  const judgement = policy.judge({
    ...{ agent: agent.id, action: left.action, at },
    ...(onBehalfOf !== undefined && { onBehalfOf }),
  })
  const more = moreThanAsked(requirement, judgement)
  if (more !== null)
    throw new Problem(
      'not-narrower',
      `${more}.`.replace(/^./, (first) => first.toUpperCase()),
    )
  return left
}
