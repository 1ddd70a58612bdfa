import { beyond } from '../core/action/scope.ts'
import { Problem } from '../core/data/problem.ts'
import type { Instant } from '../core/data/instant.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { approvedByStanding, uncovered, use } from '../core/request/standing.ts'
import { open, type Submission } from '../core/request/submission.ts'
import type { Change, Loaded } from '../ports/ledger.ts'
import { type ChangeParts, record } from './commit.ts'
import { recollectionOf } from './recollection.ts'

/** An ask under a standing approval that policy would have people decide. */
export interface UseAsk {
  readonly submission: Omit<Submission, 'at'>
  /** Whether this very action was denied to the agent a moment ago. */
  readonly isCooling: boolean
}

/** A use, with the standing approval as it is after it. */
interface RecordedUse {
  readonly request: ApprovalRequest
  readonly standing: ApprovalRequest
}

/**
 * Takes a use of the standing approval that was loaded, and grants it in the same commit. Nobody is asked.
 *
 * @throws {Problem} `not-found` for the standing approval of another agent; `standing-over`, `not-covered`
 * @throws {Conflict} if the standing approval, or its shard, changed since it was loaded
 */
export async function recordUse(
  parts: ChangeParts,
  loaded: Loaded,
  { submission, isCooling }: UseAsk,
  at: Instant,
  more: Pick<Change, 'key'>,
): Promise<RecordedUse> {
  const { request: standing } = loaded
  const { id, agent, action } = submission
  if (standing?.agent.id !== agent.id) throw noSuchStanding()
  await recollectionOf(parts.ledger).check(standing)
  const asked = open({ ...submission, at })
  const [requested] = asked.events
  if (requested?.type !== 'requested') throw new TypeError('An ask is recorded first.')
  const step = use(standing, { id, agent: agent.id, data: requested.data, at })
  const { judgement } = submission
  if (judgement.outcome === 'approve' && !judgement.session)
    throw uncovered('', 'a rule that matches lets nobody approve it in advance')
  checkScope(standing, action)
  if (isCooling) throw uncovered('', 'this action was denied a moment ago')
  const given = { standing: standing.id, use: step.use, lapsesAt: step.lapsesAt, at }
  const { request } = approvedByStanding(asked.request, given)
  const events = [requested, ...step.events]
  const beside = step.standing
  return { request: await record(parts, loaded, { request, events }, at, { ...more, beside }), standing: beside }
}

/** Refuses an action outside the scope that the approvers saw. The order is that of docs/policy/standing.md. */
function checkScope({ action: sample }: ApprovalRequest, action: Submission['action']): void {
  const outside = sample?.standing ? beyond(sample, sample.standing.vary, action) : '/action'
  if (outside !== null) throw uncovered(outside, 'it differs in another way than the approvers allowed')
}

const noSuchStanding = (): Problem =>
  new Problem('not-found', '/under: there is no such standing approval of this agent.', { pointer: '/under' })
