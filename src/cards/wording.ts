import type { Tier } from '../core/request/event.ts'
import type { Status } from '../core/request/request.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Warning } from '../core/action/warning.ts'

/** A moment in the reader's own time: the client fills it in. Only ever used in a TextBlock that is ours alone. */
const moment = (at: Instant): string => {
  const whole = `${at.slice(0, 19)}Z`
  return `{{DATE(${whole}, SHORT)}}, {{TIME(${whole})}}`
}

/** What every card may say of itself; the templates pick from it by name. */
const onCards = {
  fallback: 'An agent asks for approval. This client is too old to show the request.',
  warned: 'Look twice',
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
  progress: 'Approvals',
} as const

/** The marks say the same as the words, to who looks only briefly: no meaning lies in a colour alone. */
const statuses: Readonly<Record<Status, string>> = {
  pending: `● ${onCards.pending}`,
  approved: '✓ Approved, not used yet',
  redeemed: '✓ Approved, being carried out',
  succeeded: '✓ Succeeded',
  failed: '✕ Failed',
  denied: '✕ Denied',
  expired: '– Expired',
  cancelled: '– Cancelled',
  lapsed: '– Approved, but not used in time',
  revoked: '✕ Revoked',
}

/** The bars tell tiers apart where colours do not. */
const tiers: Readonly<Record<Tier, string>> = {
  low: '▮▯▯ Low tier',
  medium: '▮▮▯ Medium tier',
  high: '▮▮▮ High tier',
}

/** What comes next, or that nothing does. */
const next = {
  pending: (missing: readonly string[]): string => `Still to approve: ${missing.join('; ')}. One denial ends it.`,
  approved: 'Next: the agent may carry it out, once. Until then an approver can take it back with Review.',
  redeemed: 'Next: the agent reports what became of it.',
  unreported: 'Next: ask who runs the agent what became of it.',
  succeeded: 'Nothing is left to do.',
  failed: 'Nothing is left to do here. The agent may ask again.',
  denied: 'The agent is told to stop.',
  notDone: 'Nothing was carried out.',
  again: 'Nothing was carried out. The agent may ask again.',
  unreached: 'For a while Teams took no card of this request: some approvers may not have seen it.',
} as const

/** Without the marks, which a screen reader would spell. */
const spoken = (text: string): string => text.replace(/^[^\p{L}]+/u, '')

/** By code of core/action/warning.ts; requests of an earlier version may bear others. */
const warnings: Readonly<Record<string, string>> = {
  'denied-before': 'The same action of this agent was denied before, in the last seven days.',
  'asks-often': 'This agent asks unusually often.',
  'hidden-characters': 'A text holds characters that cannot be seen. They are written out as ⟦U+…⟧.',
  'mixed-scripts':
    'A text has letters of several scripts, or that pass for others. It may not say what it seems to say.',
} satisfies Readonly<Record<Warning, string>>

/** What is wrong with a click, for the person who clicked. */
const clicks = {
  notOurs: 'This is no button of a Countersign card.',
  outdated: 'This card does not say what you were shown. Open Review again.',
  noRequest: 'This card does not say which request it is about.',
  noPage: 'There is no such page.',
  automatic: 'Only a click counts.',
  nobody: 'Teams does not say who you are, so nothing was counted.',
  nowhere: 'Teams does not say where this is.',
  inputs: { reason: 'The reason', note: 'The note', confirm: 'The confirmation' },
  notText: (input: string): string => `${input} is not text.`,
  tooLong: (input: string, most: number): string => `${input} has at most ${most} characters.`,
  invisible: (input: string): string => `${input} holds an invisible character. Please type it again.`,
} as const

/** All words of the bot and its cards, except what lies in the sentences of problems. */
export const wording = {
  onCards,
  labels,
  statuses,
  tiers,
  next,
  clicks,

  speak: (status: string, tier?: string): string =>
    ['An agent asks for approval', ...(tier === undefined ? [] : [tier]), status].map(spoken).join('. '),

  decideBy: (at: Instant): string => `Decide by ${moment(at)}`,
  useBy: (at: Instant): string => `Lapses if it is not used by ${moment(at)}`,
  closedAt: (at: Instant): string => `Closed ${moment(at)}`,
  redeemedAt: (at: Instant): string => `Redeemed ${moment(at)}`,

  pageOf: (page: number, pages: number): string => `Page ${page} of ${pages}`,
  partOf: (part: number, parts: number): string => ` (part ${part} of ${parts})`,
  /** In brackets that no shown text has: nobody can write this into a value. */
  leftOut: (length: number): string => `⟦… ${count(length)} characters in all …⟧`,
  /** Policy's word for a param, and its real key. */
  labelled: (label: string, key: string): string => `${label} (${key})`,
  notGiven: '⟦not given⟧',
  /** Of a pair of params that tell what changes. */
  sides: { before: '− ', after: '+ ' },
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
  warning: (code: string): string => warnings[code] ?? `Warning: ${code}`,

  waiting: (many: number, more: boolean): string =>
    `Waiting for a decision: ${many}${more ? ' or more. What expires first comes first.' : ''}`,
  /** The same whether there is no such request or they may not know of it; the channel's card names the groups. */
  notFound: 'There is no such request, or it is not for you. Who may decide stands on its card in the channel.',
  outOfDate: 'Nothing was counted: you had not been shown all of this request as it is now. Here it is.',
  notConfirmed: 'Nothing was counted: to approve, type the last part of the target exactly as it is shown.',
  ambiguous: 'Nothing was counted: what your Teams client sent can be read in more than one way.',
  help: [
    'I bring the requests of agents to those who may approve them.',
    'Type "pending" to see what waits for you, or "show" and an id to see one request.',
    'Decide with Review on a card; typing "approve" does nothing.',
  ].join('\n\n'),
  welcome: [
    'I bring the requests of AI agents to those who may approve them. A request appears as a card in the channel of',
    'the group that decides it; Review on the card shows you everything, and lets you approve or deny.',
    '\n\nNext: type "pending" to see what waits for you, or "help".',
  ].join(' '),
  /** The id is what an operator needs, and Teams shows it nowhere. */
  welcomeChannel: (channel: string): string =>
    [
      'I can post the requests of AI agents here, for those who may approve them.',
      `Next: whoever keeps the policy adds this channel to a group in approvers.json, as ${JSON.stringify(channel)}.`,
      'From then on each request for that group appears here as a card. Mention me with "help" for more.',
    ].join('\n\n'),
  textDoesNothing: 'Typing this does nothing. Decide with Review on the card; "pending" lists what waits for you.',
  unknownCommand: 'I know "help", "pending" and "show" with an id.',
  nothingPending: 'Nothing waits for you.',
  showNeedsId: 'Which one? Type "show" and the id of a request.',
} as const

const count = (many: number): string => many.toLocaleString('en-US')
