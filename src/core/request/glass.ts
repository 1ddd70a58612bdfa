import type { ObjectId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import {
  checkConfirmed,
  checkDoor,
  checkMayDecide,
  checkPending,
  checkPerson,
  checkSeen,
  checkText,
  isForeignDoor,
  lapseOf,
  type Seen,
  sightOf,
} from './decision.ts'
import { checkNoDeputy, checkStandIn } from './deputy.ts'
import type { Draft, ReviewFinding } from './event.ts'
import { type ApprovalRequest, saidIn, type Step } from './request.ts'
import { type Facts, overlap } from './requirement.ts'

/** One person approves alone in an emergency. */
export interface GlassInput {
  readonly approver: ObjectId
  /** For display; the event commits to it. */
  readonly name: string
  readonly reason: string
  readonly seen: Seen
  /** What the person typed: the last part of the target. */
  readonly confirm?: string
  readonly facts: Facts
  /** Accounts that policy keeps from approving now, in addition to those in the request. Unknown to a replay. */
  readonly excluded?: readonly ObjectId[]
  readonly at: Instant
}

/** What another person thinks of it afterwards. */
export interface ReviewInput {
  readonly reviewer: ObjectId
  /** For display; the event commits to it. */
  readonly name: string
  readonly finding: ReviewFinding
  readonly reason: string
  /** The application that the person used, for doors with tokens. */
  readonly client?: ObjectId
  readonly facts: Facts
  readonly excluded?: readonly ObjectId[]
  readonly at: Instant
}

/**
 * Refuses a person who may not approve alone: policy names the groups, and whoever may not approve may not do this, either.
 *
 * @throws {Problem} `not-permitted`, `self-approval`
 */
export function checkMayBreak(request: ApprovalRequest, facts: Facts, excluded: readonly ObjectId[] = []): void {
  const groups = request.requirement?.glass?.groups ?? []
  checkNoDeputy(facts)
  if (groups.length === 0)
    throw new Problem('not-permitted', 'Policy lets nobody break the glass for this request: it needs its approvers.')
  if (!overlap(groups, facts.groups))
    throw new Problem('not-permitted', `Only people of ${groups.join(' or ')} may break the glass for this request.`)
  checkPerson(request, facts, { verdict: 'approve', excluded })
}

/**
 * Approves a request alone. Somebody else has to review that within the time that policy gives. The same person again
 * changes nothing while the approval stands.
 *
 * @throws {Problem} `not-pending`, `not-permitted`, `self-approval`, `digest-mismatch`
 * @throws {Problem} `invalid-input` without a reason, or for a wrong confirmation
 */
export function breakGlass(request: ApprovalRequest, input: GlassInput): Step {
  const { approver, name, reason, seen, facts, at } = input
  if (request.status === 'approved' && request.glass?.by === approver) return { request, events: [] }
  checkPending(request, at)
  checkMayBreak(request, facts, input.excluded)
  checkDoor(request, seen.via)
  if (isForeignDoor(seen.via)) throw new Problem('not-permitted', `No glass is broken via ${seen.via}.`)
  checkSeen(request, input, { whole: true })
  checkText(reason, 'reason', 'breaking the glass needs a reason')
  checkConfirmed(request, input.confirm)
  const reviewBy = plusSeconds(at, request.requirement.glass?.review ?? 0)
  const lapsesAt = lapseOf(request, at)
  const actor = { kind: 'person', id: approver } as const
  const broken: Draft = {
    type: 'glass-broken',
    actor,
    request: request.id,
    data: { ...sightOf(request, seen), facts, reviewBy },
    said: { name, reason },
  }
  const approved: Draft = { type: 'approved', actor, request: request.id, data: { by: 'glass', lapsesAt } }
  const glass = { by: approver, accounts: facts.accounts, at, reviewBy }
  return {
    request: { ...request, glass, status: 'approved', approvedAt: at, lapsesAt },
    events: [broken, approved],
  }
}

/**
 * Says afterwards what to think of a broken glass, in whatever status the request is by then. The same finding and reason
 * again change nothing.
 *
 * @throws {Problem} `not-found` where no glass was broken, `already-reviewed`
 * @throws {Problem} `not-permitted`; `self-approval` for the person who broke it; `invalid-input` without a reason
 */
export function review(request: ApprovalRequest, input: ReviewInput): Step {
  const { reviewer, name, finding, reason, client, facts, at } = input
  const { glass } = request
  if (!glass) throw new Problem('not-found', 'Nobody broke the glass for this request.')
  const done = glass.review
  const isSame = done?.by === reviewer && done.finding === finding && saidIn(request, 'reviewed', 'reason') === reason
  if (isSame) return { request, events: [] }
  checkMayDecide(request, facts, { verdict: 'approve', ...(input.excluded && { excluded: input.excluded }) })
  checkStandIn(facts, at)
  if (overlap(glass.accounts, facts.accounts))
    throw new Problem('self-approval', 'Who broke the glass does not review that: another person has to.')
  if (done) throw new Problem('already-reviewed', `This was reviewed already: ${done.finding}.`)
  checkText(reason, 'reason', 'a review needs a reason')
  const reviewed: Draft = {
    type: 'reviewed',
    actor: { kind: 'person', id: reviewer },
    request: request.id,
    data: { finding, ...(client !== undefined && { client }), facts },
    said: { name, reason },
  }
  return { request: { ...request, glass: { ...glass, review: { by: reviewer, at, finding } } }, events: [reviewed] }
}
