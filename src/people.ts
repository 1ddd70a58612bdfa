import type { ObjectId } from './core/id.ts'
import type { ApprovalRequest } from './core/request.ts'
import { type Candidate, type Facts, fills, overlap, type Slot } from './core/requirement.ts'
import type { ApproverGroup, Directory, Policy } from './ports.ts'

export interface PeopleParts {
  readonly policy: Policy
  readonly directory: Directory
}

/** A person with every group they are in; a request's facts are cut from it. */
export interface Known extends Facts {
  readonly name: string
}

/**
 * Asks roster and directory about a person.
 *
 * @returns `null` for who is no person of the tenant; an agent is never one
 * @throws {Problem} `unavailable` when the directory cannot be asked
 */
export async function known({ policy, directory }: PeopleParts, id: ObjectId): Promise<Known | null> {
  const [person, memberships] = await Promise.all([
    directory.person(id),
    Promise.all(policy.groups().map(async (group) => ((await isIn(directory, group, id)) ? [group.name] : []))),
  ])
  if (!person) return null
  const { name, member, enabled, asOf } = person
  return { name, member, enabled, asOf, accounts: policy.accounts(id), groups: memberships.flat().sort() }
}

/** The facts that a decision on this request rests on: of the groups, only those it requires. */
export function factsFor({ accounts, groups, member, enabled, asOf }: Known, request: ApprovalRequest): Facts {
  const required = request.requirement?.slots.flatMap((slot) => slot.groups) ?? []
  return { accounts, groups: groups.filter((group) => required.includes(group)), member, enabled, asOf }
}

/** The channels that see a request: those of all groups that decide it, each once. */
export function channelsOf(policy: Pick<Policy, 'group'>, slots: readonly Slot[] = []): readonly string[] {
  const groups = slots.flatMap((slot) => slot.groups)
  return [...new Set(groups.flatMap((name) => policy.group(name)?.channels ?? []))].sort()
}

/** Whether the people who may decide, each counted once, could fill the slots. Stops asking when they can. */
export async function canBeFilled(
  { policy, directory }: PeopleParts,
  slots: readonly Slot[],
  excluded: readonly ObjectId[],
): Promise<boolean> {
  const candidates = new Map<ObjectId, Candidate>()
  for (const name of new Set(slots.flatMap((slot) => slot.groups))) {
    const group = policy.group(name)
    for (const id of group ? await membersOf(directory, group) : []) {
      const accounts = policy.accounts(id)
      if (overlap(accounts, excluded)) continue
      const person = await directory.person(id)
      if (!person?.member || !person.enabled) continue
      const key = accounts[0] ?? id
      candidates.set(key, { accounts, groups: [...(candidates.get(key)?.groups ?? []), name] })
      if (fills(slots, [...candidates.values()])) return true
    }
  }
  return false
}

async function membersOf(directory: Directory, { members, entraGroup }: ApproverGroup): Promise<readonly ObjectId[]> {
  return entraGroup === undefined ? members : [...new Set([...members, ...(await directory.members(entraGroup))])]
}

async function isIn(directory: Directory, { members, entraGroup }: ApproverGroup, id: ObjectId): Promise<boolean> {
  if (members.includes(id)) return true
  return entraGroup !== undefined && (await directory.members(entraGroup)).includes(id)
}
