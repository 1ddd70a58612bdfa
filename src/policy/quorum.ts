import type { ObjectId } from '../core/data/id.ts'
import { type Candidate, fills, type Slot } from '../core/request/requirement.ts'
import type { ApproverGroup, Policy } from '../ports/policy.ts'

/**
 * Says why slots can never be filled by the people whom `approvers.json` lists; `null` if they can. Slots with an Entra
 * group are left out, because only the directory knows who is in it.
 */
export function unfillable(slots: readonly Slot[], roster: Pick<Policy, 'group' | 'accounts'>): string | null {
  const listed = slots.filter(({ groups }) => groups.every((name) => roster.group(name)?.entraGroup === undefined))
  const groups = [...new Set(listed.flatMap((slot) => slot.groups))].flatMap((name) => roster.group(name) ?? [])
  const people = peopleIn(groups, roster.accounts)
  const short = listed.find((slot) => !fills([slot], people))
  if (short) {
    const has = people.filter((person) => person.groups.some((name) => short.groups.includes(name))).length
    return `${short.groups.join('|')} needs ${counted(short.quorum)} and has ${has} in approvers.json`
  }
  if (fills(listed, people)) return null
  const names = listed.map((slot) => `${slot.groups.join('|')}:${slot.quorum}`).join(', ')
  return `${names} cannot be filled, since each person counts once and approvers.json lists ${counted(people.length)} in all`
}

const counted = (number: number): string => (number === 1 ? '1 person' : `${number} people`)

/** The people in these groups, each once, with all their accounts. */
function peopleIn(
  groups: readonly ApproverGroup[],
  accounts: (id: ObjectId) => readonly ObjectId[],
): readonly Candidate[] {
  const people = new Map<string, { accounts: readonly ObjectId[]; groups: string[] }>()
  for (const { name, members } of groups)
    for (const id of members) {
      const own = accounts(id)
      const person = people.get(own.join()) ?? { accounts: own, groups: [] }
      people.set(own.join(), { ...person, groups: [...new Set([...person.groups, name])] })
    }
  return [...people.values()]
}
