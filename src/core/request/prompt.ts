import type { ObjectId } from '../data/id.ts'
import { type Instant, milliseconds, plusSeconds } from '../data/instant.ts'
import { openQuestions } from './conversation.ts'
import { approvalsOf, lapseOf } from './decision.ts'
import type { Draft } from './event.ts'
import type { ApprovalRequest, Step } from './request.ts'
import { fill, fills, type Slot } from './requirement.ts'
import { countedVotes, lookAgain, type VoterStanding } from './voteVoid.ts'

/** A moment at which people are told again of a request that waits for them. It stands in nobody's way. */
export interface Prompt {
  readonly at: Instant
  readonly kind: 'remind' | 'escalate'
}

/**
 * Finds the reminders that fall between an ask and its deadline.
 *
 * @param remind seconds after the ask, or with a negative number before the deadline
 */
export function remindersWithin(remind: readonly number[], from: Instant, deadline: Instant): readonly number[] {
  const life = (milliseconds(deadline) - milliseconds(from)) / 1000
  return remind.filter((seconds) => Math.abs(seconds) < life)
}

/**
 * The next prompt of a request; `null` if it has none. Prompts rest while a question is open, and slots that are filled
 * need nobody else.
 */
export function nextPrompt(request: ApprovalRequest): Prompt | null {
  if (request.status !== 'pending' || openQuestions(request).length > 0) return null
  const prompts = [...remindersOf(request), ...escalationsOf(request)]
  return prompts.reduce<Prompt | null>((first, one) => (first && first.at <= one.at ? first : one), null)
}

/** A reminder is due at the first of its moments after the one before it, so that moments which passed together are one. */
function remindersOf({ createdAt, requirement, reminded }: Pending): readonly Prompt[] {
  const { remind = [], expiresAt } = requirement
  const moments = remind.map((seconds) => plusSeconds(seconds < 0 ? expiresAt : createdAt, seconds))
  const since = reminded?.at ?? createdAt
  return moments.filter((at) => at > since && at < expiresAt).map((at) => ({ at, kind: 'remind' }))
}

function escalationsOf(request: Pending): readonly Prompt[] {
  const { createdAt, requirement } = request
  return unfilled(request).flatMap(({ later }): readonly Prompt[] => {
    const at = later && plusSeconds(createdAt, later.after)
    return at && at < requirement.expiresAt ? [{ at, kind: 'escalate' }] : []
  })
}

type Pending = ApprovalRequest & { readonly status: 'pending' }

/** The slots that the approvals which count do not fill. */
function unfilled(request: Pending): readonly Slot[] {
  const { slots } = request.requirement
  const have = fill(slots, approvalsOf(request))
  return slots.filter(({ quorum }, i) => (have[i] ?? 0) < quorum)
}

/**
 * Lets a prompt that is due take effect: `reminded` or `escalated`. If groups that join make the approvals suffice,
 * `approved` follows. Only the timer does this, so that a vote is never kept from counting by a prompt.
 *
 * @param others what is known now of those whose approvals count, by the account that voted. Needed of all of them where
 *   {@link escalationCompletes}. Unknown to a replay
 * @returns `null` if no prompt is due
 */
export function prompted(
  request: ApprovalRequest,
  at: Instant,
  others?: ReadonlyMap<ObjectId, VoterStanding>,
): Step | null {
  if (!isPromptDue(request, at)) return null
  if (nextPrompt(request)?.kind === 'remind') return remind(request, at)
  const votes = escalationCompletes(request, at) ? countedVotes(request) : []
  const looked = lookAgain(request, votes, { at, ...(others && { others }) })
  const after = escalate(looked.request as Pending, at)
  return { request: after.request, events: [...looked.events, ...after.events] }
}

/** Whether the groups that would join now make the approvals suffice which count. */
export function escalationCompletes(request: ApprovalRequest, at: Instant): boolean {
  if (!isPromptDue(request, at) || nextPrompt(request)?.kind !== 'escalate') return false
  return escalate(request, at).request.status === 'approved'
}

function isPromptDue(request: ApprovalRequest, at: Instant): request is Pending {
  const next = nextPrompt(request)
  return next !== null && request.status === 'pending' && at >= next.at && at < request.requirement.expiresAt
}

const system = { kind: 'system' } as const

function remind(request: Pending, at: Instant): Step {
  const round = (request.reminded?.round ?? 0) + 1
  return {
    request: { ...request, reminded: { round, at } },
    events: [{ type: 'reminded', actor: system, request: request.id, data: { round } }],
  }
}

function escalate(request: Pending, at: Instant): Step {
  const { id, createdAt, requirement, escalated = [] } = request
  const waiting = unfilled(request)
  const joining = new Set<string>()
  const slots = requirement.slots.map((slot): Slot => {
    const { groups, later, quorum } = slot
    if (!later || !waiting.includes(slot) || at < plusSeconds(createdAt, later.after)) return slot
    for (const name of later.groups) joining.add(name)
    return { groups: [...groups, ...later.groups].sort(), quorum }
  })
  const groups = [...joining].sort()
  const after: Pending = {
    ...request,
    requirement: { ...requirement, slots },
    escalated: [...new Set([...escalated, ...groups])].sort(),
  }
  const event: Draft = { type: 'escalated', actor: system, request: id, data: { groups } }
  if (!fills(slots, approvalsOf(after))) return { request: after, events: [event] }
  const lapsesAt = lapseOf(request, at)
  const approved: Draft = { type: 'approved', actor: system, request: id, data: { by: 'quorum', lapsesAt } }
  return { request: { ...after, status: 'approved', approvedAt: at, lapsesAt }, events: [event, approved] }
}
