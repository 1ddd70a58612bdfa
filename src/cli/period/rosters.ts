import type { Day } from '../../core/data/day.ts'
import type { ObjectId } from '../../core/data/id.ts'
import { membersIn } from '../../core/request/memberList.ts'
import type { ReadEvent } from './facts.ts'

/** Who was in a group from a day on, until the next such list. */
export interface GroupState {
  readonly day: Day
  readonly count: number
  /** Absent if the list was not given, or is too long to be recorded. */
  readonly members?: readonly ObjectId[]
  /** Compared with the list before; absent for the first, and where one of both is not known. */
  readonly joined?: readonly ObjectId[]
  readonly left?: readonly ObjectId[]
}

/** A group whose members may approve, over the period. */
export interface GroupHistory {
  readonly group: string
  readonly entraGroup?: ObjectId
  /** The first list, and each that differs from the one before. */
  readonly states: readonly GroupState[]
  /** The days on which its members were recorded. */
  readonly days: readonly Day[]
}

type Growing = GroupHistory & { readonly states: GroupState[]; readonly days: Day[]; digest: string }

/** Who could approve, as each day of the period recorded at its beginning. */
export class RostersOfPeriod {
  readonly #groups = new Map<string, Growing>()

  /** Takes an event `roster`. */
  take({ event, texts }: ReadEvent): void {
    if (event.type !== 'roster') return
    const { group, entraGroup, date, digest, count } = event.data
    const known = this.#groups.get(group)
    if (known) {
      known.days.push(date)
      if (known.digest === digest) return
    }
    const listed = texts.find(({ name }) => name === 'members')?.text
    const members = listed === undefined ? null : membersIn(listed)
    const state = stateAfter(known?.states.at(-1), { day: date, count, ...(members && { members }) })
    if (known) {
      known.digest = digest
      known.states.push(state)
    } else
      this.#groups.set(group, {
        ...{ group, states: [state], days: [date], digest },
        ...(entraGroup !== undefined && { entraGroup }),
      })
  }

  groups(): readonly GroupHistory[] {
    return [...this.#groups.values()].sort((a, b) => (a.group < b.group ? -1 : 1))
  }
}

function stateAfter(before: GroupState | undefined, now: GroupState): GroupState {
  if (!before?.members || !now.members) return now
  const [old, members] = [new Set(before.members), new Set(now.members)]
  return {
    ...now,
    joined: now.members.filter((id) => !old.has(id)),
    left: before.members.filter((id) => !members.has(id)),
  }
}
