import { bounds } from '../data/bound.ts'
import type { ObjectId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import type { GroupRoster } from '../request/event.ts'
import { memberList } from '../request/memberList.ts'
import { type ApprovalRequest, involvedGroups } from '../request/request.ts'
import { ownPart } from '../request/deputy.ts'
import { areOutdated, type Facts, overlap, type StandIn } from '../request/requirement.ts'
import { countedVotes } from '../request/voteVoid.ts'
import { groupsNamedBy } from './annotations.ts'
import { isAmongExcluded } from './people.ts'
import type { PlainPolicy } from './plainPolicy.ts'
import type { PlainGroup, PlainRoster } from './roster.ts'

/** The facts about a person that an event rests on. */
export interface RecordedFacts {
  readonly person: ObjectId
  readonly facts: Facts
  /** The groups that they had to be looked up in. */
  readonly groups: readonly string[]
  /** When the event was committed. */
  readonly at: Instant
}

/**
 * Compares facts about a person with `approvers.json` of the policy that was in force: which accounts are theirs, and in
 * which of the required groups they are. Whom an Entra group has, only the directory knows.
 *
 * @returns what is wrong, in words, or `null`
 */
export function flawInFacts(roster: PlainRoster, { facts, ...recorded }: RecordedFacts): string | null {
  const own = ownPart(facts)
  return flawInOwn(roster, { ...recorded, facts: own }) ?? flawInStandIn(roster, own, facts.for, recorded.groups)
}

/** Compares what is recorded of the member whose deputy acts: who that is, and that `approvers.json` names the deputy. */
function flawInStandIn(
  roster: PlainRoster,
  deputy: Facts,
  standIn: StandIn | undefined,
  groups: readonly string[],
): string | null {
  const [member] = standIn?.accounts ?? []
  if (!standIn || member === undefined) return null
  const accounts = flawInAccounts(roster, member, standIn.accounts)
  if (accounts !== null) return accounts
  for (const name of standIn.groups) {
    const group = roster.groups.get(name)
    if (!groups.includes(name)) return `the group “${name}” is not one that the act requires`
    if (!overlap(group?.deputies ?? [], deputy.accounts))
      return `approvers.json names ${deputy.accounts.join(' and ')} no deputy of the group “${name}”`
    if (group?.isList && !standIn.accounts.some((account) => group.members.has(account)))
      return `${member} is not in the group “${name}” in approvers.json`
  }
  return null
}

function flawInOwn(roster: PlainRoster, { person, facts, groups, at }: RecordedFacts): string | null {
  const accounts = flawInAccounts(roster, person, facts.accounts)
  if (accounts !== null) return accounts
  // A person whom the directory no longer has is in no group.
  const isGone = !facts.member && !facts.enabled && facts.groups.length === 0
  for (const name of isGone ? [] : groups) {
    const group = roster.groups.get(name)
    const isListed = group?.members.has(person) === true
    const isNamed = facts.groups.includes(name)
    if (isListed && !isNamed)
      return `${person} is in the group “${name}” in approvers.json, and the event leaves it out`
    if (isNamed && !isListed && group?.isList !== false)
      return `${person} is not in the group “${name}” in approvers.json`
  }
  const foreign = facts.groups.find((name, i) => !groups.includes(name) || facts.groups.indexOf(name) !== i)
  if (foreign !== undefined) return `the group “${foreign}” is not one that the act requires, or is named twice`
  if (areOutdated(facts, at))
    return `its facts are of ${facts.asOf}, and may be at most ${bounds.facts.oldest} seconds away from ${at}`
  return null
}

/** Compares the accounts that an event gives a person with those that `approvers.json` gives. */
export function flawInAccounts(roster: PlainRoster, person: ObjectId, given: readonly ObjectId[]): string | null {
  const accounts = roster.accounts(person)
  if (accounts.length === given.length && accounts.every((id, i) => id === given[i])) return null
  return `${person} has the accounts [${accounts.join(', ')}] in approvers.json, and the event says [${given.join(', ')}]`
}

/**
 * Finds a person who was shown a request and belongs to none of the groups that decide it or may break the glass. Whom an Entra group has, only
 * the directory knows.
 */
export function flawInSight(roster: PlainRoster, request: ApprovalRequest, person: ObjectId): string | null {
  const groups = involvedGroups(request).map((name) => roster.groups.get(name))
  const accounts = roster.accounts(person)
  const mayBeIn = ({ isList, members, deputies }: PlainGroup): boolean =>
    !isList || members.has(person) || overlap(deputies, accounts)
  if (groups.some((group) => group !== undefined && mayBeIn(group))) return null
  return `${person} is in none of the groups that decide the request`
}

/**
 * Whether a person may not approve a request under this policy: those whom policy excluded when it was made may not, either.
 * Nor may the deputy of somebody who may not.
 */
export function isExcluded(
  roster: PlainRoster,
  { agent, executor, onBehalfOf, requirement }: ApprovalRequest,
  person: ObjectId,
  standIn?: StandIn,
): boolean {
  const agents = [agent.id, executor].flatMap((id) => roster.agents.get(id) ?? [])
  const accounts = [person, ...(standIn?.accounts.slice(0, 1) ?? [])].flatMap((id) => roster.accounts(id))
  return overlap(accounts, requirement?.excluded ?? []) || isAmongExcluded(roster, agents, onBehalfOf, accounts)
}

/**
 * Finds a vote that completed an approval with, and should have been void: the service looks at all votes again under the
 * policy in force when one completes.
 *
 * @param request as it was approved
 * @returns what is wrong, in words, or `null`
 */
export function flawInApproval(roster: PlainRoster, request: ApprovalRequest): string | null {
  const earlier: ObjectId[] = []
  for (const { approver, facts } of countedVotes(request)) {
    const accounts = [approver, ...(facts.for?.accounts.slice(0, 1) ?? [])].flatMap((id) => roster.accounts(id))
    if (isExcluded(roster, request, approver, facts.for)) return `the vote of ${approver} counts, who may not approve`
    if (overlap(accounts, earlier)) return `the votes of ${accounts.join(' and ')} count, which are one person’s`
    const own = ownPart(facts)
    const left = own.groups.find((name) => {
      const group = roster.groups.get(name)
      return group?.isList !== false && group?.members.has(approver) !== true
    })
    if (left !== undefined) return `the vote of ${approver} counts, who is no longer in the group “${left}”`
    const standIn = flawInStandIn(roster, own, facts.for, facts.groups)
    if (standIn !== null) return `the vote of ${approver} counts, but ${standIn}`
    if (facts.for && isOver(request, facts.for))
      return `the vote of ${approver} counts, who was a deputy only until ${facts.for.until}`
    earlier.push(...accounts)
  }
  return null
}

/**
 * Whether a member was back before votes completed the approval. What the service saw of an absence then is as old, at most, as
 * what it knew of the person who completed it.
 */
const isOver = (request: ApprovalRequest, { until }: StandIn): boolean =>
  'approvedAt' in request && plusSeconds(until, bounds.facts.oldest) < request.approvedAt

/**
 * Compares what is recorded of a group with `approvers.json` of the policy that was in force. Whom an Entra group has, only
 * the directory knows; whom the file lists beside it is in the group, too.
 *
 * @returns what is wrong, in words, or `null`
 */
export function flawInRoster({ rules, roster }: PlainPolicy, recorded: GroupRoster): string | null {
  const { group: name, entraGroup, digest, count } = recorded
  const group = roster.groups.get(name)
  const isNamed = [...rules.values()].some(
    ({ terms }) => terms && 'slots' in terms && groupsNamedBy(terms).includes(name),
  )
  if (!group || !isNamed) return `no rule names the group “${name}”`
  if (entraGroup !== group.entraGroup)
    return `approvers.json gives the group “${name}” ${group.entraGroup ? `Entra group ${group.entraGroup}` : 'no Entra group'}`
  const listed = memberList(group.members)
  if (!group.isList)
    return count < listed.count ? `approvers.json alone lists ${listed.count} members of the group “${name}”` : null
  return digest === listed.digest && count === listed.count
    ? null
    : `approvers.json lists ${listed.count} members of the group “${name}”, with the digest ${listed.digest}`
}

/**
 * Finds that somebody answered whom the agent's registration does not let answer.
 *
 * @returns what is wrong, in words, or `null`
 */
export function flawInAnswer(roster: PlainRoster, { agent }: ApprovalRequest, by: 'agent' | 'person'): string | null {
  const answers = roster.agents.get(agent.id)?.answers ?? 'nobody'
  const isRight = answers === 'both' || answers === (by === 'agent' ? 'agent' : 'owners')
  return isRight ? null : `approvers.json lets “${answers}” answer for agent ${agent.id}`
}
