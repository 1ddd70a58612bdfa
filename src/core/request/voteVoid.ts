import type { Hex, ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import type { Draft, VoidReason } from './event.ts'
import { type ApprovalRequest, currentVotes, type Decision, type Step } from './request.ts'
import { type Facts, fills, overlap } from './requirement.ts'

/** Facts about a person some time after their vote. */
export interface VoterStanding {
  readonly facts: Facts
  /** Whether the person is now an owner, a sponsor or the principal. */
  readonly excluded: boolean
}

/** The votes to approve that count. */
export const countedVotes = (request: ApprovalRequest): readonly Decision[] =>
  currentVotes(request).filter(({ verdict }) => verdict === 'approve')

/** Whether a vote to approve by a person of these facts fills the slots, together with the votes that count. */
export function completes(request: ApprovalRequest, facts: Facts): boolean {
  if (request.status !== 'pending') return false
  return fills(request.requirement.slots, [...countedVotes(request).map((vote) => vote.facts), facts])
}

/** Finds out why a vote no longer counts; `null` if it counts. */
function voidReasonOf(request: ApprovalRequest, vote: Decision, { facts, excluded }: VoterStanding): VoidReason | null {
  return reasonIn(vote, facts) ?? (excluded ? 'excluded' : isDuplicate(request, vote, facts) ? 'duplicate' : null)
}

/**
 * Records that a vote no longer counts.
 *
 * @param vote the hash of its `decided` event
 * @throws {Problem} `not-pending`; `not-permitted` for a vote that is not counted, or facts that leave it valid
 */
export function voidVote(
  request: ApprovalRequest,
  { vote, why, facts, at }: { readonly vote: Hex; why: VoidReason; facts: Facts; at: Instant },
): Step {
  if (request.status !== 'pending') throw new Problem('not-pending', `This request is already ${request.status}.`)
  const place = request.events.filter(({ type }) => type === 'decided').findIndex(({ hash }) => hash === vote)
  const decision = request.decisions[place]
  if (!decision || !countedVotes(request).includes(decision))
    throw new Problem('not-permitted', 'There is no such vote that counts.')
  if (!facts.accounts.includes(decision.approver))
    throw new Problem('not-permitted', 'The facts are about another person.')
  if (!isReason(why, request, decision, facts)) throw new Problem('not-permitted', 'The facts give another reason.')
  const voided: Draft = {
    type: 'vote-void',
    actor: { kind: 'system' },
    request: request.id,
    data: { vote, why, facts },
  }
  return {
    request: { ...request, decisions: request.decisions.with(place, { ...decision, void: { why, at } }) },
    events: [voided],
  }
}

/**
 * Voids those of the votes that count no longer, before they complete an approval.
 *
 * @param others what is known now of who gave them, by the account that voted. A replay knows nothing of them, and voids
 *   nothing: there, events before this one did it
 */
export function lookAgain(
  request: ApprovalRequest,
  votes: readonly Decision[],
  { others, at }: { readonly others?: ReadonlyMap<ObjectId, VoterStanding>; readonly at: Instant },
): Step {
  let looked: Step = { request, events: [] }
  for (const vote of others ? votes : []) {
    const standing = others?.get(vote.approver)
    if (!standing) throw new RangeError('Votes complete an approval only when all of them were looked at again.')
    const why = voidReasonOf(looked.request, vote, standing)
    if (why === null) continue
    const step = voidVote(looked.request, { vote: hashOfVote(request, vote), why, facts: standing.facts, at })
    looked = { request: step.request, events: [...looked.events, ...step.events] }
  }
  return looked
}

/** The hash of the event that recorded a vote. */
function hashOfVote(request: ApprovalRequest, vote: Decision): Hex {
  const hash = request.events.filter(({ type }) => type === 'decided')[request.decisions.indexOf(vote)]?.hash
  if (hash === undefined) throw new RangeError('A vote that was recorded has its event.')
  return hash
}

function isReason(why: VoidReason, request: ApprovalRequest, vote: Decision, facts: Facts): boolean {
  const inFacts = reasonIn(vote, facts)
  if (inFacts !== null) return why === inFacts
  // Owners and sponsors are not in the facts, but in the policy in force.
  return why === 'excluded' || (why === 'duplicate' && isDuplicate(request, vote, facts))
}

/**
 * Two accounts may be joined into one person after both voted. Then the earlier vote counts, and the later does not. The vote
 * of a deputy is one of the member's accounts, too.
 */
function isDuplicate(request: ApprovalRequest, vote: Decision, facts: Facts): boolean {
  const counted = countedVotes(request)
  return counted.slice(0, counted.indexOf(vote)).some((one) => overlap(one.facts.accounts, facts.accounts))
}

/** A vote was counted for its groups: leaving one of them voids it, and the person may vote again for the others. */
function reasonIn(vote: Decision, facts: Facts): 'left' | 'disabled' | null {
  if (!facts.member || vote.facts.groups.some((group) => !facts.groups.includes(group))) return 'left'
  return facts.enabled ? null : 'disabled'
}
