import type { ObjectId, RequestId } from '../core/data/id.ts'
import { noSuchRequest } from '../core/data/problem.ts'
import { isOwnSide } from '../core/request/conversation.ts'
import { seatOf } from '../core/request/deputy.ts'
import { type ApprovalRequest, decidingGroups, involvedGroups } from '../core/request/request.ts'
import { type Facts, overlap } from '../core/request/requirement.ts'
import type { Ledger } from '../ports/ledger.ts'
import { awaysOf, excludedBy, factsIn, type Known, known, type PeopleParts } from './eligibility.ts'

export type InvolvementParts = PeopleParts & { readonly ledger: Pick<Ledger, 'find'> }

/** Who reads: an agent, or a person who may hold the right to read evidence. */
export type Reader =
  | { readonly kind: 'agent'; readonly id: ObjectId }
  | { readonly kind: 'person'; readonly id: ObjectId; readonly evidence: boolean }

/** A person who acts on a request, and what is known of them. */
export interface Involved {
  readonly name: string
  /** With the groups that decide the request; of a deputy together with the member who is away. */
  readonly facts: Facts
  /** The name of that member. */
  readonly member?: string
  /** As `facts`, but of the person alone. */
  readonly own: Facts
  /** With the groups that may break the glass. */
  readonly glassFacts: Facts
  /** The request, as it was read. */
  readonly found: ApprovalRequest
}

export async function mayRead(parts: InvolvementParts, request: ApprovalRequest, reader: Reader): Promise<boolean> {
  if (reader.kind === 'agent') return reader.id === request.agent.id || reader.id === request.executor
  if (reader.evidence) return true
  const person = await known(parts, reader.id)
  return person !== null && mayKnow(parts, request, person)
}

/**
 * Tells whether a person may know of a request. Members of a group that decides it or may break the glass may, even those
 * excluded from approving it. So may every person who has decided, and the side that asks, which answers questions. For
 * guests and disabled accounts the request does not exist.
 */
export async function mayKnow(parts: InvolvementParts, request: ApprovalRequest, person: Known): Promise<boolean> {
  // Their groups are asked for only if nothing else lets them.
  return isOfTenant(person) && (isParty(request, person) || isInvolved(await involvementIn(parts, person, request)))
}

const isOfTenant = ({ member, enabled }: Pick<Facts, 'member' | 'enabled'>): boolean => member && enabled

/** Whether a person has decided a request, or belongs to the side that asks. */
const isParty = (request: ApprovalRequest, person: Omit<Facts, 'groups'>): boolean =>
  request.decisions.some(({ facts }) => overlap(facts.accounts, person.accounts)) || isOwnSide(request, person)

/** Whether a person of the tenant may know of a request: see {@link mayKnow}. */
export const isInvolved = ({ found, facts, own, glassFacts }: Involved): boolean =>
  facts.groups.length > 0 || glassFacts.groups.length > 0 || isParty(found, own)

/**
 * Reads the facts that a person's act on a request rests on.
 *
 * @throws {Problem} `not-found` for a person who may not know of the request
 */
export async function involvedIn(parts: InvolvementParts, id: RequestId, who: ObjectId): Promise<Involved> {
  const actor = await actorIn(parts, id, who)
  if (!isInvolved(actor)) throw noSuchRequest()
  return actor
}

/**
 * Reads the person and the request. The facts are read before the shard's turn. Groups join a requirement later only by an
 * escalation, after which whoever was refused may try again.
 *
 * @throws {Problem} `not-found` for guests, disabled accounts and unknown requests
 */
export async function actorIn(parts: InvolvementParts, id: RequestId, who: ObjectId): Promise<Involved> {
  const [person, found] = await Promise.all([known(parts, who), parts.ledger.find(id)])
  if (!person || !found || !isOfTenant(person)) throw noSuchRequest()
  return involvementIn(parts, person, found)
}

/** Sorts what is known of a person by the groups that matter for a request. @throws {Problem} `unavailable` */
export async function involvementIn(parts: PeopleParts, person: Known, found: ApprovalRequest): Promise<Involved> {
  const all = await factsIn(parts, person, involvedGroups(found))
  const of = (names: readonly string[]): Facts => ({
    ...all,
    groups: all.groups.filter((group) => names.includes(group)),
  })
  const own = of(decidingGroups(found))
  const aways = await awaysOf(parts, person, decidingGroups(found))
  // Nor does who broke the glass keep a person from reviewing that, by naming them as their deputy.
  const excluded = [...excludedBy(parts.policy, found), ...(found.glass?.accounts ?? [])]
  const facts = seatOf(found, own, aways, excluded)
  const member = aways.find(({ event }) => event === facts.for?.event)
  return {
    name: person.name,
    facts,
    ...(member && { member: member.name }),
    own,
    glassFacts: of(found.requirement?.glass?.groups ?? []),
    found,
  }
}
