import type { ApprovalRequest, Status } from '../core/request.ts'
import type { Instant } from '../core/instant.ts'
import type { Problem } from '../core/problem.ts'
import type { Warning } from '../core/warning.ts'

/** A moment in the reader's own time: the client fills it in. Only ever used in a TextBlock that is ours alone. */
const moment = (at: Instant): string => {
  const whole = `${at.slice(0, 19)}Z`
  return `{{DATE(${whole}, SHORT)}}, {{TIME(${whole})}}`
}

/** What every card may say of itself; the templates pick from it by name. */
const onCards = {
  fallback: 'An agent asks for approval. This client is too old to show the request.',
  params: 'Params',
  noParams: 'This action has no params.',
  erased: 'The action was erased.',
  fromAgent: 'Written by the agent, not verified',
  noReason: 'The reason was erased.',
  digest: 'Action digest',
  request: 'Request',
  review: 'Review',
  previous: 'Previous',
  next: 'Next',
  approve: 'Approve',
  note: 'Note (optional)',
  confirmIntro: 'To confirm, type the last part of the target: ',
  confirm: 'The last part of the target',
  confirmMissing: 'Type it exactly as it is shown.',
  deny: 'Deny',
  reason: 'Reason (others will read it)',
  reasonMissing: 'A denial needs a reason.',
  revoke: 'Revoke',
  revokeReason: 'Reason (optional)',
  lastPage: 'You can approve on the last page, when you have seen all of it.',
  refused: 'You cannot decide this request',
  whoMay: 'Who may decide',
  pending: 'Waiting for approval',
} as const

const labels = {
  action: 'Action',
  target: 'Target',
  environment: 'Environment',
  agent: 'Agent',
  agentId: 'Agent id',
  executor: 'Carried out by',
  onBehalfOf: 'Says it acts for',
  rules: 'Policy',
  tier: 'Tier',
  progress: 'Approvals',
} as const

const statuses: Readonly<Record<Status, string>> = {
  pending: onCards.pending,
  approved: 'Approved, not used yet',
  redeemed: 'Approved, being carried out',
  succeeded: 'Succeeded',
  failed: 'Failed',
  denied: 'Denied',
  expired: 'Expired',
  cancelled: 'Cancelled',
  lapsed: 'Approved, but not used in time',
  revoked: 'Revoked',
}

/** By code of core/warning.ts; requests of an earlier version may bear others. */
const warnings: Readonly<Record<string, string>> = {
  'denied-before': 'Warning: the same action of this agent was denied before, in the last seven days.',
  'asks-often': 'Warning: this agent asks unusually often.',
  'hidden-characters': 'Warning: a text holds characters that cannot be seen. They are written out as ⟦U+…⟧.',
  'mixed-scripts': 'Warning: a word mixes letters of several scripts. It may not be the word it looks like.',
} satisfies Readonly<Record<Warning, string>>

/** All words of the bot and its cards, except what lies in the sentences of problems. */
export const wording = {
  onCards,
  labels,
  statuses,

  speak: (status: string): string => `A request of an agent: ${status}`,

  decideBy: (at: Instant): string => `Decide by ${moment(at)}`,
  useBy: (at: Instant): string => `Lapses if it is not used by ${moment(at)}`,
  closedAt: (at: Instant): string => `Closed ${moment(at)}`,
  redeemedAt: (at: Instant): string => `Redeemed ${moment(at)}`,

  pageOf: (page: number, pages: number): string => `Page ${page} of ${pages}`,
  partOf: (part: number, parts: number): string => ` (part ${part} of ${parts})`,
  /** In brackets that no shown text has: nobody can write this into a value. */
  leftOut: (length: number): string => `⟦… ${count(length)} characters in all …⟧`,
  more: (many: number): string => ` and ${many} more`,
  slot: (groups: readonly string[], have: number, quorum: number): string => {
    const who = groups.join(' or ')
    return `${who}${quorum > 1 ? ` ${have}/${quorum}` : ''} ${have >= quorum ? '✓' : '…'}`
  },
  progress: (have: number, needed: number, slots: readonly string[]): string =>
    `${have} of ${needed}: ${slots.join(', ')}`,
  people: (groups: readonly string[], quorum: number): string =>
    quorum > 1 ? `${quorum} people of ${groups.join(' or ')}` : groups.join(' or '),

  approvedBy: 'Approved by ',
  deniedBy: 'Denied by ',
  policy: (rules: readonly string[]): string =>
    rules.length > 0 ? `policy (${rules.join(', ')})` : 'policy: no rule allows it',
  and: ', ',
  saying: ': “',
  said: '”',
  expired: 'Expired: not enough people approved it in time.',
  cancelled: 'Cancelled by the agent',
  revokedBy: 'Revoked by ',
  lapsed: 'Lapsed: nobody used the approval in time.',
  redeemed: 'Redeemed: the action is being carried out.',
  unreported: 'Redeemed, but no outcome was reported within a day.',
  succeeded: 'Reported as succeeded',
  failed: 'Reported as failed',

  youApproved: 'You approved this.',
  yourOtherAccount: 'You have already decided this with another account.',
  stillMissing: (people: readonly string[]): string => `Still missing: ${people.join(', ')}`,
  warning: (code: string): string => warnings[code] ?? `Warning: ${code}`,

  waiting: (many: number): string => `Waiting for a decision: ${many}`,
  refusal: (refusal: Problem, request: ApprovalRequest): string =>
    request.requirement ? refusal.message : 'Policy alone decided this request.',
  outOfDate: 'Nothing was counted: you had not been shown all of this request as it is now. Here it is.',
  notConfirmed: 'Nothing was counted: to approve, type the last part of the target exactly as it is shown.',
  ambiguous: 'Nothing was counted: what your Teams client sent can be read in more than one way.',
  help: [
    'I bring the requests of agents to those who may approve them.',
    'Type "pending" to see what waits for you, or "show" and an id to see one request.',
    'Decide with Review on a card; typing "approve" does nothing.',
  ].join('\n\n'),
  textDoesNothing: 'Typing this does nothing. Decide with Review on the card; "pending" lists what waits for you.',
  unknownCommand: 'I know "help", "pending" and "show" with an id.',
  nothingPending: 'Nothing waits for you.',
  showNeedsId: 'Which one? Type "show" and the id of a request.',
} as const

const count = (many: number): string => many.toLocaleString('en-US')
