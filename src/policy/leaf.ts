import { bounds } from '../core/data/bound.ts'
import { chain, type Draft, type Fact, type Requested, type Sight } from '../core/request/event.ts'
import { digestOf, newRequestId, type ObjectId, sha256, shardAt } from '../core/data/id.ts'
import { instant } from '../core/data/instant.ts'
import type { Facts, Slot } from '../core/request/requirement.ts'
import { warnings } from '../core/action/warning.ts'
import { type ApproveTerms, strictest } from '../core/policy/annotations.ts'
import type { MostExcluded } from './approvers.ts'
import type { Rules } from './cedar.ts'
import { sizes, slotKey } from '../core/policy/sizes.ts'

/** An event's size as a leaf. */
export interface LeafSize {
  readonly type: Fact['type']
  /** `Infinity` for an event that is larger than a leaf may be. */
  readonly bytes: number
}

/**
 * Measures the largest event that the rules for an action can lead to. Builds the leaves as if all rules matched, with
 * the longest value for everything that comes from elsewhere.
 *
 * Without this check an event could be too large for a leaf, and stop its request after people have decided.
 *
 * @param rules the rules that can match the action
 * @param excluded the most accounts that any agent's requests can exclude
 * @param deputised the groups that have deputies
 */
export function largestLeaf(
  action: string,
  rules: Rules,
  excluded: MostExcluded,
  deputised: ReadonlySet<string> = new Set(),
): LeafSize {
  const found = draftsFor(action, rules, excluded, deputised).map(sizeOf)
  return found.reduce((largest, one) => (one.bytes > largest.bytes ? one : largest))
}

const at = instant(Date.UTC(2026, 11, 31, 23, 59, 59, 999))
const shard = shardAt('0')
const request = newRequestId(at, new Uint8Array(10), shard)
const digest = digestOf('')
const content = sha256('')

/** All object ids have the same length. */
const account = '00000000-0000-4000-8000-000000000000' as ObjectId
const accounts = (count: number): readonly ObjectId[] => Array.from({ length: count }, () => account)

/** Sequence numbers have at most 12 digits, because the keys of event rows have 12. */
const head = { seq: 999_999_999_998, hash: content }

function sizeOf(draft: Draft): LeafSize {
  const { type } = draft
  try {
    const [leaf] = chain([draft], head, { shard, at }, () => '0'.repeat(32))
    return { type, bytes: Buffer.byteLength(leaf?.text ?? '') }
  } catch (cause) {
    if (cause instanceof RangeError) return { type, bytes: Infinity }
    throw cause
  }
}

/** The name of a door has at most 12 letters (docs/evidence/events.md). */
const longestDoor = 'x'.repeat(12)

/** Entra's authentication contexts are `c1` to `c99`. */
const longestContext = 'c99'

type DataOf<Type extends Fact['type']> = Required<Extract<Fact, { readonly type: Type; readonly data: object }>['data']>

const [agent, person, policy, system] = [
  { kind: 'agent', id: account },
  { kind: 'person', id: account },
  { kind: 'policy' },
  { kind: 'system' },
] as const

/** Makes the largest events. Types require every optional member, so a new member fails to compile until it has one. */
function draftsFor(
  action: string,
  rules: Rules,
  excluded: MostExcluded,
  deputised: ReadonlySet<string>,
): readonly Draft[] {
  const [forbid, approve, allow] = [idsOf(rules.forbid), idsOf(rules.approve), idsOf(rules.allow)]
  const slots = longestSlots(rules.approve.map(({ terms }) => terms))
  const unasked = requestedBy(action, { outcome: 'no-policy', rules: [], slots: [] })
  return [
    unasked,
    ...(forbid.length > 0 ? forbidden(action, forbid) : []),
    ...(allow.length > 0 ? allowed(action, allow) : []),
    ...(approve.length > 0 ? asked(action, rules.approve, slots, { excluded, deputised }) : []),
  ]
}

