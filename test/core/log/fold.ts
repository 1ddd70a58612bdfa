import type { Facts, Slot } from '../../../src/core/request/requirement.ts'

/** An event as an auditor reads it: parsed from its leaf, knowing nothing of the code that wrote it. */
export interface Read {
  readonly type: string
  readonly at: string
  readonly seq: number
  readonly prev: string
  readonly actor: { readonly kind: string; readonly id?: string }
  readonly data?: Partial<{
    readonly verdict: string
    readonly facts: Facts
    readonly by: string
    readonly lapsesAt: string
    readonly expiresAt: string
    readonly digest: string
    readonly redemption: string
    readonly executor: string
    readonly policy: { readonly outcome: string }
    readonly requirement: readonly Slot[]
    readonly excluded: readonly string[]
    readonly vote: string
    readonly why: string
    readonly code: string
  }>
}

/** What may follow, and where it leads; nothing else may. */
const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  nothing: { requested: 'pending' },
  pending: {
    shown: 'pending',
    decided: 'pending',
    'vote-void': 'pending',
    undeliverable: 'pending',
    approved: 'approved',
    denied: 'denied',
    expired: 'expired',
    cancelled: 'cancelled',
  },
  approved: {
    shown: 'approved',
    redeemed: 'redeemed',
    lapsed: 'lapsed',
    revoked: 'revoked',
    cancelled: 'cancelled',
  },
  redeemed: { unreported: 'redeemed', succeeded: 'succeeded', failed: 'failed' },
}

/**
 * Replays a request's events, and says where they lead.
 *
 * @throws {Error} at the first that breaks an invariant
 */
export function fold(events: readonly Read[]): string {
  let status = 'nothing'
  const past: Read[] = []
  for (const event of events) {
    const isRefusal = event.type === 'refused' && status !== 'nothing'
    const next = isRefusal ? status : table[status]?.[event.type]
    if (next === undefined) throw new Error(`${event.type} after ${status}`)
    if (isRefusal) checkRefusal(event, past)
    // A closed request has no deadline any more.
    if (!isRefusal || status in table) check(event, past)
    past.push(event)
    status = next
  }
  return status
}

/** A refusal is recorded once for each caller and code, and 20 times at most; the rest changes nothing. */
function checkRefusal(event: Read, past: readonly Read[]): void {
  const known = past.filter(({ type }) => type === 'refused')
  if (event.at < (past.at(-1)?.at ?? '')) throw new Error('refused: time runs backwards')
  if (known.length >= 20) throw new Error('refused: more than 20 times')
  if (known.some(({ actor, data }) => actor.id === event.actor.id && data?.code === event.data?.code))
    throw new Error('refused: twice for one caller and code')
}

function check(event: Read, past: readonly Read[]): void {
  const [requested] = past
  const of = (type: string) => past.filter((one) => one.type === type)
  const demand = (claim: boolean, what: string) => {
    if (!claim) throw new Error(`${event.type}: ${what}`)
  }
  const before = past.at(-1)
  if (before?.type === 'vote-void')
    demand(event.at === before.at && (event.type === 'vote-void' || event.data?.verdict === 'approve'), 'not the vote')
  demand(event.at >= (past.at(-1)?.at ?? ''), 'time runs backwards')
  if (!requested) return
  const { excluded = [], requirement = [], expiresAt = '', policy, executor, digest } = requested.data ?? {}
  const [approval] = of('approved')
  if (!approval && expiresAt !== '' && event.at >= expiresAt) demand(event.type === 'expired', 'past the deadline')
  if (approval && of('redeemed').length === 0 && event.at >= (approval.data?.lapsesAt ?? ''))
    demand(event.type === 'lapsed', 'past the lapse')
  if (event.type === 'decided' || event.type === 'revoked') {
    const facts = event.data?.facts
    demand(facts?.member === true && facts.enabled, 'by somebody who may not')
    const isExcluded = facts?.accounts.some((account) => excluded.includes(account)) === true
    demand(event.data?.verdict !== 'approve' || !isExcluded, 'an approval by somebody excluded')
  }
  if (event.type === 'vote-void') {
    const vote = counted(past).find((one) => hashIn(past, one, event) === event.data?.vote)
    demand(vote?.data?.verdict === 'approve', 'no vote that counts')
    const now = event.data?.facts ?? noFacts
    const isThere = vote?.data?.facts?.groups.every((group) => now.groups.includes(group)) === true
    const why = event.data?.why ?? ''
    demand(isThere === ['excluded', 'duplicate'].includes(why), 'the facts say another reason')
    const before = counted(past).slice(0, vote && counted(past).indexOf(vote))
    const isOther = before.some(({ actor }) => now.accounts.some((account) => account === actor.id))
    demand(why !== 'duplicate' || isOther, 'no earlier vote of this person')
  }
  if (event.type === 'expired') demand(event.at >= expiresAt, 'too early')
  if (event.type === 'lapsed') demand(event.at >= (approval?.data?.lapsesAt ?? ''), 'too early')
  if (event.type === 'denied' && event.data?.by === 'denial')
    demand(past.at(-1)?.data?.verdict === 'deny', 'without a denial')
  if (event.type === 'approved' && event.data?.by === 'policy') demand(policy?.outcome === 'allow', 'without a rule')
  if (event.type === 'approved' && event.data?.by === 'quorum') {
    const votes = counted(past).map((vote) => vote.data?.facts ?? noFacts)
    demand(
      of('decided').every((vote) => vote.data?.verdict === 'approve'),
      'over a denial',
    )
    demand(new Set(votes.flatMap(({ accounts }) => accounts)).size === votes.flatMap((v) => v.accounts).length, 'twice')
    demand(canSeat(places(requirement), votes), 'without quorum')
  }
  if (event.type === 'redeemed') {
    demand(event.data?.digest === digest, 'for another action')
    demand(event.actor.id === executor, 'by another executor')
  }
}

/** The votes that are not void. */
const counted = (past: readonly Read[]): readonly Read[] =>
  past.filter(
    (one) =>
      one.type === 'decided' &&
      !past.some((other) => other.type === 'vote-void' && other.data?.vote === hashIn(past, one)),
  )

/** The hash of an event is named by the next one. */
const hashIn = (past: readonly Read[], one: Read, next?: Read): string | undefined =>
  (past[past.indexOf(one) + 1] ?? next)?.prev

const noFacts: Facts = { accounts: [], groups: [], member: false, enabled: false, asOf: '' as Facts['asOf'] }

const places = (slots: readonly Slot[]) =>
  slots.flatMap(({ groups, quorum }) => Array.from({ length: quorum }, () => groups))

/** Tries everything: may each place be given to somebody of its own? */
function canSeat(open: readonly (readonly string[])[], people: readonly Facts[]): boolean {
  const [place, ...rest] = open
  if (!place) return true
  return people.some(
    (person, i) => place.some((group) => person.groups.includes(group)) && canSeat(rest, people.toSpliced(i, 1)),
  )
}
