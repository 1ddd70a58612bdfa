import type { ObjectId } from '../data/id.ts'

/** Knows which accounts are one person's. */
export interface People {
  /** All accounts of the person with this account, sorted. */
  accounts(id: ObjectId): readonly ObjectId[]
}

/** A person of `approvers.json`, as far as it joins accounts. */
export interface JoinedPerson {
  readonly sameAs?: readonly ObjectId[]
}

/** Joins accounts into people: `sameAs` holds in both directions, and over several steps. */
export function joinedAccounts(people: Readonly<Record<ObjectId, JoinedPerson>>): People['accounts'] {
  const persons = new Map<ObjectId, Set<ObjectId>>()
  const personOf = (id: ObjectId): Set<ObjectId> => persons.get(id) ?? new Set([id])
  for (const [id, { sameAs = [] }] of Object.entries(people) as [ObjectId, JoinedPerson][])
    for (const other of sameAs) {
      const person = new Set([...personOf(id), ...personOf(other)])
      for (const account of person) persons.set(account, person)
    }
  const sorted = new Map([...persons].map(([id, person]) => [id, [...person].sort()]))
  return (id) => sorted.get(id) ?? [id]
}

/** Who answers for an agent. */
export interface Responsible {
  readonly owners: readonly ObjectId[]
  readonly sponsors: readonly ObjectId[]
}

/** All accounts of owners and sponsors of these agents, and of the person for whom the request is made, sorted. */
export function excludedFrom(
  people: People,
  agents: readonly Responsible[],
  onBehalfOf: ObjectId | undefined,
): readonly ObjectId[] {
  const named = agents.flatMap(({ owners, sponsors }) => [...owners, ...sponsors])
  if (onBehalfOf !== undefined) named.push(onBehalfOf)
  return [...new Set(named.flatMap((id) => people.accounts(id)))].sort()
}

/** Whether one of a person's accounts is among those of {@link excludedFrom}. */
export const isAmongExcluded = (
  people: People,
  agents: readonly Responsible[],
  onBehalfOf: ObjectId | undefined,
  accounts: readonly ObjectId[],
): boolean => {
  const isTheirs = (id: ObjectId): boolean => people.accounts(id).some((account) => accounts.includes(account))
  if (onBehalfOf !== undefined && isTheirs(onBehalfOf)) return true
  return agents.some(({ owners, sponsors }) => owners.some(isTheirs) || sponsors.some(isTheirs))
}

/**
 * Finds the excluded accounts that only the agent's own word excludes: those of the person that it says it acts for, and
 * of owners and sponsors of an executor that it names. An owner or sponsor of the agent itself is never among them.
 */
export function excludedByWord(people: People, agent: Responsible, excluded: readonly ObjectId[]): readonly ObjectId[] {
  const listed = excludedFrom(people, [agent], undefined)
  return excluded.filter((id) => !listed.includes(id))
}
