import type { Draft, Sight, Verdict } from './event.ts'
import type { Digest, Hex, ObjectId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import { changed, type Writable } from '../data/changed.ts'
import { saysNothing } from '../data/text.ts'
import {
  type ApprovalRequest,
  closed,
  contentOf,
  currentVotes,
  type Decision,
  hasLaterContent,
  saidIn,
  type Step,
} from './request.ts'
import { checkStandIn } from './deputy.ts'
import { type Facts, fills, overlap } from './requirement.ts'
import { viewOf } from './view.ts'
import { completes, countedVotes, lookAgain, type VoterStanding } from './voteVoid.ts'

/**
 * What a person saw before an act, and the door that the act came through: see {@link Sight}. Either a view that they were
 * shown, or the action's digest, and beside it `content` once that is not the request's own any more.
 */
export type Seen = {
  readonly via: string
  readonly client?: ObjectId
  readonly proved?: string
} & ({ readonly digest: Digest; readonly content?: Hex } | { readonly view: Digest })

/** One approver's approve or deny. `seen` is the digest or view that it rests on. */
export interface DecisionInput {
  readonly approver: ObjectId
  /** For display; an event commits to it. */
  readonly name: string
  /** Of a deputy, the name of the member who is away; as `name`. */
  readonly member?: string
  readonly verdict: Verdict
  readonly reason?: string
  readonly seen: Seen
  /** What the approver typed to confirm a request of tier `high`. */
  readonly confirm?: string
  readonly facts: Facts
  /** Accounts that policy keeps from approving now, in addition to those in the request. Unknown to a replay. */
  readonly excluded?: readonly ObjectId[]
  /**
   * What is known now of those whose votes count already, by the account that voted. Needed of all of them where the
   * vote completes. Unknown to a replay, where an event says which votes were void.
   */
  readonly others?: ReadonlyMap<ObjectId, VoterStanding>
  readonly at: Instant
}

/**
 * Counts one approver's decision.
 *
 * One denial closes the request. Approvals approve it once they can be matched to all slots. The vote that completes
 * the approval looks again at all the others, and voids those that no longer count: a person may have left since.
 * The same decision again changes nothing and records nothing, so callers may retry.
 *
 * @throws {Problem} `not-pending` after the request closed or its deadline passed.
 * @throws {Problem} `not-permitted` unless the account is an eligible approver, `self-approval` for an approval by an
 *   account that is excluded.
 * @throws {Problem} `not-permitted` for an approval through a door that policy does not name.
 * @throws {Problem} `already-decided` when another account of the same person already voted.
 * @throws {Problem} `digest-mismatch` for another action, or a view that was not shown to this approver.
 * @throws {Problem} `invalid-input` for a denial without reason, or a wrong confirmation.
 */
export function decide(request: ApprovalRequest, input: DecisionInput): Step {
  if (isRepeated(request, input)) return { request, events: [] }
  checkPending(request, input.at)
  checkMayDecide(request, input.facts, input)
  checkStandIn(input.facts, input.at)
  if (input.verdict === 'approve') checkDoor(request, input.seen.via)
  checkSeat(request, input)
  checkSeen(request, input, { whole: input.verdict === 'approve' })
  checkWords(request, input)

  const { approver, verdict, facts, at, seen } = input
  const decision: Decision = { approver, verdict, facts, at, via: seen.via }
  const { request: looked, events: voids } = lookAgain(request, votesToCheck(request, input), input)
  const voted = changed(request, { decisions: looked.decisions.concat(decision) })
  const actor = { kind: 'person', id: approver } as const
  const decided = decidedBy(request, input)
  if (verdict === 'deny') {
    const denied: Draft = { type: 'denied', actor, request: request.id, data: { by: 'denial' } }
    return { request: closed(voted, 'denied', actor, at), events: [decided, denied] }
  }
  if (!fills(request.requirement.slots, approvalsOf(voted))) return { request: voted, events: voids.concat(decided) }
  const lapsesAt = lapseOf(request, at)
  const approved: Draft = { type: 'approved', actor, request: request.id, data: { by: 'quorum', lapsesAt } }
  const completed = changed(voted, { status: 'approved' as const, approvedAt: at, lapsesAt })
  return { request: completed, events: voids.concat(decided, approved) }
}

/** Refuses a second vote of a seat: of another account of the person, of their deputy, or of whom they are the deputy. */
function checkSeat(request: ApprovalRequest, { approver, facts }: DecisionInput): void {
  const others = currentVotes(request).filter((vote) => vote.approver !== approver)
  const taken = others.find((vote) => overlap(vote.facts.accounts, facts.accounts))
  if (!taken) return
  const isOwn = facts.for === undefined && taken.facts.for === undefined
  throw new Problem(
    'already-decided',
    isOwn
      ? 'You have already decided with another account.'
      : 'A deputy and the member who is away have one vote, and it was given already.',
  )
}

/** A request that people decide on. */
type Pending = ApprovalRequest & { readonly status: 'pending' }

/** @throws {Problem} `not-pending` after the request closed or its deadline passed */
export function checkPending(request: ApprovalRequest, at: Instant): asserts request is Pending {
  if (request.status !== 'pending') throw new Problem('not-pending', `This request is already ${request.status}.`)
  if (at >= request.requirement.expiresAt) throw new Problem('not-pending', 'This request has expired.')
}

/** What a person wants to do: to approve, or to stop the request, which a denial and a revocation do. */
export interface Act {
  readonly verdict: Verdict
  /** Accounts that policy keeps from approving now, in addition to those in the request. */
  readonly excluded?: readonly ObjectId[]
}

/**
 * Refuses a person who may not decide. This is the core's only such check, and it uses recorded facts alone.
 *
 * An exclusion forbids approving alone. If it forbade denying too, an agent could silence a person by naming them.
 *
 * @throws {Problem} `not-permitted`, `self-approval`
 */
export function checkMayDecide(request: ApprovalRequest, facts: Facts, act: Act): void {
  if (!request.requirement?.slots.some((slot) => overlap(slot.groups, facts.groups)))
    throw new Problem('not-permitted', 'You are in none of the groups that decide this request.')
  checkPerson(request, facts, act)
}

/**
 * Refuses a person who may not act on a request, whatever group lets them.
 *
 * @throws {Problem} `not-permitted`, `self-approval`
 */
export function checkPerson(
  { requirement, agent, executor }: ApprovalRequest,
  facts: Facts,
  { verdict, excluded = [] }: Act,
): void {
  if (overlap([agent.id, executor], facts.accounts))
    throw new Problem('self-approval', 'The account of an agent decides nothing.')
  const isExcluded = overlap(requirement?.excluded ?? [], facts.accounts) || overlap(excluded, facts.accounts)
  if (verdict === 'approve' && isExcluded)
    throw new Problem(
      'self-approval',
      'You cannot approve what your own agent asked for, or what is asked for you. You can deny or revoke it.',
    )
  if (!facts.member)
    throw new Problem(
      'not-permitted',
      'Guests do not decide, nor does an account without a user type in the directory.',
    )
  if (!facts.enabled) throw new Problem('not-permitted', 'This account is disabled.')
}

/**
 * Refuses an approval through a door that may not approve the request. A denial counts through every door, since it only
 * prevents something.
 *
 * @param via the name of the door
 * @throws {Problem} `not-permitted` that names the doors which may
 */
export function checkDoor(request: ApprovalRequest, via: string): void {
  const doors = doorsBeside(request, via)
  if (doors) throw new Problem('not-permitted', `This request is approved only via ${doors.join(' or ')}.`)
}

/**
 * Doors at which people sign in to another service than the tenant's. What needs the tenant's own word is not done there:
 * nothing of tier `high` is approved, and no glass is broken.
 */
const foreignDoors: readonly string[] = ['slack']

export const isForeignDoor = (via: string): boolean => foreignDoors.includes(via)

/** The doors that people are sent to where policy names none. */
const homeDoors: readonly string[] = ['teams', 'console']

/** The doors that may approve a request which this door may not; `null` if this door may. */
export function doorsBeside({ requirement }: ApprovalRequest, via: string): readonly string[] | null {
  const doors = requirement?.via
  if (requirement?.tier === 'high' && isForeignDoor(via))
    return (doors ?? homeDoors).filter((one) => !isForeignDoor(one))
  return doors && !doors.includes(via) ? doors : null
}

/** The facts behind all approvals that count. */
export const approvalsOf = (request: ApprovalRequest): readonly Facts[] =>
  countedVotes(request).map(({ facts }) => facts)

/** The votes that a vote looks at again: those that it would complete the approval with. */
export const votesToCheck = (
  request: ApprovalRequest,
  { verdict, facts }: Pick<DecisionInput, 'verdict' | 'facts'>,
): readonly Decision[] => (verdict === 'approve' && completes(request, facts) ? countedVotes(request) : [])

/** Records, once per approver, view and page, that an approver was shown a page, as long as a vote could rest on it. */
export function show(
  request: ApprovalRequest,
  page: {
    readonly approver: ObjectId
    readonly template: Hex
    readonly page: number
    readonly pages: number
  },
): Step {
  const { approver, template } = page
  const content = contentOf(request)
  if (content === null || (request.status !== 'pending' && request.status !== 'approved'))
    return { request, events: [] }
  const view = viewOf(request, template)
  if (view === null || request.shown.some((s) => s.approver === approver && s.view === view && s.page === page.page))
    return { request, events: [] }
  const { page: number, pages } = page
  const actor = { kind: 'person', id: approver } as const
  return {
    request: changed(request, { shown: request.shown.concat({ approver, view, content, page: number, pages }) }),
    events: [{ type: 'shown', actor, request: request.id, data: { view, content, page: number, pages, template } }],
  }
}

/** Whether a decision repeats the approver's earlier one. A new note on a repeated approval does not count as new. */
function isRepeated(request: ApprovalRequest, { approver, verdict, reason, seen }: DecisionInput): boolean {
  const earlier = currentVotes(request).findLast((decision) => decision.approver === approver)
  if (earlier?.verdict !== verdict) return false
  if ('digest' in seen && seen.digest !== request.digest) return false
  return verdict === 'approve' || saidIn(request, 'decided', 'reason') === reason
}

/**
 * Refuses an act that does not rest on the request as it is now.
 *
 * @param whole whether every page must have been shown, or one is enough
 * @throws {Problem} `digest-mismatch`
 */
export function checkSeen(
  request: ApprovalRequest,
  { approver, seen }: { readonly approver: ObjectId; readonly seen: Seen },
  { whole }: { readonly whole: boolean },
): void {
  if ('digest' in seen) {
    if (seen.digest !== request.digest) throw mismatch('digest', 'The digest is not that of this request.')
    if (seen.content === undefined && hasLaterContent(request))
      throw mismatch('content', 'More was added to what was asked: send the request’s “content”, too, which names it.')
    if (seen.content !== undefined && seen.content !== contentOf(request))
      throw mismatch('content', 'The request says more by now: read it again, and send its “content”.')
    return
  }
  const shown = request.shown.filter(
    (s) => s.approver === approver && s.view === seen.view && s.content === contentOf(request),
  )
  const pages = new Set(shown.map((s) => s.page)).size
  if (pages < (whole ? (shown[0]?.pages ?? 1) : 1))
    throw mismatch('view', 'You have not been shown all of this request as it is now.')
}

const mismatch = (member: 'digest' | 'content' | 'view', what: string): Problem =>
  new Problem('digest-mismatch', what, { pointer: `/${member}` })

function checkWords(request: ApprovalRequest, { verdict, reason, confirm }: DecisionInput): void {
  if (verdict === 'deny') checkText(reason, 'reason', 'a denial needs a reason')
  else if (request.requirement?.tier === 'high') checkConfirmed(request, confirm)
}

/** @throws {Problem} `invalid-input` for a text that says nothing */
export function checkText(text: string | undefined, member: string, rule: string): void {
  if (saysNothing(text ?? '')) throw new Problem('invalid-input', `/${member}: ${rule}.`, { pointer: `/${member}` })
}

/** @throws {Problem} `invalid-input` unless the last part of the target was typed */
export function checkConfirmed(request: ApprovalRequest, confirm: string | undefined): void {
  const last = confirmationOf(request.action?.target ?? '')
  // Keyboards of phones put a space behind a word.
  if (confirm?.trim() !== last.trim())
    throw new Problem('invalid-input', '/confirm: type the last part of the target.', { pointer: '/confirm' })
}

/** The text that an approver types to confirm: the target's last segment that is not empty. */
export const confirmationOf = (target: string): string =>
  target.split('/').findLast((segment) => segment !== '') ?? target

function decidedBy(request: ApprovalRequest, input: DecisionInput): Draft {
  const { approver, name, member, verdict, reason, seen, facts } = input
  return {
    type: 'decided',
    actor: { kind: 'person', id: approver },
    request: request.id,
    data: { verdict, ...sightOf(request, seen), facts },
    said: {
      ...{ name, ...(reason !== undefined && reason !== '' && { reason }) },
      ...(facts.for && member !== undefined && { for: member }),
    },
  }
}

/** What an event records of what a person saw. */
export function sightOf(request: ApprovalRequest, seen: Seen): Sight {
  const content = contentOf(request)
  if (content === null) throw new RangeError('A request that was recorded has the event that asked for it.')
  const { via, client, proved } = seen
  const sight: Writable<Sight> = { via, content }
  if ('view' in seen) sight.view = seen.view
  if (client !== undefined) sight.client = client
  if (proved !== undefined) sight.proved = proved
  return sight
}

/** When an approval of this moment lapses. */
export const lapseOf = (request: ApprovalRequest, at: Instant): Instant => plusSeconds(at, request.lapse ?? 3600)
