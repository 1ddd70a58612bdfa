import type { Action } from '../action/action.ts'
import type { Actor, Draft, Fact, ReviewFinding, Leaf, Outcome, Output, Tier, Verdict, VoidReason } from './event.ts'
import type { Digest, Hex, ObjectId, RequestId } from '../data/id.ts'
import { changed } from '../data/changed.ts'
import { earlier, type Instant, plusSeconds } from '../data/instant.ts'
import type { Presentation } from '../action/presentation.ts'
import type { RefusedCode } from './refusalCode.ts'
import type { Facts, Glass, Slot } from './requirement.ts'

export type Status = ApprovalRequest['status']

/** One ask for one action, with all that has happened to it. */
export type ApprovalRequest =
  | (Common & { readonly status: 'pending'; readonly requirement: Requirement })
  | (Common & Approved & { readonly status: 'approved' })
  | (Common & Approved & Redeemed & { readonly status: 'redeemed' })
  | (Common & Approved & Redeemed & Reported & { readonly status: 'succeeded' | 'failed' })
  | (Common & Closed & { readonly status: 'denied' | 'expired' | 'cancelled' | 'lapsed' | 'revoked' | 'ended' })

/** The first person's order, which waits for another person to give the same. */
export interface ErasureAsk {
  readonly by: ObjectId
  readonly accounts: readonly ObjectId[]
  readonly names: readonly string[]
  readonly at: Instant
}

/** What the policy asked for. Copied into the request when it is made, so that a later policy does not change it. */
export interface Requirement {
  readonly slots: readonly Slot[]
  /** Accounts of the people who may not approve: owners, sponsors, the principal. Sorted. They may deny and revoke. */
  readonly excluded: readonly ObjectId[]
  /** Those of them that only the agent's own word excludes. Sorted. Absent if there are none. */
  readonly excludedByAgent?: readonly ObjectId[]
  readonly tier: Tier
  readonly expiresAt: Instant
  /** The doors through which people may approve, sorted. Absent if every door may. */
  readonly via?: readonly string[]
  /** Present if channels are shown no more of the action than verb and target. */
  readonly private?: true
  /** A question moves the deadline to so many seconds after it, but not past `latest`. */
  readonly answer?: { readonly latest: Instant; readonly within: number }
  /** When people are reminded: seconds after the ask, or with a negative number before the deadline. Ascending. */
  readonly remind?: readonly number[]
  /** Who may approve alone in an emergency. Absent if nobody may. */
  readonly glass?: Glass
  /** The params that approvers may make smaller, sorted. Absent if there are none. */
  readonly narrowable?: readonly string[]
}

export interface Common {
  readonly id: RequestId
  readonly agent: { readonly id: ObjectId; readonly name: string }
  readonly executor: ObjectId
  readonly onBehalfOf?: ObjectId
  /** `null` once erased; the digest stays. */
  readonly action: Action | null
  /** The action's verb, which stays when the action is erased. */
  readonly verb: string
  readonly digest: Digest
  readonly policy: {
    readonly version: Digest
    readonly outcome: Outcome
    readonly rules: readonly string[]
    readonly summary?: string
    /** Copied into the request when it is made. Absent if the policy has no presentation for the action. */
    readonly presentation?: Presentation
  }
  /** Absent if no person was asked. */
  readonly requirement?: Requirement
  readonly warnings: readonly string[]
  /** Seconds from approval to lapse, and of a grant's life. Absent if policy denied the request. */
  readonly lapse?: number
  readonly grant?: number
  readonly createdAt: Instant
  readonly decisions: readonly Decision[]
  readonly shown: readonly Shown[]
  readonly undeliverable: boolean
  /** The request's events, oldest first. */
  readonly events: readonly EventRef[]
  /** The texts that people wrote, each with the number of the event that commits to it. */
  readonly said: readonly Said[]
  /** Asks to erase texts, oldest first; those that ended may be among them. Only a closed request has any. */
  readonly erasureAsks?: readonly ErasureAsk[]
  /**
   * Present if it was restored from its events alone, which have neither its action nor what was written. Only a ledger that
   * can be read and not continued has such requests.
   */
  readonly fromEvents?: true
  /** Who was refused, and why, oldest first. Absent if nobody was. */
  readonly refusals?: readonly { readonly by: ObjectId; readonly code: RefusedCode }[]
  /** What approvers asked, oldest first. Absent if nobody asked. */
  readonly questions?: readonly ApproverQuestion[]
  /** How often people were reminded, and when last. Absent before the first time. */
  readonly reminded?: { readonly round: number; readonly at: Instant }
  /** The groups that joined slots, sorted. Absent if none did. */
  readonly escalated?: readonly string[]
  /** Present once somebody approved alone in an emergency. */
  readonly glass?: BrokenGlass
  /** How approvers made it smaller, oldest first: `action` and `digest` are what is left. Absent if nobody did. */
  readonly narrowed?: readonly Narrowing[]
  /** The digest that was asked for. Present once the request was made smaller. */
  readonly askedDigest?: Digest
  /** The action that was asked for; `null` once erased. Present once the request was made smaller. */
  readonly askedAction?: Action | null
  /** Present in a standing approval, from the ask for it on. */
  readonly standing?: StandingUses
  /** Present in a use: the standing approval that it is a use of. */
  readonly under?: RequestId
  /** Which of its uses it is, from 1. */
  readonly use?: number
}

