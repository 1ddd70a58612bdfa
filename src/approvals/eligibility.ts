import type { ObjectId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import { excludedFrom } from '../core/policy/people.ts'
import { type ApprovalRequest, type Decision, decidingGroups } from '../core/request/request.ts'
import { actingFor, type Delegation } from '../core/request/deputy.ts'
import { type Facts, overlap, type Slot, type StandIn } from '../core/request/requirement.ts'
import type { VoterStanding } from '../core/request/voteVoid.ts'
import type { Directory } from '../ports/directory.ts'
import type { Clock } from '../ports/clock.ts'
import type { AgentRegistration, ApproverGroup, Policy } from '../ports/policy.ts'

export interface PeopleParts {
  readonly policy: Policy
  readonly directory: Directory
  /** Who is away, in whose time others act. Absent: nobody is. */
  readonly delegations?: { readonly to: (deputies: readonly ObjectId[]) => Promise<readonly Delegation[]> }
}

/** A person of the tenant. Groups are left out: which of them matter depends on a request. */
export interface Known extends Omit<Facts, 'groups'> {
  readonly id: ObjectId
  readonly name: string
}

/**
 * Looks a person up in the roster and the directory.
 *
 * @returns `null` if the id is not a person of the tenant, but an agent for example
 * @throws {Problem} `unavailable` when the directory cannot be asked
 */
export async function known({ policy, directory }: PeopleParts, id: ObjectId): Promise<Known | null> {
  const person = await directory.person(id)
  if (!person) return null
  const { name, member, enabled, asOf } = person
  return { id, name, member, enabled, asOf, accounts: policy.accounts(id) }
}

/**
 * The facts that an act of a person rests on. Only the groups that it requires are read, so that a failure to read another
 * group does not stop it.
 *
 * @throws {Problem} `unavailable` when the directory cannot be asked about one of them
 */
export async function factsIn(
  parts: PeopleParts,
  { id, accounts, member, enabled, asOf }: Known,
  required: readonly string[],
): Promise<Facts> {
  return { accounts, groups: await groupsAmong(parts, id, required), member, enabled, asOf }
}

/** A member who is away, with the name that the directory has for them. */
export interface NamedAway extends StandIn {
  readonly name: string
}

/**
 * Finds the members who are away and whose deputy the person is in one of the required groups. A deputy's own membership does
 * not matter here, and nobody is the deputy of a deputy: only groups that the member is in themself are passed on.
 *
 * @throws {Problem} `unavailable` when the directory or the storage cannot be asked
 */
export async function awaysOf(
  parts: PeopleParts,
  { accounts }: Pick<Known, 'accounts'>,
  required: readonly string[],
): Promise<readonly NamedAway[]> {
  const { policy, directory, delegations } = parts
  const named = required.filter((name) => overlap(policy.group(name)?.deputies ?? [], accounts))
  if (named.length === 0 || !delegations) return []
  const found = (await delegations.to(accounts)).map(async ({ member, ...away }): Promise<readonly NamedAway[]> => {
    const person = await directory.person(member)
    const theirs = policy.accounts(member)
    if (!person?.member || !person.enabled || overlap(theirs, accounts)) return []
    const groups = await groupsAmong(
      parts,
      member,
      named.filter((name) => away.groups.includes(name)),
    )
    const { event, until } = away
    return groups.length > 0 ? [{ accounts: theirs, groups, event, until, name: person.name }] : []
  })
  return (await Promise.all(found)).flat()
}

/** The groups of a member for which policy names a deputy, sorted. @throws {Problem} `unavailable` */
export async function deputisedGroups(
  parts: PeopleParts,
  { member, deputy }: { readonly member: ObjectId; readonly deputy: ObjectId },
): Promise<readonly string[]> {
  const deputies = parts.policy.accounts(deputy)
  const named = parts.policy.groups().filter((group) => overlap(group.deputies ?? [], deputies))
  return groupsAmong(
    parts,
    member,
    named.map(({ name }) => name),
  )
}

/** Those of the groups that a person is in, sorted. */
async function groupsAmong(
  { policy, directory }: PeopleParts,
  id: ObjectId,
  names: readonly string[],
): Promise<readonly string[]> {
  const found = names.map(async (name) => {
    const group = policy.group(name)
    return group && (await isIn(directory, group, id)) ? [name] : []
  })
  return (await Promise.all(found)).flat().sort()
}

/** Reads the facts that decide whether a person's earlier vote still counts. @throws {Problem} `unavailable` */
async function standingOf(
  parts: PeopleParts & { readonly clock: Clock },
  { approver, facts: voted }: Decision,
  request: ApprovalRequest,
): Promise<VoterStanding> {
  const person = await known(parts, approver)
  const facts = person
    ? await standsStill(parts, person, voted, request)
    : { accounts: parts.policy.accounts(approver), groups: [], member: false, enabled: false, asOf: parts.clock.now() }
  return { facts, excluded: overlap(facts.accounts, excludedBy(parts.policy, request)) }
}

/** What is known now of who voted; of a deputy with the member whom they voted for, while that member is away. */
async function standsStill(parts: PeopleParts, person: Known, voted: Facts, request: ApprovalRequest): Promise<Facts> {
  const groups = decidingGroups(request)
  const own = await factsIn(parts, person, groups)
  if (!voted.for) return own
  const away = (await awaysOf(parts, person, groups)).find(({ event }) => event === voted.for?.event)
  return away ? actingFor(own, away) : own
}

/** Reads that of several voters, by the account that voted. @throws {Problem} `unavailable` */
export async function standingsOf(
  parts: PeopleParts & { readonly clock: Clock },
  votes: readonly Decision[],
  request: ApprovalRequest,
): Promise<ReadonlyMap<ObjectId, VoterStanding>> {
  const standings = votes.map(async (vote) => [vote.approver, await standingOf(parts, vote, request)] as const)
  return new Map(await Promise.all(standings))
}

/** Accounts that may not approve a request: those excluded when it was made, and those that policy excludes now. */
export function excludedBy(
  policy: Policy,
  { agent, executor, onBehalfOf, requirement }: ApprovalRequest,
): readonly ObjectId[] {
  const agents = [agent.id, executor].flatMap((id) => policy.agent(id) ?? [])
  return [...(requirement?.excluded ?? []), ...excludedFrom(policy, agents, onBehalfOf)]
}

/**
 * Finds the display name of the first owner of an agent whose account is enabled, or else of the first such sponsor.
 *
 * The name is for display and decides nothing: a directory that cannot be asked about these people stops no request.
 *
 * @returns `undefined` if the directory has no such person, or cannot be asked
 */
export async function ownerNameOf(
  { directory }: Pick<PeopleParts, 'directory'>,
  { owners, sponsors }: Pick<AgentRegistration, 'owners' | 'sponsors'>,
): Promise<string | undefined> {
  const firstOf = async (ids: readonly ObjectId[]): Promise<string | undefined> => {
    const people = await Promise.all(ids.map((id) => directory.person(id)))
    return people.find((person) => person?.enabled === true && person.name.trim() !== '')?.name
  }
  try {
    return (await firstOf(owners)) ?? (await firstOf(sponsors))
  } catch (cause) {
    if (cause instanceof Problem && cause.code === 'unavailable') return undefined
    throw cause
  }
}

/** The channels that see a request: those of all groups that decide it, each once. */
export function channelsOf(policy: Pick<Policy, 'group'>, slots: readonly Slot[] = []): readonly string[] {
  const groups = slots.flatMap((slot) => slot.groups)
  return [...new Set(groups.flatMap((name) => policy.group(name)?.channels ?? []))].sort()
}

/** A slot from which the agent's own word takes a person who could otherwise approve. */
export interface WeakenedSlot extends Slot {
  /** How many people who may approve it leaves. Not counted beyond one more than the quorum. */
  readonly left: number
}

/**
 * Finds the slots from which the agent's own word takes people who could otherwise approve.
 *
 * @param byWord the accounts among the excluded ones that only the agent's own word excludes
 * @throws {Problem} `unavailable` when the directory cannot be asked
 */
export async function weakened(
  parts: PeopleParts,
  slots: readonly Slot[],
  { excluded, byWord }: { readonly excluded: readonly ObjectId[]; readonly byWord: readonly ObjectId[] },
): Promise<readonly WeakenedSlot[]> {
  if (byWord.length === 0) return []
  const found = slots.map(async (slot): Promise<readonly WeakenedSlot[]> => {
    const members = await inGroups(parts, slot.groups)
    const taken = members.filter((id) => byWord.includes(id))
    const isWeaker = (await Promise.all(taken.map((id) => isMember(parts.directory, id)))).includes(true)
    return isWeaker ? [{ ...slot, left: await countPeople(parts, members, excluded, slot.quorum + 1) }] : []
  })
  return (await Promise.all(found)).flat()
}

/** Who keeps a person from approving a request, as it was recorded: the agent's own word alone, or policy. */
export function excluderOf({ requirement }: ApprovalRequest, approver: ObjectId): 'agent' | 'policy' | null {
  if (overlap(requirement?.excludedByAgent ?? [], [approver])) return 'agent'
  return overlap(requirement?.excluded ?? [], [approver]) ? 'policy' : null
}

/** Counts the people who may fill a slot, but not beyond `most`. @throws {Problem} `unavailable` */
export async function countEligible(
  parts: PeopleParts,
  { groups }: Slot,
  excluded: readonly ObjectId[],
  most: number,
): Promise<number> {
  return countPeople(parts, await inGroups(parts, groups), excluded, most)
}

/** Whether a person belongs to any group of approvers. @throws {Problem} `unavailable` when the directory cannot be asked */
export async function isApprover({ policy, directory }: PeopleParts, id: ObjectId): Promise<boolean> {
  for (const group of policy.groups()) if (await isIn(directory, group, id)) return true
  return false
}

/**
 * The display names that the directory has for people, by object id. A person whom it does not have, or cannot be asked
 * about, is left out: the names are for display and decide nothing.
 */
export async function namesOf(
  { directory }: Pick<PeopleParts, 'directory'>,
  ids: readonly ObjectId[],
): Promise<ReadonlyMap<ObjectId, string>> {
  const found = ids.map(async (id): Promise<readonly (readonly [ObjectId, string])[]> => {
    try {
      const name = (await directory.person(id))?.name ?? ''
      return name.trim() === '' ? [] : [[id, name]]
    } catch (cause) {
      if (cause instanceof Problem && cause.code === 'unavailable') return []
      throw cause
    }
  })
  return new Map((await Promise.all(found)).flat())
}

/**
 * Names all groups of approvers that a person belongs to; none for guests and disabled accounts, who decide nothing.
 *
 * @throws {Problem} `unavailable` when the directory cannot be asked
 */
export async function groupsOf(parts: PeopleParts, id: ObjectId): Promise<readonly string[]> {
  const { policy, directory } = parts
  if (!(await isMember(directory, id))) return []
  const names = policy.groups().map(async (group) => ((await isIn(directory, group, id)) ? [group.name] : []))
  return (await Promise.all(names)).flat()
}

/** Counts the people with these accounts who may approve, but not beyond `most`. */
async function countPeople(
  { policy, directory }: PeopleParts,
  ids: readonly ObjectId[],
  excluded: readonly ObjectId[],
  most: number,
): Promise<number> {
  const people = new Set<ObjectId>()
  for (const id of ids) {
    const accounts = policy.accounts(id)
    if (overlap(accounts, excluded) || !(await isMember(directory, id))) continue
    people.add(accounts[0] ?? id)
    if (people.size === most) break
  }
  return people.size
}

/** Whether an account is enabled and a member's, not a guest's. */
export async function isMember(directory: Directory, id: ObjectId): Promise<boolean> {
  const person = await directory.person(id)
  return person?.member === true && person.enabled
}

async function inGroups({ policy, directory }: PeopleParts, names: readonly string[]): Promise<readonly ObjectId[]> {
  const groups = names.flatMap((name) => policy.group(name) ?? [])
  const members = await Promise.all(groups.map((group) => membersOf(directory, group)))
  return [...new Set(members.flat())]
}

export async function membersOf(
  directory: Pick<Directory, 'members'>,
  { members, entraGroup }: ApproverGroup,
): Promise<readonly ObjectId[]> {
  return entraGroup === undefined ? members : [...new Set([...members, ...(await directory.members(entraGroup))])]
}

async function isIn(directory: Directory, { members, entraGroup }: ApproverGroup, id: ObjectId): Promise<boolean> {
  if (members.includes(id)) return true
  return entraGroup !== undefined && (await directory.members(entraGroup)).includes(id)
}
