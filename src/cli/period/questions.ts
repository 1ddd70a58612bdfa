import type { ObjectId } from '../../core/data/id.ts'
import { fill, overlap, type Slot } from '../../core/request/requirement.ts'
import { listIn } from './account.ts'
import type { RequestFacts } from './facts.ts'

/** A question of an auditor about every request of a period. */
export interface AuditQuestion {
  readonly id: string
  readonly title: string
  /** What belongs to the population, and what is found in it. */
  readonly words: string
  /** Whether every find is an exception, so that there should be none; else the finds are there to be read. */
  readonly isTest: boolean
  /** The controls of NIST SP 800-53 that the answer supports. */
  readonly supports: readonly string[]
  readonly isOfPopulation: (facts: RequestFacts) => boolean
  /** Says what is found in a request of the population; `null` if nothing is. */
  readonly find: (facts: RequestFacts) => string | null
}

const isCarriedOut = ({ cells }: RequestFacts): boolean => cells.redeemed_at !== ''
const isByPeople = ({ cells }: RequestFacts): boolean => cells.outcome === 'approve'
const has = (type: string) => (facts: RequestFacts) => facts.steps.some((step) => step.type === type)
const all = (): boolean => true

/** Finds requests with an exception of this kind. */
const oddOf = (kind: string) => (facts: RequestFacts) => {
  const found = facts.odd.filter((one) => one.kind === kind)
  return found.length === 0 ? null : found.map(({ at, actor, detail }) => `${at} ${actor} ${detail}`.trim()).join('; ')
}

/** All questions, in the order of the report. Another one is one more row. */
export const questions: readonly AuditQuestion[] = [
  {
    id: 'redeemed-only-when-approved',
    title: 'Decided before it was carried out',
    words:
      'Of the requests that were carried out: those without an approval, by people or by policy, that is older than the execution.',
    isTest: true,
    supports: ['AC-6(9)', 'CM-3', 'CM-5'],
    isOfPopulation: isCarriedOut,
    find: (facts) => (isApprovedBefore(facts) ? null : 'no approval before the execution'),
  },
  {
    id: 'no-self-approval',
    title: 'Decided by somebody independent',
    words:
      'Of the requests with an approving vote that counts, or that one person approved alone in an emergency: those where it is of an account that may not approve, as an owner or sponsor of the agent, the person it acts for, the agent itself or the executor.',
    isTest: true,
    supports: ['AC-5'],
    isOfPopulation: (facts) => approvals(facts).length > 0 || facts.glass !== undefined,
    find: dependent,
  },
  {
    id: 'quorum-met',
    title: 'Decided by as many people as policy asks for',
    words:
      'Of the requests that people approved, without those that one approved alone in an emergency: those whose approving votes do not fill every place that the rules of the time ask for with another person of the groups named.',
    isTest: true,
    supports: ['AC-5', 'CM-3'],
    isOfPopulation: (facts) => isByPeople(facts) && has('approved')(facts) && facts.glass === undefined,
    find: unfilled,
  },
  {
    id: 'outcome-reported',
    title: 'The outcome was reported',
    words: 'Of the requests that were carried out: those of which no outcome was reported within a day.',
    isTest: true,
    supports: ['AU-12'],
    isOfPopulation: isCarriedOut,
    find: oddOf('unreported'),
  },
  {
    id: 'glass-reviewed',
    title: 'Emergencies were reviewed',
    words:
      'Of the requests that one person approved alone in an emergency (break-glass): those that no other person reviewed in time, or that were found not to be justified. One whose time is not over is no exception.',
    isTest: true,
    supports: ['AC-5'],
    isOfPopulation: ({ glass }) => glass !== undefined,
    find: (facts) => oddOf('unreviewed')(facts) ?? unjustified(facts),
  },
  {
    id: 'glass-broken',
    title: 'Approved alone in an emergency',
    words:
      'Of the requests that people approved: those that one person approved alone (break-glass), and who reviewed that.',
    isTest: false,
    supports: [],
    isOfPopulation: (facts) => isByPeople(facts) && has('approved')(facts),
    find: ({ glass }) => (glass ? glassWords(glass) : null),
  },
  {
    id: 'without-people',
    title: 'Carried out without people',
    words: 'Of the requests that were carried out: those that a rule of policy allows without a person.',
    isTest: false,
    supports: [],
    isOfPopulation: isCarriedOut,
    find: ({ cells }) => (cells.outcome === 'allow' ? `allowed by ${cells.rules}` : null),
  },
  {
    id: 'denied',
    title: 'Refused',
    words: 'Of all requests: those that people, a rule, or the lack of a rule denied.',
    isTest: false,
    supports: [],
    isOfPopulation: all,
    find: ({ cells }) => (cells.state === 'denied' ? deniedBy(cells) : null),
  },
  {
    id: 'refused',
    title: 'Tried what they may not',
    words: 'Of all requests: those at which somebody was refused, as for approving what they asked for themselves.',
    isTest: false,
    supports: [],
    isOfPopulation: all,
    find: ({ refusals }) =>
      refusals.length === 0 ? null : refusals.map(({ at, by, act, code }) => `${at} ${by} ${act}: ${code}`).join('; '),
  },
  ...[
    ['expired', 'Expired', 'those that nobody decided in time', 'expired'],
    ['never-used', 'Never used', 'those that were approved, and not carried out in time', 'never-used'],
    ['failed', 'Failed', 'those that were carried out, and failed', 'failed'],
    ['revoked', 'Taken back', 'those whose approval was taken back', 'revoked'],
    ['undeliverable', 'Not delivered', 'those of which no approver could be told', 'undeliverable'],
    [
      'approver-excluded',
      'Approvers excluded',
      'those where the agent’s own word keeps people from approving',
      'approver-excluded',
    ],
    [
      'escalated',
      'More people were let approve',
      'those where nobody had approved in time, so that more groups may',
      'escalated',
    ],
    ['vote-void', 'Votes that no longer count', 'those with such a vote', 'vote-void'],
    ['stood-in', 'Deputies acted', 'those on which somebody acted for a member who was away', 'stood-in'],
  ].map(
    ([id = '', title = '', what = '', kind = '']): AuditQuestion => ({
      ...{ id, title, words: `Of all requests: ${what}.`, isTest: false, supports: [] },
      ...{ isOfPopulation: all, find: oddOf(kind) },
    }),
  ),
  ...[
    ['hasty', 'Decided in haste', 'those with a vote less than 5 s after the first look'],
    [
      'unseen',
      'Decided without a look',
      'those with a vote for which nothing records that the approver was shown the request',
    ],
  ].map(
    ([id = '', title = '', what = '']): AuditQuestion => ({
      ...{ id, title, words: `Of the requests on which people voted: ${what}.`, isTest: false, supports: [] },
      ...{ isOfPopulation: ({ votes }) => votes.length > 0, find: oddOf(id) },
    }),
  ),
]