function forbidden(action: string, rules: readonly string[]): readonly Draft[] {
  const data: DataOf<'denied'> = { by: 'policy', rules }
  const revoked: DataOf<'revoked'> = { rules }
  return [
    requestedBy(action, { outcome: 'forbid', rules, slots: [] }),
    { type: 'denied', actor: policy, request, data },
    { type: 'revoked', actor: policy, request, data: revoked },
  ]
}

function allowed(action: string, rules: readonly string[]): readonly Draft[] {
  const data = { by: 'policy', rules, lapsesAt: at } as const
  return [
    requestedBy(action, { outcome: 'allow', rules, slots: [] }),
    { type: 'approved', actor: policy, request, data },
  ]
}

function asked(
  action: string,
  approve: Rules['approve'],
  slots: readonly Slot[],
  { excluded, deputised }: { readonly excluded: MostExcluded; readonly deputised: ReadonlySet<string> },
): readonly Draft[] {
  const [rules, terms] = [idsOf(approve), approve.map((rule) => rule.terms)]
  const glass = longestOf(terms.map((term) => term.glass?.groups ?? []))
  const facts = withDeputy(factsOf(groupsIn(slots)), deputised)
  const seen = { via: longestDoor, content, view: digest, client: account, proved: longestContext }
  const decided: DataOf<'decided'> = { verdict: 'approve', ...seen, facts }
  const revoked: DataOf<'revoked'> = { client: account, facts }
  const voided: DataOf<'vote-void'> = { vote: content, why: 'duplicate', facts }
  const answered: DataOf<'answered'> = { question: content, warnings, client: account, facts: factsOf([]) }
  const broken: DataOf<'glass-broken'> = { ...seen, facts: factsOf(glass), reviewBy: at }
  const reviewed: DataOf<'reviewed'> = { finding: 'unjustified', client: account, facts }
  const said = { name: '', reason: '' }
  const votedFor = facts.for ? { ...said, for: '' } : said
  return [
    requestedBy(action, { outcome: 'approve', rules, slots, ...rareIn(terms) }, excluded),
    { type: 'decided', actor: person, request, data: decided, said: votedFor },
    { type: 'vote-void', actor: system, request, data: voided },
    { type: 'approved', actor: person, request, data: { by: 'quorum', lapsesAt: at } },
    {
      type: 'approved',
      actor: policy,
      request,
      data: { by: 'standing', lapsesAt: at, standing: request, use: mostUses },
    },
    { type: 'used', actor: agent, request, data: { digest, request, use: mostUses } },
    { type: 'denied', actor: person, request, data: { by: 'denial' } },
    { type: 'revoked', actor: person, request, data: revoked, said },
    {
      type: 'asked',
      actor: person,
      request,
      data: { ...seen, facts, expiresAt: at },
      said: { name: '', question: '' },
    },
    { type: 'answered', actor: person, request, data: answered, said: { answer: '', name: '' } },
    ...narrowedBy(terms, { ...seen, facts }),
    { type: 'glass-broken', actor: person, request, data: broken, said },
    { type: 'reviewed', actor: person, request, data: reviewed, said },
  ]
}

/** What an approver may make smaller: an action, or a standing approval. */
function narrowedBy(terms: readonly ApproveTerms[], seen: Sight & { readonly facts: Facts }): readonly Draft[] {
  const params = longestOf(terms.map(({ narrow = [] }) => narrow))
  const standing = { uses: mostUses, seconds: longestTime }
  const less = [
    ...(params.length > 0 ? [{ params }] : []),
    ...(terms.some(({ session }) => session) ? [{ standing }] : []),
  ]
  return less.map((what) => ({
    type: 'narrowed',
    actor: person,
    request,
    data: { ...seen, ...what, digest, policy: digest },
    said: { edits: '', name: '', reason: '' },
  }))
}

const idsOf = (rules: readonly { readonly id: string }[]): readonly string[] => rules.map(({ id }) => id)

