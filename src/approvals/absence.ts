import type { ObjectId } from '../core/data/id.ts'
import type { Delegation } from '../core/request/deputy.ts'
import type { RecallFile } from '../core/record/recallFile.ts'
import { overlap } from '../core/request/requirement.ts'
import type { DelegationOrder, Delegations, RecallOrder } from './delegations.ts'
import { deputisedGroups, isMember, namesOf, type PeopleParts } from './eligibility.ts'
import type { Reader } from './involvement.ts'

export type AbsenceParts = PeopleParts & {
  readonly delegations: Pick<Delegations, 'delegate' | 'recall' | 'to' | 'list'>
}

/** Somebody whom a member may name as their deputy. */
export interface PossibleDeputy {
  readonly id: ObjectId
  /** As the directory has it; the object id where it has none. */
  readonly name: string
  /** The groups of the member in which the deputy may act. */
  readonly groups: readonly string[]
}

/** @throws {Problem} as `delegate` of {@link Delegations} */
export const delegateAs = ({ delegations }: AbsenceParts, order: DelegationOrder): Promise<Delegation> =>
  delegations.delegate(order)

/** @throws {Problem} as `recall` of {@link Delegations} */
export const recallAs = ({ delegations }: AbsenceParts, order: RecallOrder): Promise<RecallFile> =>
  delegations.recall(order)

/** Lists who is away now: all for readers of evidence; otherwise the reader's own, and those whose deputy the reader is. */
export const delegationsFor = (
  { delegations, policy }: AbsenceParts,
  reader: Reader & { kind: 'person' },
): Promise<readonly Delegation[]> => delegations.list(reader.evidence ? undefined : policy.accounts(reader.id))

/** Lists whom a member may name as their deputy, in the order of the policy. @throws {Problem} `unavailable` */
export async function deputiesOf(parts: AbsenceParts, member: ObjectId): Promise<readonly PossibleDeputy[]> {
  const listed = [...new Set(parts.policy.groups().flatMap(({ deputies = [] }) => deputies))]
  const others = listed.filter((id) => !overlap(parts.policy.accounts(id), parts.policy.accounts(member)))
  const found = await Promise.all(
    others.map(async (id) => {
      const mayAct = await isMember(parts.directory, id)
      return { id, groups: mayAct ? await deputisedGroups(parts, { member, deputy: id }) : [] }
    }),
  )
  const possible = found.filter(({ groups }) => groups.length > 0)
  const names = await namesOf(
    parts,
    possible.map(({ id }) => id),
  )
  return possible.map(({ id, groups }) => ({ id, name: names.get(id) ?? id, groups }))
}
