import { beyond } from '../core/action/scope.ts'
import { Problem } from '../core/data/problem.ts'
import type { RequestId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Draft } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { approvedByStanding, uncovered, use, type UseStep } from '../core/request/standing.ts'
import { open, type Submission } from '../core/request/submission.ts'
import type { Change, Ledger, Loaded } from '../ports/ledger.ts'
import { remember } from '../runtime/remember.ts'
import { believed, type ChangeParts, record } from './commit.ts'
import { recollectionOf } from './recollection.ts'

/** An ask under a standing approval that policy would have people decide. */
export interface UseAsk {
  readonly submission: Omit<Submission, 'at'>
  /** Whether this very action was denied to the agent a moment ago. */
  readonly isCooling: boolean
}

/** What a use makes, before it is recorded. */
interface JudgedUse {
  readonly requested: Draft
  readonly born: ApprovalRequest
  readonly step: UseStep
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
  if (standing?.agent.id !== submission.agent.id) throw noSuchStanding()
  await recollectionOf(parts.ledger).check(standing)
  const { requested, born, step } = judgeUse(standing, { submission, isCooling }, at)
  const given = { standing: standing.id, use: step.use, lapsesAt: step.lapsesAt, at }
  const { request } = approvedByStanding(born, given)
  const events = [requested, ...step.events]
  const beside = step.standing
  const recorded = await record(parts, loaded, { request, events }, at, { ...more, beside })
  remember(standingsOf(parts.ledger), beside.id, beside, mostRemembered)
  return { request: recorded, standing: beside }
}

/**
 * Checks beforehand whether a use would be granted. What is remembered of the standing approval grants, and never refuses: the
 * commit looks again.
 *
 * @throws {Problem} `not-found`, `standing-over`, `not-covered`, `evidence-broken`, `busy`, `unavailable`
 */
export async function checkUse(parts: ChangeParts, ask: UseAsk & Under): Promise<void> {
  const { under, agent } = ask.submission
  const known = standingsOf(parts.ledger)
  const remembered = known.get(under)
  if (remembered?.agent.id === agent.id && isGranted(remembered, ask, parts.clock.now())) return
  const found = await parts.ledger.find(under)
  if (found?.agent.id !== agent.id) throw noSuchStanding()
  const standing = await believed(parts, found)
  remember(known, under, standing, mostRemembered)
  judgeUse(standing, ask, parts.clock.now())
}

interface Under {
  readonly submission: { readonly under: RequestId }
}

function isGranted(standing: ApprovalRequest, ask: UseAsk, at: Instant): boolean {
  try {
    judgeUse(standing, ask, at)
    return true
  } catch (cause) {
    if (cause instanceof Problem) return false
    throw cause
  }
}

/** The standing approvals that a process remembers; the oldest give way. */
const mostRemembered = 1_000

const standings = new WeakMap<Ledger, Map<RequestId, ApprovalRequest>>()

function standingsOf(ledger: Ledger): Map<RequestId, ApprovalRequest> {
  const found = standings.get(ledger) ?? new Map<RequestId, ApprovalRequest>()
  standings.set(ledger, found)
  return found
}

/** @throws {Problem} `standing-over`, `not-covered` */
function judgeUse(standing: ApprovalRequest, { submission, isCooling }: UseAsk, at: Instant): JudgedUse {
  const { id, agent, action, judgement } = submission
  const { request: born, events } = open({ ...submission, at })
  const [requested] = events
  if (requested?.type !== 'requested') throw new TypeError('An ask is recorded first.')
  const step = use(standing, { id, agent: agent.id, data: requested.data, at })
  if (judgement.outcome === 'approve' && !judgement.session)
    throw uncovered('', 'a rule that matches lets nobody approve it in advance')
  checkScope(standing, action)
  if (isCooling) throw uncovered('', 'this action was denied a moment ago')
  return { requested, born, step }
}

/** Refuses an action outside the scope that the approvers saw. The order is that of docs/policy/standing.md. */
function checkScope({ action: sample }: ApprovalRequest, action: Submission['action']): void {
  const outside = sample?.standing ? beyond(sample, sample.standing.vary, action) : '/action'
  if (outside !== null) throw uncovered(outside, 'it differs in another way than the approvers allowed')
}

const noSuchStanding = (): Problem =>
  new Problem('not-found', '/under: there is no such standing approval of this agent.', { pointer: '/under' })
