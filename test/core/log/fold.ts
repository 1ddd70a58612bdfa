import type { Facts, Slot } from '../../../src/core/request/requirement.ts'

/** An event as an auditor reads it: parsed from its leaf, knowing nothing of the code that wrote it. */
export interface Read {
  readonly type: string
  readonly at: string
  readonly seq: number
  readonly prev: string
  /** Its leaf hash, if whoever reads it has computed that. */
  readonly hash?: string
  readonly actor: { readonly kind: string; readonly id?: string }
  readonly data?: Partial<{
    readonly action: string
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
    readonly question: string
    readonly content: string
    readonly round: number
    readonly groups: readonly string[]
    readonly answer: { readonly latest: string; readonly within: number }
    readonly remind: readonly number[]
    readonly glass: { readonly groups: readonly string[]; readonly review: number }
    readonly reviewBy: string
    readonly standing: { readonly uses: number }
    readonly under: string
    readonly use: number
    readonly request: string
    readonly narrowable: readonly string[]
    readonly params: readonly string[]
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
    asked: 'pending',
    answered: 'pending',
    narrowed: 'pending',
    reminded: 'pending',
    escalated: 'pending',
    'glass-broken': 'broken',
  },
  broken: { approved: 'approved' },
  approved: {
    shown: 'approved',
    redeemed: 'redeemed',
    lapsed: 'lapsed',
    revoked: 'revoked',
    cancelled: 'cancelled',
    used: 'approved',
    ended: 'ended',
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
    const isReview = event.type === 'reviewed' || event.type === 'unreviewed'
    const next = isRefusal || isReview ? status : table[status]?.[event.type]
    if (next === undefined) throw new Error(`${event.type} after ${status}`)
    if (isRefusal) checkRefusal(event, past)
    if (isReview) checkReview(event, past)
    // A closed request has no deadline any more, and what is reviewed was approved before.
    if (!isReview && (!isRefusal || status in table)) check(event, past)
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

/** A glass was broken, somebody else looks at it once, and that nobody did is told once, in time. */
function checkReview(event: Read, past: readonly Read[]): void {
  const broken = past.find(({ type }) => type === 'glass-broken')
  const known = past.map(({ type }) => type)
  const isWrong =
    !broken ||
    known.includes('reviewed') ||
    (event.type === 'unreviewed' && (known.includes('unreviewed') || event.at < (broken.data?.reviewBy ?? ''))) ||
    (event.type === 'reviewed' && !isOther(event, broken, past[0]))
  if (isWrong) throw new Error(`${event.type}: not that`)
}

function isOther(event: Read, broken: Read, requested?: Read): boolean {
  const { accounts, member, enabled } = event.data?.facts ?? noFacts
  const excluded = [...(broken.data?.facts?.accounts ?? []), ...(requested?.data?.excluded ?? [])]
  return member && enabled && !accounts.some((account) => excluded.includes(account))
}

/** What changed since the ask: the deadline by questions, the slots by groups that joined. */
function now({ data = {}, at: from }: Read, past: readonly Read[]) {
  const joined = past.filter(({ type }) => type === 'escalated')
  const slots = (data.requirement ?? []).map(({ groups, later, quorum }): Slot => {
    const joining = joined.filter(({ at }) => later && at >= plus(from, later.after))
    const more = joining.flatMap((one) => one.data?.groups ?? []).filter((name) => later?.groups.includes(name))
    return { groups: [...groups, ...more], quorum }
  })
  const moved = past.flatMap((one) => (one.type === 'asked' ? (one.data?.expiresAt ?? []) : []))
  return { slots, expiresAt: moved.at(-1) ?? data.expiresAt ?? '' }
}

const plus = (at: string, seconds: number): string => new Date(Date.parse(at) + seconds * 1000).toISOString()

/** What belongs to questions, prompts and broken glasses, told from the log alone. */
function checkTalk(event: Read, past: readonly Read[], demand: (claim: boolean, what: string) => void): void {
  const [requested] = past
  const { answer, glass, excluded = [], remind = [] } = requested?.data ?? {}
  const of = (type: string) => past.filter((one) => one.type === type)
  const accounts = event.data?.facts?.accounts ?? []
  const isExcluded = accounts.some((account) => excluded.includes(account))
  const hashes = (type: string) => of(type).map((one) => hashIn(past, one, event))
  const answered = of('answered').map((one) => one.data?.question)
  if (event.data?.content !== undefined && event.type !== 'shown') {
    const newest = past.findLast(({ type }) => addsContent.includes(type)) ?? past[0]
    demand(event.data.content === (newest && hashIn(past, newest, event)), 'on other content')
  }
  const limit = requested ? now(requested, past).expiresAt : ''
  if (event.type === 'asked') {
    demand(!isExcluded, 'a question by the side that asks')
    demand(of('asked').length < 5, 'a sixth question')
    const mine = of('asked').filter((one) => accounts.some((account) => account === one.actor.id))
    demand(
      mine.every((one) => answered.includes(hashIn(past, one, event))),
      'a second open question',
    )
    const most = [answer?.latest ?? '', answer ? plus(event.at, answer.within) : ''].sort()[0] ?? ''
    demand(event.data?.expiresAt === (most > limit ? most : undefined), 'another deadline')
  }
  if (event.type === 'answered') {
    demand(hashes('asked').includes(event.data?.question), 'no such question')
    demand(!answered.includes(event.data?.question), 'answered twice')
    demand(event.actor.kind === 'agent' ? event.actor.id === requested?.actor.id : isExcluded, 'by another side')
  }
  if (event.type === 'reminded' || event.type === 'escalated')
    demand(answered.length === of('asked').length, 'while a question is open')
  if (event.type === 'reminded') {
    demand(event.data?.round === of('reminded').length + 1, 'a round was left out')
    const last = of('reminded').at(-1)?.at ?? requested?.at ?? ''
    const moments = remind.map((one) => plus(one < 0 ? limit : (requested?.at ?? ''), one))
    demand(
      moments.some((moment) => moment > last && moment <= event.at),
      'at no moment of a reminder',
    )
  }
  if (event.type === 'escalated') {
    const slots = requested?.data?.requirement ?? []
    const due = slots.flatMap(({ later }) =>
      later && event.at >= plus(requested?.at ?? '', later.after) ? later.groups : [],
    )
    demand(event.data?.groups?.every((name) => due.includes(name)) === true, 'groups that do not join')
  }
  if (event.type === 'glass-broken') {
    demand(
      event.data?.facts?.groups.some((name) => glass?.groups.includes(name)) === true,
      'by nobody whom policy names',
    )
    demand(!isExcluded, 'by somebody excluded')
    demand(event.data?.reviewBy === plus(event.at, glass?.review ?? 0), 'to be reviewed at another time')
  }
  if (event.type === 'approved' && event.data?.by === 'glass')
    demand(past.at(-1)?.type === 'glass-broken' && past.at(-1)?.at === event.at, 'without a broken glass')
}

const addsContent: readonly string[] = ['answered', 'narrowed']

/** What an approver makes smaller is a param that policy named, and the digest is another each time. */
function checkNarrowed(event: Read, past: readonly Read[], demand: (claim: boolean, what: string) => void): void {
  if (event.type !== 'narrowed') return
  const { narrowable = [], standing, excluded = [] } = past[0]?.data ?? {}
  const earlier = past.filter(({ type }) => type === 'narrowed')
  const { params = [], facts = noFacts, digest } = event.data ?? {}
  demand(earlier.length < 3, 'a fourth time')
  demand(
    params.every((name) => narrowable.includes(name)),
    'a param that policy did not name',
  )
  demand(params.length > 0 === (standing === undefined), 'of nothing')
  demand(!facts.accounts.some((account) => excluded.includes(account)), 'by somebody excluded')
  demand([past[0], ...earlier].at(-1)?.data?.digest !== digest, 'with the digest of before')
}

/** What belongs to standing approvals and their uses. */
function checkUse(event: Read, past: readonly Read[], demand: (claim: boolean, what: string) => void): void {
  const { standing, under } = past[0]?.data ?? {}
  const used = past.filter(({ type }) => type === 'used').length
  const uses = standing?.uses ?? 0
  const isTold = event.type === 'used' || event.type === 'ended'
  demand(!isTold || standing !== undefined, 'of no standing approval')
  demand(standing === undefined || !['redeemed', 'lapsed'].includes(event.type), 'of a standing approval')
  if (event.type === 'used') demand(event.data?.use === used + 1 && used < uses, 'not the next use')
  const isUsedUp = past.at(-1)?.type === 'used' && used === uses
  if (isUsedUp) demand(event.type === 'ended' && event.data?.by === 'uses', 'after the last use')
  if (event.type === 'ended' && !isUsedUp) {
    const lapsesAt = past.find(({ type }) => type === 'approved')?.data?.lapsesAt ?? ''
    demand(event.data?.by === 'time' && event.at >= lapsesAt, 'too early')
  }
  const isByStanding = event.type === 'approved' && event.data?.by === 'standing'
  demand(under === undefined || past.length > 1 || isByStanding, 'a use that is not approved at once')
  demand(!isByStanding || (under !== undefined && past.length === 1 && past[0]?.at === event.at), 'of no use')
}

function check(event: Read, past: readonly Read[]): void {
  const [requested] = past
  const of = (type: string) => past.filter((one) => one.type === type)
  const demand = (claim: boolean, what: string) => {
    if (!claim) throw new Error(`${event.type}: ${what}`)
  }
  const before = past.at(-1)
  if (before?.type === 'vote-void')
    demand(
      event.at === before.at &&
        (event.type === 'vote-void' || event.type === 'escalated' || event.data?.verdict === 'approve'),
      'not the vote',
    )
  demand(event.at >= (past.at(-1)?.at ?? ''), 'time runs backwards')
  if (!requested) return
  checkTalk(event, past, demand)
  checkUse(event, past, demand)
  checkNarrowed(event, past, demand)
  const { excluded = [], policy, executor } = requested.data ?? {}
  const { digest } = [requested, ...of('narrowed')].at(-1)?.data ?? {}
  const { slots, expiresAt } = now(requested, past)
  const [approval] = of('approved')
  if (!approval && expiresAt !== '' && event.at >= expiresAt) demand(event.type === 'expired', 'past the deadline')
  if (approval && of('redeemed').length === 0 && event.at >= (approval.data?.lapsesAt ?? ''))
    demand(event.type === (requested.data?.standing ? 'ended' : 'lapsed'), 'past the lapse')
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
    const isOther = before.some(({ data }) => now.accounts.some((one) => data?.facts?.accounts.includes(one) === true))
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
    demand(canSeat(places(slots), votes), 'without quorum')
  }
  if (event.type === 'redeemed') {
    demand(event.data?.digest === digest, 'for another action')
    demand(event.actor.id === executor, 'by another executor')
  }
}

/** The votes that are not void, and were given since the newest answer or narrowing. */
const counted = (past: readonly Read[]): readonly Read[] =>
  past.filter(
    (one, i) =>
      one.type === 'decided' &&
      i > past.findLastIndex(({ type }) => addsContent.includes(type)) &&
      !past.some((other) => other.type === 'vote-void' && other.data?.vote === hashIn(past, one)),
  )

/** The hash of an event is named by the next one of its shard, which is the next one here if the shard has no other request. */
const hashIn = (past: readonly Read[], one: Read, next?: Read): string | undefined =>
  one.hash ?? (past[past.indexOf(one) + 1] ?? next)?.prev

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
