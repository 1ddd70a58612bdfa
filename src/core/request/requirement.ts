import { bounds } from '../data/bound.ts'
import type { Hex, ObjectId } from '../data/id.ts'
import { type Instant, milliseconds } from '../data/instant.ts'

/** A quorum of people from the union of these groups. */
export interface Slot {
  readonly groups: readonly string[]
  /** Groups whose people may fill the slot, too, once so many seconds have passed since the ask. Absent once they may. */
  readonly later?: { readonly after: number; readonly groups: readonly string[] }
  readonly quorum: number
}

/** What a rule lets be done with a request beside deciding it. Times are in seconds. Copied into the request. */
export interface Provisions {
  /** A question moves the deadline to so long after it, as far as the rule gives people at all. */
  readonly answer?: number
  /** When people are reminded: after the ask, or with a negative number before the deadline. Ascending. */
  readonly remind?: readonly number[]
  /** Who may approve alone in an emergency, and how long others then have to review that. */
  readonly glass?: Glass
  /** What a standing approval may be asked for. Absent if each action has to be asked for. */
  readonly session?: SessionTerms
  /** The params that approvers may make smaller, sorted. */
  readonly narrow?: readonly string[]
}

/** The bounds of standing approvals. */
export interface SessionTerms {
  /** Seconds. */
  readonly for: number
  readonly uses: number
  /** The names of what may differ from one use to another, sorted: params, and `target`. */
  readonly vary: readonly string[]
}

export interface Glass {
  readonly groups: readonly string[]
  /** Seconds. */
  readonly review: number
}

/** Facts about a person at the moment of a decision. The core decides from them alone. */
export interface Facts {
  /** All object ids of the person (`sameAs`), sorted. */
  readonly accounts: readonly ObjectId[]
  /** The groups of the requirement that the person is in, sorted. */
  readonly groups: readonly string[]
  /** A member of the tenant, not a guest. */
  readonly member: boolean
  readonly enabled: boolean
  readonly asOf: Instant
  /** Present of a deputy: for whom they act. Accounts and groups above are then those of both. */
  readonly for?: StandIn
}

/** For whom a deputy acts, while that member of a group is away. */
export interface StandIn {
  /** All object ids of the member who is away, sorted. */
  readonly accounts: readonly ObjectId[]
  /** The groups of the requirement that the deputy acts in for the member, sorted. */
  readonly groups: readonly string[]
  /** The hash of the `delegated` event. */
  readonly event: Hex
  /** When the member is back, at the latest, as that event says. */
  readonly until: Instant
}

/** Whether facts are too far from the moment of an event, before or after it, for the event to rest on them. */
export const areOutdated = ({ asOf }: Facts, at: Instant): boolean =>
  Math.abs(milliseconds(at) - milliseconds(asOf)) > bounds.facts.oldest * 1000

/** The facts about a person that filling slots needs. */
export type Candidate = Pick<Facts, 'accounts' | 'groups'>

export const overlap = <T>(a: readonly T[], b: readonly T[]): boolean => a.some((item) => b.includes(item))

/**
 * Fills the slots with distinct people by maximum bipartite matching (augmenting paths), so that one person never fills
 * two places, and a vote never takes the only place that another vote could fill.
 *
 * @returns for each slot how many of its places are filled
 */
export function fill(slots: readonly Slot[], people: readonly Candidate[]): readonly number[] {
  const places = slots.flatMap((slot, index) => Array.from({ length: slot.quorum }, () => ({ ...slot, index })))
  const holder = new Map<number, Candidate>()
  const seat = (person: Candidate, tried: Set<number>): boolean =>
    places.some((place, i) => {
      if (tried.has(i) || !overlap(place.groups, person.groups)) return false
      tried.add(i)
      const sitting = holder.get(i)
      if (sitting && !seat(sitting, tried)) return false
      holder.set(i, person)
      return true
    })
  for (const person of people) seat(person, new Set())
  return slots.map((_, slot) => places.filter((place, i) => place.index === slot && holder.has(i)).length)
}

/** Whether all slots can be filled by distinct people. */
export function fills(slots: readonly Slot[], people: readonly Candidate[]): boolean {
  // With fewer people than places no matching can fill all places.
  if (people.length < slots.reduce((sum, { quorum }) => sum + quorum, 0)) return false
  const [slot, ...others] = slots
  // Each person can sit in a place of the only slot.
  if (slot && others.length === 0)
    return people.filter(({ groups }) => overlap(slot.groups, groups)).length >= slot.quorum
  const have = fill(slots, people)
  return slots.every((slot, i) => (have[i] ?? 0) >= slot.quorum)
}