/** The members that only some rules give, each as long as any rules that match together can make it. */
function rareIn(terms: readonly ApproveTerms[]): Pick<Requested, Rare> {
  const via = longestOf(terms.map((term) => term.via ?? []))
  const glass = longestOf(terms.map((term) => term.glass?.groups ?? []))
  const narrowable = longestOf(terms.map(({ narrow = [] }) => narrow))
  const moments = terms.flatMap(({ remind = [] }) => remind).length
  return {
    ...(via.length > 0 && { via }),
    ...(terms.some((term) => term.private) && { private: true }),
    ...(terms.some(({ answer }) => answer !== undefined) && { answer: { latest: at, within: longestTime } }),
    ...(moments > 0 && { remind: Array.from({ length: Math.min(moments, sizes.reminders) }, () => -longestTime) }),
    ...(glass.length > 0 && { glass: { groups: glass, review: longestTime } }),
    ...(narrowable.length > 0 && { narrowable }),
    // A use names its standing approval, which takes more than the number of uses, and has none of the rest.
    ...(terms.some(({ session }) => session) && { under: request }),
  }
}

const { uses: mostUses } = bounds.standing

/** Seconds of a week, the longest time that a rule can give. */
const longestTime = 604_800

/** The list that takes the most characters. Of such lists merged rules keep what is common, so a part of one at most. */
const longestOf = (lists: readonly (readonly string[])[]): readonly string[] =>
  lists.toSorted((a, b) => b.join().length + b.length - a.join().length - a.length)[0] ?? []

/** The slots of all rules, each with the longest list of later groups that any of them gives it. */
function longestSlots(terms: readonly ApproveTerms[]): readonly Slot[] {
  const slots = terms.length > 0 ? strictest(terms).slots : []
  const given = terms.flatMap((term) => term.slots)
  return slots.map(({ groups, quorum }): Slot => {
    const same = given.filter((slot) => slotKey(slot) === slotKey({ groups, quorum }))
    const later = longestOf(same.map((slot) => slot.later?.groups ?? []))
    return { groups, ...(later.length > 0 && { later: { after: longestTime, groups: later } }), quorum }
  })
}

const groupsIn = (slots: readonly Slot[]): readonly string[] => [
  ...new Set(slots.flatMap(({ groups, later }) => [...groups, ...(later?.groups ?? [])])),
]

type Rare = 'via' | 'private' | 'answer' | 'remind' | 'glass' | 'narrowable' | 'standing' | 'under'

/** What the rules say of a request, as far as the size of its event depends on that. */
type Judged = Pick<Requested['policy'], 'outcome' | 'rules'> &
  Pick<Requested, Rare> & { readonly slots: readonly Slot[] }

/** Uses the longest numbers and words: one matching rule alone may allow more time than all rules merged. */
function requestedBy(
  action: string,
  { outcome, rules, slots, ...rare }: Judged,
  { all, byAgent }: MostExcluded = { all: 0, byAgent: 0 },
): Draft {
  const data: Required<Omit<Requested, Rare>> = {
    action,
    digest,
    executor: account,
    onBehalfOf: account,
    policy: { version: digest, outcome, rules },
    warnings,
    tier: 'medium',
    requirement: slots,
    excluded: accounts(all),
    excludedByAgent: accounts(byAgent),
    expiresAt: at,
    lapse: longestTime,
    grant: 300,
  }
  const said = { links: '', reason: '', ...(outcome === 'approve' && { owner: '' }) }
  return { type: 'requested', actor: agent, request, data: { ...data, ...rare }, said }
}

/** The facts of a person with the most accounts, who is in all of these groups. */
const factsOf = (groups: readonly string[]): Facts => ({
  accounts: accounts(sizes.accountsPerPerson),
  groups,
  member: true,
  enabled: true,
  asOf: at,
})

/** The facts of a deputy, for a member with the most accounts, in all of these groups that have deputies. */
function withDeputy(facts: Facts, deputised: ReadonlySet<string>): Facts {
  const groups = facts.groups.filter((group) => deputised.has(group))
  if (groups.length === 0) return facts
  const theirs = accounts(sizes.accountsPerPerson)
  return {
    ...facts,
    accounts: [...facts.accounts, ...theirs],
    for: { accounts: theirs, groups, event: content, until: at },
  }
}