/** One step by which an approver made a request smaller. Its event is the one of type `narrowed` at the same place among those. */
export interface Narrowing {
  readonly by: ObjectId
  readonly at: Instant
  /** Of what it left. */
  readonly digest: Digest
  /** The names of what got smaller, sorted. Absent in a standing approval. */
  readonly params?: readonly string[]
  /** What it left of a standing approval. */
  readonly standing?: { readonly uses: number; readonly seconds: number }
}

/** How far a standing approval is used up. */
interface StandingUses {
  readonly uses: number
  readonly used: number
  /** When it was used last. Absent before the first time. */
  readonly usedAt?: Instant
}

/** An approver's question. Its event is the one of type `asked` at the same place among those. */
export interface ApproverQuestion {
  readonly by: ObjectId
  /** The groups of the requirement that the approver is in. */
  readonly groups: readonly string[]
  readonly at: Instant
  /** Absent while the question is open. */
  readonly answer?: SideAnswer
}

export interface SideAnswer {
  readonly by: { readonly kind: 'agent' | 'person'; readonly id: ObjectId }
  readonly at: Instant
  /** Its place among the request's events of type `answered`, from 0. */
  readonly place: number
}

interface BrokenGlass {
  readonly by: ObjectId
  /** All accounts of that person. */
  readonly accounts: readonly ObjectId[]
  readonly at: Instant
  readonly reviewBy: Instant
  /** Present once another person has looked at it. */
  readonly review?: { readonly by: ObjectId; readonly at: Instant; readonly finding: ReviewFinding }
  /** Present if nobody had by `reviewBy`. */
  readonly unreviewed?: true
}

interface Approved {
  readonly approvedAt: Instant
  readonly lapsesAt: Instant
}

interface Redeemed {
  readonly redeemedAt: Instant
  /** The uuid that the executor chose. */
  readonly redemption: string
  readonly unreported: boolean
}

interface Reported {
  readonly closedAt: Instant
  readonly output?: Output
}

interface Closed {
  readonly closedAt: Instant
  readonly closedBy: Actor
}

export interface Decision {
  readonly approver: ObjectId
  readonly verdict: Verdict
  readonly via: string
  readonly facts: Facts
  readonly at: Instant
  /** Present once the vote no longer counts. */
  readonly void?: { readonly why: VoidReason; readonly at: Instant }
}

/** A page of a view that an approver was shown. */
interface Shown {
  readonly approver: ObjectId
  readonly view: Digest
  readonly content: Hex
  readonly page: number
  readonly pages: number
}

interface EventRef {
  readonly seq: number
  readonly type: Fact['type']
  readonly hash: Hex
}

export interface Said {
  readonly seq: number
  readonly name: string
  readonly text: string
}

/** A request after a command, and the events that record it. Without events nothing has changed: no commit follows. */
export interface Step {
  readonly request: ApprovalRequest
  readonly events: readonly Draft[]
}

/**
 * Adds events and texts to a request, with the numbers and hashes that chaining gave them. Called once, after the rule
 * and before the commit.
 */
export function recorded(request: ApprovalRequest, leaves: readonly Leaf[]): ApprovalRequest {
  return {
    ...request,
    events: [...request.events, ...leaves.map(({ seq, type, hash }) => ({ seq, type, hash }))],
    said: [...request.said, ...rowTexts(leaves)],
  }
}

/**
 * The texts beside events that a request's row has, too. Reasons of erasures are not among them: no card shows them, and the
 * row would grow with each event that loses a text.
 */
export const rowTexts = (leaves: readonly Pick<Leaf, 'seq' | 'type' | 'said'>[]): readonly Said[] =>
  leaves
    .filter(({ type }) => type !== 'erased' && type !== 'erasure-asked')
    .flatMap(({ seq, said }) => Object.entries(said).map(([name, { text }]): Said => ({ seq, name, text })))

