import type { ObjectId } from '../core/data/id.ts'
import { type Candidate, fill, fills, overlap, type Slot } from '../core/request/requirement.ts'
import type { Policy } from '../ports/policy.ts'
import { membersOf, type PeopleParts } from './eligibility.ts'

/** Accounts that may not decide, by the reason. */
export interface Excluded {
  /** Of owners and sponsors of the agent and of the executor. */
  readonly responsible: readonly ObjectId[]
  /** Of the person for whom the agent acts. */
  readonly principal: readonly ObjectId[]
}

/** Why a member of a group may not decide. */
type Cause = 'responsible' | 'principal' | 'guest' | 'disabled' | 'unknown'

const causes: Readonly<Record<Cause, (count: number) => string>> = {
  responsible: (count) => `${count} ${are(count)} excluded, since the agent or its executor is theirs`,
  principal: (count) => `${count} ${are(count)} excluded, since the agent acts for them`,
  guest: (count) => `${count} ${are(count)} a guest of the tenant`,
  disabled: (count) => `${count} ${are(count)} disabled in the directory`,
  unknown: (count) => `${count} ${are(count)} unknown to the directory`,
}

const are = (count: number): string => (count === 1 ? 'is' : 'are')

/** Who may decide, and why others may not, by group. */
interface Census {
  readonly candidates: Map<ObjectId, Candidate>
  readonly refused: Map<string, Map<ObjectId, Cause>>
}

/**
 * Says in words which slots the people who may decide cannot fill, and why; `null` if they can fill all. Each person
 * counts once. Stops asking the directory as soon as they can.
 *
 * The words have the names of groups, which an answer to the agent has anyway, and numbers, but no names of people.
 *
 * @throws {Problem} `unavailable` when the directory cannot be asked
 */
export async function shortageOf(
  parts: PeopleParts,
  slots: readonly Slot[],
  excluded: Excluded,
): Promise<string | null> {
  const census: Census = { candidates: new Map(), refused: new Map() }
  for (const name of new Set(slots.flatMap((slot) => slot.groups))) {
    const group = parts.policy.group(name)
    for (const id of group ? await membersOf(parts.directory, group) : [])
      if ((await counted(parts, name, id, excluded, census)) && fills(slots, [...census.candidates.values()]))
        return null
  }
  return slots.length === 0 ? null : sentences(slots, census, parts.policy)
}

/** Counts a member of a group among those who may decide, or among the others. */
async function counted(
  { policy, directory }: PeopleParts,
  group: string,
  id: ObjectId,
  { responsible, principal }: Excluded,
  { candidates, refused }: Census,
): Promise<boolean> {
  const accounts = policy.accounts(id)
  const key = accounts[0] ?? id
  const refuse = (cause: Cause): false => {
    refused.set(group, (refused.get(group) ?? new Map<ObjectId, Cause>()).set(key, cause))
    return false
  }
  if (overlap(accounts, responsible)) return refuse('responsible')
  if (overlap(accounts, principal)) return refuse('principal')
  const person = await directory.person(id)
  if (!person) return refuse('unknown')
  if (!person.member) return refuse('guest')
  if (!person.enabled) return refuse('disabled')
  candidates.set(key, { accounts, groups: [...(candidates.get(key)?.groups ?? []), group] })
  return true
}

function sentences(slots: readonly Slot[], { candidates, refused }: Census, policy: Pick<Policy, 'group'>): string {
  const people = [...candidates.values()]
  const short = slots.flatMap((slot) => {
    const has = people.filter(({ groups }) => overlap(groups, slot.groups)).length
    return has < slot.quorum ? [shortSlot(slot, has, refused, policy)] : []
  })
  if (short.length > 0) return short.join(' ')
  // Every slot could be filled alone: some people would have to fill two places.
  const have = fill(slots, people)
  const missing = slots.flatMap((slot, i) => ((have[i] ?? 0) < slot.quorum ? [nameOf(slot)] : []))
  const wanted = slots.reduce((sum, { quorum }) => sum + quorum, 0)
  return `All slots together need ${wanted} different people, and each person counts once: ${missing.join(' and ')} cannot be filled.`
}

function shortSlot(slot: Slot, has: number, refused: Census['refused'], policy: Pick<Policy, 'group'>): string {
  const others = new Map(slot.groups.flatMap((name) => [...(refused.get(name) ?? [])]))
  const reasons = (Object.keys(causes) as Cause[]).flatMap((cause) => {
    const count = [...others.values()].filter((one) => one === cause).length
    return count > 0 ? [causes[cause](count)] : []
  })
  const gone = slot.groups.filter((name) => policy.group(name) === null)
  if (gone.length > 0) reasons.push(`the policy has no group ${gone.join(', ')}`)
  if (reasons.length === 0 && has === 0) reasons.push('nobody is in it')
  const head = `${nameOf(slot)} needs ${slot.quorum} ${slot.quorum === 1 ? 'person' : 'people'} and has ${has}`
  return `${head}${reasons.length > 0 ? `: ${reasons.join(', ')}` : ''}.`
}

const nameOf = ({ groups }: Slot): string => groups.join(' or ')