function isApprovedBefore({ steps }: RequestFacts): boolean {
  const approved = steps.findIndex(({ type }) => type === 'approved')
  const redeemed = steps.findIndex(({ type }) => type === 'redeemed')
  if (approved < 0 || redeemed < 0) return false
  const [first, then] = [steps[approved], steps[redeemed]]
  return first !== undefined && then !== undefined && first.seq < then.seq && first.at <= then.at
}

/** The approving votes that count. */
const approvals = ({ votes }: RequestFacts) =>
  votes.filter(
    (vote, i) =>
      vote.void === undefined &&
      !vote.outdated &&
      vote.verdict === 'approve' &&
      !votes.slice(i + 1).some(({ by }) => by === vote.by),
  )

function unjustified({ glass }: RequestFacts): string | null {
  return glass?.review?.finding === 'unjustified' ? glassWords(glass) : null
}

function glassWords({ at, by, reviewBy, review }: NonNullable<RequestFacts['glass']>): string {
  const reviewed = review ? `${review.finding}, as ${review.by} found at ${review.at}` : `to be reviewed by ${reviewBy}`
  return `${at} by ${by}; ${reviewed}`
}

function dependent(facts: RequestFacts): string | null {
  const { agent, executor } = facts.cells
  const barred = [...facts.excluded, agent as ObjectId, executor as ObjectId]
  const all = [...approvals(facts), ...(facts.glass ? [facts.glass] : [])]
  const found = all.filter(({ by, accounts }) => overlap([by, ...accounts], barred))
  return found.length === 0 ? null : `approved by ${found.map(({ by }) => by).join('; ')}`
}

function unfilled(facts: RequestFacts): string | null {
  const slots = listIn(facts.cells.required).map(slotIn)
  const filled = fill(slots, approvals(facts))
  const open = slots.filter(({ quorum }, i) => (filled[i] ?? 0) < quorum)
  return open.length === 0 ? null : `not filled: ${open.map(({ groups }) => groups.join('|')).join('; ')}`
}

/** Reads `dba:2` and `security|oncall:1`. */
function slotIn(text: string): Slot {
  const [, groups = '', quorum = ''] = /^(.*):(\d+)$/.exec(text) ?? []
  return { groups: groups.split('|'), quorum: Number(quorum) }
}

function deniedBy({ outcome, denied_by, rules }: RequestFacts['cells']): string {
  if (outcome === 'forbid') return `forbidden by ${rules}`
  return outcome === 'no-policy' ? 'no rule covers it' : `denied by ${denied_by}`
}