/** The text of this name in the newest event of a type; `null` if it has none, or if it is erased. */
export function saidIn(request: ApprovalRequest, type: Fact['type'], name: string): string | null {
  const seq = request.events.findLast((event) => event.type === type)?.seq
  return request.said.find((text) => text.seq === seq && text.name === name)?.text ?? null
}

/** The texts of a decision that are not erased: the approver's name and reason. */
export function saidWith(request: ApprovalRequest, decision: Decision): Readonly<Record<string, string>> {
  // Every vote is one decision and one `decided` event, in the same order.
  const votes = request.events.filter(({ type }) => type === 'decided')
  const seq = votes[request.decisions.indexOf(decision)]?.seq
  const texts = request.said.filter((text) => text.seq === seq)
  return Object.fromEntries(texts.map(({ name, text }) => [name, text]))
}

const addsContent = ({ type }: EventRef): boolean => type === 'answered' || type === 'narrowed'

const hasContent = (event: EventRef): boolean => event.type === 'requested' || addsContent(event)

/** The hash of the newest event that has content. An approver's view commits to it. */
export const contentOf = (request: ApprovalRequest): Hex | null => request.events.findLast(hasContent)?.hash ?? null

/**
 * Whether something was added to what the request itself says: an answer, or that it was made smaller. Then its digest alone
 * does not tell what people decide on.
 */
export const hasLaterContent = ({ events }: ApprovalRequest): boolean => events.some(addsContent)

/** The digest of the action as it was asked for, whatever is left of that. */
export const askedDigestOf = ({ askedDigest, digest }: Pick<ApprovalRequest, 'askedDigest' | 'digest'>): Digest =>
  askedDigest ?? digest

/** The action as it was asked for, whatever is left of that; `null` once erased. */
export const askedActionOf = ({
  askedAction,
  action,
}: Pick<ApprovalRequest, 'askedAction' | 'action'>): Action | null => (askedAction === undefined ? action : askedAction)

/**
 * The votes that were given on the content as it is now, oldest first, those that are void left out. Votes from before the
 * newest answer or narrowing count no more.
 */
export function currentVotes(request: ApprovalRequest): readonly Decision[] {
  const { decisions, events } = request
  // A vote of the step at hand has no event yet, and is on the content as it is now.
  const before = events.slice(0, events.findLastIndex(hasContent)).filter(({ type }) => type === 'decided').length
  return decisions.slice(before).filter((decision) => !decision.void)
}

/** The hash by which an answer names a question. */
export function hashOfQuestion(request: ApprovalRequest, question: ApproverQuestion): Hex {
  const asked = request.events.filter(({ type }) => type === 'asked')
  const hash = asked[request.questions?.indexOf(question) ?? -1]?.hash
  if (hash === undefined) throw new RangeError('A question that was recorded has its event.')
  return hash
}

/** The groups that decide a request. */
export const decidingGroups = ({ requirement }: Pick<ApprovalRequest, 'requirement'>): readonly string[] => [
  ...new Set(requirement?.slots.flatMap(({ groups }) => groups)),
]

/** The groups whose people may know of a request: those that decide it, and those that may break the glass. */
export const involvedGroups = (request: Pick<ApprovalRequest, 'requirement'>): readonly string[] => [
  ...new Set([...decidingGroups(request), ...(request.requirement?.glass?.groups ?? [])]),
]

/** Whether a request asks for a standing approval: it approves nothing that could be redeemed. */
export const isStanding = ({ standing }: Pick<ApprovalRequest, 'standing'>): boolean => standing !== undefined

/** Seconds that an executor has to report before a redeemed request counts as unreported. */
const reportWithin = 24 * 3600

/** A final status. Only an erasure can still change such a request. */
export type ClosedStatus = Extract<ApprovalRequest, { readonly closedAt: Instant }>['status']

interface OpenRow<S extends Status> {
  /** What the agent does next. */
  readonly next: 'wait' | 'redeem' | 'report' | 'use'
  /** Finds the deadline at which the request changes by itself; `null` if it has none. */
  deadline(request: ApprovalRequest & { readonly status: S }): Instant | null
  /** Changes the request after its deadline has passed. */
  pass(request: ApprovalRequest & { readonly status: S }, at: Instant): Step
}

interface ClosedRow {
  readonly next: 'stop'
}

