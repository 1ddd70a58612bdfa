import type { Hex, ObjectId } from '../data/id.ts'
import { endOf, parseDay } from '../data/day.ts'
import { type Instant, parseInstant, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import { bounds } from '../data/bound.ts'
import { type ApprovalRequest, currentVotes } from './request.ts'
import { type Facts, overlap, type StandIn } from './requirement.ts'

/** A member who is away, as the `delegated` event says. */
export interface Delegation {
  /** The hash of the event. */
  readonly event: Hex
  readonly member: ObjectId
  readonly to: ObjectId
  readonly groups: readonly string[]
  readonly at: Instant
  readonly until: Instant
  /** Absent if there was none. */
  readonly reason?: string
}

/**
 * Says what is wrong with the word of a member that another person acts for them; `null` if nothing is. What policy and
 * directory say of the two is for the caller to check.
 *
 * @param member all accounts of the member
 * @param at when the member says so
 */
export function awayFlaw(
  { to, groups, until }: { readonly to: ObjectId; readonly groups: readonly string[]; readonly until: Instant },
  member: readonly ObjectId[],
  at: Instant,
): string | null {
  if (groups.length === 0) return 'a deputy acts in at least one group'
  if (groups.some((group, i) => i > 0 && group <= (groups[i - 1] ?? ''))) return 'groups are sorted, each of them once'
  if (member.includes(to)) return 'nobody is their own deputy'
  if (until <= at) return 'its end is over'
  if (until > plusSeconds(at, bounds.away)) return `nobody is away for more than ${bounds.away / 86_400} days`
  return null
}

/**
 * Reads when a member is back: a time, or a day, which is meant with its end.
 *
 * @throws {Problem} `invalid-input`
 */
export const parseUntil = (text: string, pointer = ''): Instant =>
  /^\d{4}-\d\d-\d\d$/.test(text) ? endOf(parseDay(text, pointer)) : parseInstant(text.toUpperCase(), pointer)

/** What is known of a person, as the deputy of a member who is away: both are one seat. */
export function actingFor(own: Facts, { accounts, groups: all, event, until }: StandIn): Facts {
  const groups = all.filter((group) => !own.groups.includes(group))
  return {
    ...own,
    accounts: [...own.accounts, ...accounts].sort(),
    groups: [...own.groups, ...groups].sort(),
    for: { accounts, groups, event, until },
  }
}

/** What is known of a person without the member whose deputy they are: the other half of {@link actingFor}. */
export function ownPart({ for: standIn, ...facts }: Facts): Facts {
  if (!standIn) return facts
  const without = <T>(all: readonly T[], those: readonly T[]) => all.filter((one) => !those.includes(one))
  return {
    ...facts,
    accounts: without(facts.accounts, standIn.accounts),
    groups: without(facts.groups, standIn.groups),
  }
}

/**
 * Refuses a deputy whose time is over, and facts that join what is not in them.
 *
 * @throws {Problem} `not-permitted`
 */
export function checkStandIn({ accounts, groups, for: standIn }: Facts, at: Instant): void {
  if (!standIn) return
  const isJoined =
    standIn.accounts.every((one) => accounts.includes(one)) &&
    standIn.groups.every((one) => groups.includes(one)) &&
    standIn.accounts.length < accounts.length
  if (!isJoined) throw new Problem('not-permitted', 'A deputy and the member who is away are one seat.')
  if (at >= standIn.until)
    throw new Problem('not-permitted', `You could act as a deputy until ${standIn.until}: the member is back.`)
}

/** Refuses a deputy, where only the members of a group may act. @throws {Problem} `not-permitted` */
export function checkNoDeputy({ for: standIn }: Facts): void {
  if (standIn) throw new Problem('not-permitted', 'A deputy breaks no glass: that is for members of the group alone.')
}

/**
 * Chooses for whom a person acts on a request. Who adds no group is left out, and so is who has voted or may not approve,
 * unless the person could do nothing at all without them: then the rules refuse them, and say why.
 *
 * @param excluded accounts that may not approve the request
 */
export function seatOf(
  request: ApprovalRequest,
  own: Facts,
  aways: readonly StandIn[],
  excluded: readonly ObjectId[],
): Facts {
  const useful = aways.filter(({ groups }) => groups.some((group) => !own.groups.includes(group)))
  const others = currentVotes(request).filter(({ facts }) => !overlap(ownPart(facts).accounts, own.accounts))
  const isFree = ({ accounts }: StandIn): boolean =>
    !overlap(accounts, excluded) && !others.some(({ facts }) => overlap(facts.accounts, accounts))
  const chosen = useful.find(isFree) ?? (own.groups.length === 0 ? useful[0] : undefined)
  return chosen ? actingFor(own, chosen) : own
}
