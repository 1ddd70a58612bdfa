import type { Digest, ObjectId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { AgentRegistration, ApproverGroup, ReadableRule } from '../ports/policy.ts'
import { isApprover, isMember, membersOf, namesOf, type PeopleParts } from './eligibility.ts'

/** The policy in force, as the people whom it concerns read it. */
export interface PolicyView {
  readonly version: Digest
  readonly rules: readonly ReadableRule[]
  readonly groups: readonly PolicyGroup[]
  readonly agents: readonly AgentRegistration[]
  /** Names of the people who answer for agents, by object id, as far as the directory tells them. */
  readonly people: ReadonlyMap<ObjectId, string>
}

interface PolicyGroup extends Pick<ApproverGroup, 'name' | 'entraGroup'> {
  readonly members: readonly GroupMember[]
  /** How many members there are beyond those. */
  readonly more: number
}

/** An account of a group. It may decide if it is a member's and enabled. */
interface GroupMember {
  readonly id: ObjectId
  /** Absent for an account that is not a person's, or that the directory does not have. */
  readonly name?: string
  readonly member: boolean
  readonly enabled: boolean
}

/** The most members of a group that are looked up. */
const mostMembers = 200

/**
 * Reads the policy in force, with the people in its groups.
 *
 * @throws {Problem} `unavailable` when the directory cannot be asked, so that nobody takes a group for smaller than it is
 */
export async function viewPolicy(parts: PeopleParts): Promise<PolicyView> {
  const { policy } = parts
  const agents = policy.agents()
  const responsible = new Set(
    agents.flatMap(({ owners, sponsors, principals = [] }) => [...owners, ...sponsors, ...principals]),
  )
  const [groups, people] = await Promise.all([
    Promise.all(policy.groups().map((group) => groupOf(parts, group))),
    namesOf(parts, [...responsible]),
  ])
  return { version: policy.version, rules: policy.readable(), groups, agents, people }
}

async function groupOf({ directory }: PeopleParts, group: ApproverGroup): Promise<PolicyGroup> {
  const { name, entraGroup } = group
  const ids = await membersOf(directory, group)
  const members = ids.slice(0, mostMembers).map(async (id): Promise<GroupMember> => {
    const person = await directory.person(id)
    return person
      ? { id, name: person.name, member: person.member, enabled: person.enabled }
      : { id, member: false, enabled: false }
  })
  return {
    name,
    members: await Promise.all(members),
    more: Math.max(0, ids.length - mostMembers),
    ...(entraGroup !== undefined && { entraGroup }),
  }
}

/**
 * Lets people in who may know the policy: members of any group of approvers, and readers of evidence.
 *
 * @throws {Problem} `not-permitted` for others, guests and disabled accounts too; `unavailable`
 */
export async function checkMayKnowPolicy(
  parts: PeopleParts,
  { id, evidence }: { readonly id: ObjectId; readonly evidence: boolean },
): Promise<void> {
  if (evidence || ((await isMember(parts.directory, id)) && (await isApprover(parts, id)))) return
  throw new Problem(
    'not-permitted',
    'This is for members of a group of approvers, or needs the app role Evidence.Read.',
  )
}
