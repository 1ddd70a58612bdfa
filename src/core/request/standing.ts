import type { Digest, ObjectId, RequestId } from '../data/id.ts'
import { earlier, type Instant, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import type { Draft, Requested } from './event.ts'
import { type ApprovalRequest, endStanding, isStanding, overdue, type Step } from './request.ts'
import { fills, overlap } from './requirement.ts'
import { countedVotes } from './voteVoid.ts'

/** A request that is to be a use of a standing approval. */
export interface UseInput {
  readonly id: RequestId
  readonly agent: ObjectId
  readonly data: Requested
  readonly at: Instant
}

/** What a use makes of both requests. */
export interface UseStep {
  /** The standing approval. */
  readonly standing: ApprovalRequest
  /** Of both requests, in the order in which they are recorded behind the ask: `used`, `ended` if it was the last, `approved`. */
  readonly events: readonly Draft[]
  readonly use: number
  readonly lapsesAt: Instant
}

/**
 * Takes a use of a standing approval for an action that policy would have people decide.
 *
 * Its people are not asked again: those who approved, by what was recorded of them then, have to suffice for this action.
 * Whether the action lies in the scope is for the caller, since the log has the digest of an action alone.
 *
 * @throws {Problem} `standing-over`, `not-covered`
 */
export function use(standing: ApprovalRequest, input: UseInput): UseStep {
  const { id, data, at } = input
  checkSameAsker(standing, input)
  checkUsable(standing, at)
  checkPeople(standing, data)
  const { request, events } = takeUse(standing, { request: id, digest: data.digest, at })
  const number = (standing.standing?.used ?? 0) + 1
  const lapsesAt = earlier(plusSeconds(at, data.lapse ?? 0), standing.lapsesAt)
  const approved: Draft = {
    type: 'approved',
    actor: { kind: 'policy' },
    request: id,
    data: { by: 'standing', lapsesAt, standing: standing.id, use: number },
  }
  return { standing: request, events: [...events, approved], use: number, lapsesAt }
}

/** An approved standing approval. */
type Usable = ApprovalRequest & { readonly status: 'approved' }

/** @throws {Problem} `standing-over` unless it is approved, in time, and has uses left */
function checkUsable(standing: ApprovalRequest, at: Instant): asserts standing is Usable {
  if (!isStanding(standing)) throw new Problem('standing-over', 'This request is no standing approval.')
  if (standing.status !== 'approved') throw over(standing.status === 'pending' ? 'not approved yet' : standing.status)
  if (overdue(standing, at)) throw over('ended')
}

const over = (how: string): Problem =>
  new Problem('standing-over', `This standing approval is ${how}: ask for the action itself, or for a new one.`)

/** A use is asked for by the same agent, for the same executor and principal. */
function checkSameAsker(standing: ApprovalRequest, { agent, data }: Pick<UseInput, 'agent' | 'data'>): void {
  const { executor, onBehalfOf } = data
  if (standing.agent.id !== agent) throw uncovered('', 'it is another agent’s')
  if (standing.executor !== executor) throw uncovered('/executor', 'it is for another executor')
  if (standing.onBehalfOf !== onBehalfOf) throw uncovered('/onBehalfOf', 'it is on behalf of somebody else')
}

/**
 * The same policy has to want people for the use. Those who approved the standing approval, through doors that may approve
 * the use, have to suffice, and none of them may be excluded.
 */
function checkPeople(
  standing: ApprovalRequest,
  { policy, tier, excluded = [], requirement = [], via }: Requested,
): void {
  if (policy.version !== standing.policy.version) throw uncovered('', 'the policy has changed since it was asked for')
  if (policy.outcome !== 'approve') throw uncovered('', 'policy leaves nothing to approve')
  if (tier === 'high') throw uncovered('', 'each action of tier high is asked for')
  const votes = countedVotes(standing).filter((vote) => !via || via.includes(vote.via))
  const people = votes.map(({ facts }) => facts)
  if (people.some(({ accounts }) => overlap(accounts, excluded)))
    throw uncovered('', 'somebody who approved it may not approve this action')
  if (!fills(requirement, people)) throw uncovered('', 'those who approved it do not suffice for this action')
}

/** Says that a standing approval does not cover an action. @param pointer to what of the action differs */
export const uncovered = (pointer: string, why: string): Problem =>
  new Problem(
    'not-covered',
    `${pointer === '' ? '' : `${pointer}: `}the standing approval does not cover this, since ${why}. Ask for the action itself.`,
    pointer === '' ? {} : { pointer },
  )

/** Counts a use, which its own events alone tell. */
export function takeUse(
  standing: ApprovalRequest,
  { request, digest, at }: { readonly request: RequestId; readonly digest: Digest; readonly at: Instant },
): Step {
  checkUsable(standing, at)
  const { uses, used } = standing.standing ?? { uses: 0, used: 0 }
  const number = used + 1
  const after = { ...standing, standing: { uses, used: number, usedAt: at } }
  const taken: Draft = {
    type: 'used',
    actor: { kind: 'agent', id: standing.agent.id },
    request: standing.id,
    data: { digest, request, use: number },
  }
  if (number < uses) return { request: after, events: [taken] }
  const last = endStanding(after, 'uses', at)
  return { request: last.request, events: [taken, ...last.events] }
}

/** The standing approval of a use, as far as its own events tell: `approved` says which use it is, and until when. */
export function approvedByStanding(
  request: ApprovalRequest,
  input: { readonly standing: RequestId; readonly use: number; readonly lapsesAt: Instant; readonly at: Instant },
): Step {
  const { standing, use: number, lapsesAt, at } = input
  if (request.status !== 'pending' || request.under !== standing || at !== request.createdAt)
    throw new Problem('not-pending', 'Only a use is approved by its standing approval, with the ask itself.')
  if (lapsesAt > plusSeconds(at, request.lapse ?? 0) || lapsesAt <= at)
    throw new Problem('not-pending', 'A use lapses when its rules say, or before.')
  const data = { by: 'standing', lapsesAt, standing, use: number } as const
  return {
    request: { ...request, status: 'approved', approvedAt: at, lapsesAt, use: number },
    events: [{ type: 'approved', actor: { kind: 'policy' }, request: request.id, data }],
  }
}

/** Whether what was granted under a standing approval still counts: it was not taken back. */
export const stands = ({ status }: ApprovalRequest): boolean => status === 'approved' || status === 'ended'

/** @throws {Problem} `not-redeemable` for a use whose standing approval was taken back */
export function checkStands(standing: ApprovalRequest): void {
  if (!stands(standing))
    throw new Problem('not-redeemable', `The standing approval that this is a use of is ${standing.status}.`)
}