/** What follows each status. The names are API and never change; the union tells which are closed. */
const table: { readonly [S in Status]: S extends ClosedStatus ? ClosedRow : OpenRow<S> } = {
  pending: {
    next: 'wait',
    deadline: (request) => request.requirement.expiresAt,
    pass: (request, at) => ended(request, 'expired', at),
  },
  approved: {
    next: 'redeem',
    deadline: (request) => request.lapsesAt,
    pass: (request, at) => (isStanding(request) ? endStanding(request, 'time', at) : ended(request, 'lapsed', at)),
  },
  denied: { next: 'stop' },
  expired: { next: 'stop' },
  cancelled: { next: 'stop' },
  redeemed: {
    next: 'report',
    deadline: (request) => (request.unreported ? null : plusSeconds(request.redeemedAt, reportWithin)),
    pass: (request) => ({
      request: { ...request, unreported: true },
      events: [{ type: 'unreported', actor: system, request: request.id }],
    }),
  },
  lapsed: { next: 'stop' },
  revoked: { next: 'stop' },
  ended: { next: 'stop' },
  succeeded: { next: 'stop' },
  failed: { next: 'stop' },
}

export const statuses = Object.keys(table) as readonly Status[] as readonly [Status, ...Status[]]

const rowOf = (request: ApprovalRequest): OpenRow<Status> | ClosedRow => table[request.status]

/** Whether people can still decide on a request, or its approval can still be used. */
export const isOpen = ({ status }: Pick<ApprovalRequest, 'status'>): boolean =>
  status === 'pending' || status === 'approved'

/** What the agent of a request does next, as far as its status tells. */
export const nextOf = (request: ApprovalRequest): (OpenRow<Status> | ClosedRow)['next'] =>
  request.status === 'approved' && isStanding(request) ? 'use' : rowOf(request).next

/** The next deadline, at which the request changes by itself; `null` if it has none. */
export function due(request: ApprovalRequest): Instant | null {
  const row = rowOf(request)
  const deadline = 'deadline' in row ? row.deadline(request) : null
  const review = reviewDue(request)
  return deadline !== null && review !== null ? earlier(deadline, review) : (deadline ?? review)
}

/** Until when somebody has to review that a glass was broken; `null` if nobody has to, or the time is over. */
const reviewDue = ({ glass }: ApprovalRequest): Instant | null =>
  glass && !glass.review && !glass.unreviewed ? glass.reviewBy : null

/** Whether a glass was broken and nobody has reviewed it, in time or late. */
export const awaitsReview = ({ glass }: Pick<Common, 'glass'>): boolean => glass !== undefined && !glass.review

/**
 * Lets a deadline that has passed take effect: `expired`, `lapsed`, `unreported` or `unreviewed`.
 * A use case that loads an overdue request commits this first, so that no decision counts after a deadline.
 *
 * @returns `null` if no deadline has passed
 */
export function overdue(request: ApprovalRequest, at: Instant): Step | null {
  const next = due(request)
  if (next === null || at < next) return null
  const row = rowOf(request)
  if ('deadline' in row && row.deadline(request) === next) return row.pass(request, at)
  return unreviewed(request)
}

const system = { kind: 'system' } as const

function unreviewed(request: ApprovalRequest): Step {
  const { glass } = request
  return {
    request: { ...request, ...(glass && { glass: { ...glass, unreviewed: true } }) },
    events: [{ type: 'unreviewed', actor: system, request: request.id }],
  }
}

const ended = (request: ApprovalRequest, status: 'expired' | 'lapsed', at: Instant): Step => ({
  request: closed(request, status, system, at),
  events: [{ type: status, actor: system, request: request.id }],
})

/** Ends a standing approval: its time is over, or its last use is taken. */
export const endStanding = (request: ApprovalRequest, by: 'uses' | 'time', at: Instant): Step => ({
  request: closed(request, 'ended', system, at),
  events: [{ type: 'ended', actor: system, request: request.id, data: { by } }],
})

/** Closes a request in a final status other than an outcome. */
export function closed(
  request: ApprovalRequest,
  status: Extract<ApprovalRequest, Closed>['status'],
  closedBy: Actor,
  closedAt: Instant,
): ApprovalRequest {
  return changed(common(request), { status, closedBy, closedAt })
}

type MemberOf<One> = One extends unknown ? keyof One : never

/** The members that only some statuses have. */
type StatusMember = Exclude<MemberOf<ApprovalRequest>, keyof Common>

/** All such members. The compiler refuses a missing one, and a member that every status has. */
const statusMembers: Readonly<Record<StatusMember, true>> = {
  status: true,
  approvedAt: true,
  lapsesAt: true,
  redeemedAt: true,
  redemption: true,
  unreported: true,
  closedAt: true,
  closedBy: true,
  output: true,
}

/** Whether a member belongs to some statuses alone. */
export const isStatusMember = (name: string): boolean => Object.hasOwn(statusMembers, name)

/**
 * Strips a request of the members that belong to its status alone. Keeps all others, even unknown ones: a member that a
 * later program added must survive a change by this program.
 */
function common(request: ApprovalRequest): Common {
  const kept = Object.entries(request).filter(([name]) => !isStatusMember(name))
  return Object.fromEntries(kept) as unknown as Common
}
