import { chain, type Draft, type Fact, type Requested } from '../core/request/event.ts'
import { digestOf, newRequestId, type ObjectId, sha256, shardAt } from '../core/data/id.ts'
import { instant } from '../core/data/instant.ts'
import type { Facts, Slot } from '../core/request/requirement.ts'
import { warnings } from '../core/action/warning.ts'
import { type ApproveTerms, strictest } from '../core/policy/annotations.ts'
import type { MostExcluded } from './approvers.ts'
import type { Rules } from './cedar.ts'
import { sizes } from '../core/policy/sizes.ts'

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
 */
export function largestLeaf(action: string, rules: Rules, excluded: MostExcluded): LeafSize {
  const found = draftsFor(action, rules, excluded).map(sizeOf)
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
function draftsFor(action: string, rules: Rules, excluded: MostExcluded): readonly Draft[] {
  const [forbid, approve, allow] = [idsOf(rules.forbid), idsOf(rules.approve), idsOf(rules.allow)]
  const slots = approve.length > 0 ? strictest(rules.approve.map(({ terms }) => terms)).slots : []
  const unasked = requestedBy(action, { outcome: 'no-policy', rules: [], slots: [] })
  return [
    unasked,
    ...(forbid.length > 0 ? forbidden(action, forbid) : []),
    ...(allow.length > 0 ? allowed(action, allow) : []),
    ...(approve.length > 0 ? asked(action, rules.approve, slots, excluded) : []),
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
  const data: DataOf<'approved'> = { by: 'policy', rules, lapsesAt: at }
  return [
    requestedBy(action, { outcome: 'allow', rules, slots: [] }),
    { type: 'approved', actor: policy, request, data },
  ]
}

function asked(
  action: string,
  approve: Rules['approve'],
  slots: readonly Slot[],
  excluded: MostExcluded,
): readonly Draft[] {
  const [rules, terms] = [idsOf(approve), approve.map((rule) => rule.terms)]
  const { private: isPrivate } = strictest(terms)
  const facts = factsOf(slots)
  const seen = { via: longestDoor, content, view: digest, client: account, proved: longestContext }
  const decided: DataOf<'decided'> = { verdict: 'approve', ...seen, facts }
  const revoked: DataOf<'revoked'> = { client: account, facts }
  const voided: DataOf<'vote-void'> = { vote: content, why: 'duplicate', facts }
  const said = { name: '', reason: '' }
  return [
    requestedBy(
      action,
      { outcome: 'approve', rules, slots, via: longestIn(terms), ...(isPrivate && { private: true }) },
      excluded,
    ),
    { type: 'decided', actor: person, request, data: decided, said },
    { type: 'vote-void', actor: system, request, data: voided },
    { type: 'approved', actor: person, request, data: { by: 'quorum', lapsesAt: at } },
    { type: 'denied', actor: person, request, data: { by: 'denial' } },
    { type: 'revoked', actor: person, request, data: revoked, said },
  ]
}

const idsOf = (rules: readonly { readonly id: string }[]): readonly string[] => rules.map(({ id }) => id)

/** The longest list of doors. Merged rules allow those of one rule at most. */
function longestIn(terms: readonly ApproveTerms[]): readonly string[] {
  const lists = terms.map(({ via = [] }) => via)
  return lists.toSorted((a, b) => b.join().length + b.length - a.join().length - a.length)[0] ?? []
}

/** What the rules say of a request, as far as the size of its event depends on that. */
type Judged = Pick<Requested['policy'], 'outcome' | 'rules'> &
  Pick<Requested, 'via' | 'private'> & { readonly slots: readonly Slot[] }

/** Uses the longest numbers and words: one matching rule alone may allow more time than all rules merged. */
function requestedBy(
  action: string,
  { outcome, rules, slots, via = [], private: isPrivate }: Judged,
  { all, byAgent }: MostExcluded = { all: 0, byAgent: 0 },
): Draft {
  const {
    via: doors,
    private: hidden,
    ...data
  }: Required<Requested> = {
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
    lapse: 604_800,
    grant: 300,
    via,
    private: true,
  }
  const rare = { ...(doors.length > 0 && { via: doors }), ...(isPrivate && { private: hidden }) }
  const said = { links: '', reason: '', ...(outcome === 'approve' && { owner: '' }) }
  return { type: 'requested', actor: agent, request, data: { ...data, ...rare }, said }
}

/** The facts of a person with the most accounts, who is in every group that may decide. */
const factsOf = (slots: readonly Slot[]): Facts => ({
  accounts: accounts(sizes.accountsPerPerson),
  groups: [...new Set(slots.flatMap(({ groups }) => groups))],
  member: true,
  enabled: true,
  asOf: at,
})
