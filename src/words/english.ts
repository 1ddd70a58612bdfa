import type { Output, Requested, VoidReason } from '../core/request/event.ts'
import { scopeText } from '../core/request/hold.ts'
import type { Facts } from '../core/request/requirement.ts'
import { clock, exact, name, quoted, type Sentence, text, time } from './run.ts'
import type { RuleConditions } from './ruleWords.ts'
import type { StopCode } from '../core/request/nextStep.ts'
import type { Words } from './words.ts'
import type { Warning } from '../core/action/warning.ts'

const card: Words['card'] = {
  fallback: 'An agent asks for approval. This client is too old to show the request.',
  warned: 'Look twice',
  params: 'Params',
  noParams: 'This action has no params.',
  erased: 'The action was erased.',
  fromAgent: 'Written by the agent, not verified',
  noReason: 'The reason was erased.',
  withheld: 'Policy keeps the rest private. Review shows it to those who may decide.',
  digest: 'Action digest',
  request: 'Request',
  agentId: 'Agent id',
  review: 'Review',
  previous: 'Previous',
  next: 'Next',
  approve: 'Approve',
  approveForm: 'Approve…',
  noteForm: 'Note…',
  approveNoted: 'Approve with this note',
  note: 'Note (optional)',
  confirmIntro: 'To confirm, type the last part of the target: ',
  confirm: 'The last part of the target',
  confirmMissing: 'Type it exactly as it is shown.',
  deny: 'Deny',
  denyForm: 'Deny…',
  denyNow: 'Deny with this reason',
  reason: 'Reason (others will read it)',
  reasonMissing: 'A denial needs a reason.',
  revoke: 'Revoke',
  revokeForm: 'Revoke…',
  revokeNow: 'Revoke the approval',
  revokeReason: 'Reason (optional)',
  askForm: 'Ask…',
  askNow: 'Send this question',
  question: 'Question to the agent’s side (others will read it)',
  questionMissing: 'A question needs words.',
  answer: 'Answer for the agent (others will read it)',
  answerNow: 'Send this answer',
  answerMissing: 'An answer needs words.',
  breakForm: 'Break glass…',
  breakNow: 'Approve alone now',
  breakReason: 'Reason (all who may review this will read it)',
  breakMissing: 'Breaking the glass needs a reason.',
  justifiedForm: 'Justified…',
  justifiedNow: 'It was justified',
  unjustifiedForm: 'Not justified…',
  unjustifiedNow: 'It was not justified',
  finding: 'Reason (others will read it)',
  findingMissing: 'A review needs a reason.',
  back: 'Back',
  lastPage: 'You can approve on the last page, when you have seen all of it.',
  refused: 'You cannot decide this request',
  whoMay: 'Who may decide',
  pending: 'Waiting for approval',
}

const labels: Words['labels'] = {
  action: 'Action',
  target: 'Target',
  environment: 'Environment',
  agent: 'Agent',
  executor: 'Carried out by',
  onBehalfOf: 'Says it acts for',
  excludedByAgent: 'By its own word kept from approving',
  doors: 'Approve in',
}

const statuses: Words['statuses'] = {
  pending: `● ${card.pending}`,
  approved: '✓ Approved, not used yet',
  redeemed: '✓ Approved, being carried out',
  succeeded: '✓ Succeeded',
  failed: '✕ Failed',
  denied: '✕ Denied',
  expired: '– Expired',
  cancelled: '– Cancelled',
  lapsed: '– Approved, but not used in time',
  revoked: '✕ Revoked',
  ended: '– Ended',
}

const tiers: Words['tiers'] = {
  low: '▮▯▯ Low tier',
  medium: '▮▮▯ Medium tier',
  high: '▮▮▮ High tier',
}

const warnings = {
  'denied-before': 'The same verb on the same target was denied to this agent before, in the last seven days.',
  'denied-to-others': 'The same verb on the same target was denied to another agent, in the last seven days.',
  'asks-again': 'This agent already waits for a decision on the same verb and target, with other params.',
  'asks-often': 'This agent asks unusually often.',
  'hidden-characters': 'A text holds characters that cannot be seen. They are written out as ⟦U+…⟧.',
  'mixed-scripts': 'A text has letters of several scripts in one word. It may not say what it seems to say.',
  'approver-excluded':
    'The agent’s own word (for whom it acts, or who carries it out) keeps people from approving who otherwise could.',
  'look-alikes': 'A text has characters that pass for others. It may not say what it seems to say.',
  'not-normalized': 'A text is written so that another text looks the same. What differs is written out as ⟦U+…⟧.',
} satisfies Readonly<Record<Warning, string>>

const notDone = 'Nothing was carried out.'

const next: Words['next'] = {
  pending: (missing) => `Still to approve: ${missing.join('; ')}. One denial ends it.`,
  approved: 'Next: the agent may carry it out, once. Until then an approver can revoke it: Review, then Revoke.',
  redeemed: 'Next: the agent reports what became of it.',
  unreported: 'Next: ask who runs the agent what became of it.',
  closed: {
    succeeded: 'Nothing is left to do.',
    failed: 'Nothing is left to do here. The agent may ask again.',
    denied: 'The agent is told to stop.',
    cancelled: notDone,
    revoked: notDone,
    expired: `${notDone} The agent may ask again.`,
    lapsed: `${notDone} The agent may ask again.`,
    ended: 'It covers nothing any more. The agent asks for each action again, or for another standing approval.',
  },
  unreached: 'For a while Teams took no card of this request: some approvers may not have seen it.',
}

const policy = (rules: readonly string[]): string =>
  rules.length > 0 ? `policy (${rules.join(', ')})` : 'policy: no rule allows it'

const listed = (names: readonly string[]): Sentence =>
  names.flatMap((one, i) => (i === 0 ? [name(one)] : [text(', '), name(one)]))

const voided: Readonly<Record<VoidReason, string>> = {
  left: 'has left the group',
  disabled: 'has a disabled account',
  excluded: 'may not approve it by now',
  duplicate: 'voted before with another account',
}

const history: Words['history'] = {
  approvedBy: (names, more) => [
    text('Approved by '),
    ...listed(names),
    ...(more > 0 ? [text(` and ${more} more`)] : []),
  ],
  approvedByPolicy: (rules) => [text('Approved by '), text(policy(rules))],
  deniedBy: (who) => [text('Denied by '), ...who],
  deniedByPolicy: (rules) => [text('Denied by '), text(policy(rules))],
  revokedBy: (who) => [text('Revoked by '), ...who],
  revokedByPolicy: 'Revoked by policy: a rule forbids it by now.',
  tampered: 'Ended by an operator: the stored record of this request was changed from outside.',
  voided: (who, why) => [text('Not counted any more: '), name(who), text(` ${voided[why]}`)],
  expired: 'Expired: not enough people approved it in time.',
  cancelled: 'Cancelled by the agent',
  lapsed: 'Lapsed: nobody used the approval in time.',
  ended: 'Ended: all uses are taken, or the time is over.',
  redeemed: 'Redeemed: the action is being carried out.',
  unreported: 'Redeemed, but no outcome was reported within a day.',
  succeeded: 'Reported as succeeded',
  failed: 'Reported as failed',
  saying: (words) => [text(': “'), quoted(words), text('”')],
}

const saying = (words: string | null): Sentence => (words === null ? [text('.')] : history.saying(words))

const talk: Words['talk'] = {
  asks: (who, question) =>
    question === undefined
      ? [name(who), text(' asked a question, which was erased.')]
      : [name(who), text(' asks: “'), quoted(question), text('”')],
  earlier: (many) =>
    many === 1 ? '1 earlier question: Review shows it.' : `${many} earlier questions: Review shows them.`,
  waits: 'Waiting for the answer.',
  waitsUnnamed: 'Waiting for the answer to a question.',
  byPerson: (who) => [text('By '), name(who), text(', for the agent')],
  erased: 'The answer was erased.',
  answered: (answer) => [text(': “'), quoted(answer), text('”')],
  person: (number) => `Person ${number}`,
  narrowed: (who) => [text('Narrowed by '), name(who)],
  narrowedUnnamed: 'An approver made it smaller.',
  stale: (have, of, names, isNarrowed) => [
    text(`${have} of ${of} (`),
    ...listed(names),
    text(isNarrowed ? ' approved before it was narrowed)' : ' approved before the answer)'),
  ],
  joined: (groups) => `Now ${groups.join(' and ')} may approve, too.`,
}

const emergency: Words['emergency'] = {
  broken: (who, reason) => [text('Break-glass: approved by '), name(who), text(' alone'), ...saying(reason)],
  brokenUnnamed: 'Break-glass: approved by one person alone.',
  reviewBy: (at) => [text('To be reviewed by '), time(at)],
  unreviewed: (at) => [text('Nobody reviewed it by '), time(at)],
  finding: {
    justified: (who, reason) => [text('Found justified by '), name(who), ...saying(reason)],
    unjustified: (who, reason) => [text('Found not justified by '), name(who), ...saying(reason)],
  },
  findingUnnamed: {
    justified: 'Another person found that justified.',
    unjustified: 'Another person found that not justified.',
  },
  next: 'Next: another approver says whether that was justified. Review leads there.',
  onlyGlass: 'You are in no group that decides this. In an emergency you can approve it alone, by “Break glass…”.',
}

const standing: Words['standing'] = {
  title: (uses, length) => ` and up to ${uses} like it, for ${length}`,
  runs: (uses, length) =>
    `Standing approval: for ${length} from the approval on, the agent may do this and what is like it, ${uses === 1 ? 'once' : `${uses} times in all`}. No person is asked again.`,
  varies: 'Each is as shown here, except that these may vary:',
  nothingVaries: 'Each is exactly as shown here.',
  upTo: (param, most) => [exact(param), text(': any number from 0 to '), exact(String(most))],
  among: (param, items, isList) => [exact(param), text(isList ? ': some of ' : ': one of '), exact(items.join(', '))],
  below: (prefix) => [text('the target: anything that begins with '), exact(prefix)],
  used: (used, uses) => `✓ Approved: ${used} of ${uses} used`,
  usedAt: (at) => [text('Used last '), time(at)],
  until: (at) => [text('Stands until '), time(at)],
  next: (left) =>
    `Next: the agent may use it ${left === 1 ? 'once more' : `${left} times more`}. An approver can take it back at once: Review, then Revoke.`,
  use: (use, of) => [text(`Use ${use} of standing approval `), exact(of)],
}

const notices: Words['notices'] = {
  reminded: 'Reminder: this still waits for approval.',
  escalated: 'This still waits for approval, and more people may approve it now.',
  'glass-broken': 'Break-glass: one person approved this alone.',
  asked: 'An approver asks a question about this.',
  answered: 'A question about this was answered. Approvals from before count no more.',
  narrowed: 'An approver made this smaller. Approvals from before count no more.',
  failed: 'This was approved and carried out, and it failed.',
  unreported: 'This was approved and begun, and nobody reported what became of it.',
  expired: 'This expired: not enough people approved it in time.',
}

const deadline: Words['deadline'] = {
  decideBy: (asked, by, length, isShort) => [
    text('Asked '),
    time(asked),
    text(isShort ? '; decide by ' : '. Decide by '),
    isShort ? clock(by) : time(by),
    text(` (${length} in all)`),
  ],
  useBy: (at) => [text('Lapses if it is not used by '), time(at)],
  redeemedAt: (at) => [text('Redeemed '), time(at)],
  closedAt: (at) => [text('Closed '), time(at)],
}

const either = (groups: readonly string[]): string => groups.join(' or ')

const progress: Words['progress'] = {
  people: (groups, quorum) => (quorum > 1 ? `${quorum} people of ${either(groups)}` : either(groups)),
  standIn: (deputy, member) => `${deputy} for ${member} (away)`,
  approvedBy: (who, isReader) => [text('✓ Approved by '), name(who), ...(isReader ? [text(' (you)')] : [])],
  counted: (groups, have, quorum) => `${either(groups)}: ${have} of ${quorum}`,
}

const params: Words['params'] = {
  pageOf: (page, pages) => `Page ${page} of ${pages}`,
  askedFor: (value) => `asked for ${value}`,
  partOf: (part, parts) => `part ${part} of ${parts}`,
  leftOut: (length) => `⟦… ${length.toLocaleString('en-US')} characters in all …⟧`,
  labelled: (label, key) => `${label} (${key})`,
  notGiven: '⟦not given⟧',
  sides: { before: '− ', after: '+ ' },
  forms: {
    text: (lines) => `text, ${lines} lines`,
    diff: (lines) => `text, a diff of ${lines} lines`,
    array: (items) => (items === 1 ? 'list of 1' : `list of ${items}`),
    object: (members) => (members === 1 ? 'object with 1 member' : `object with ${members} members`),
    textChange: (lines) => `text before (−) and after (+), ${lines} lines differ`,
    change: (lines) => `before (−) and after (+), ${lines} lines differ`,
  },
  fromLine: (line) => `from line ${line}`,
  signs: { '⇥': '⇥ is a tab', '␍': '␍↵ is a Windows line end' },
}

const run: Words['run'] = {
  label: 'will run',
  runs: (command, cwd) => [exact(command), text(' in '), exact(cwd)],
  willRun: (command, cwd) => [text('Will run: '), ...run.runs(command, cwd)],
}

const buttons: Words['buttons'] = {
  confirm: (what) => `Confirm: ${what}`,
  review: (number) => `Review ${number}`,
  openLink: (host, number) => `Agent’s link${number === undefined ? '' : ` ${number}`}: ${host}`,
  openStory: 'Open in console',
}

const stops: Readonly<Record<StopCode, string>> = {
  denied: 'An approver denied this.',
  'forbidden-by-policy': 'Policy forbids this action.',
  'no-policy': 'No policy covers this action.',
  expired: 'Nobody decided in time. This is not a denial: you may ask again.',
  cancelled: 'The request was cancelled by the agent that asked.',
  revoked: 'The approval was taken back before it was used.',
  tampered: 'The stored record of this request was changed from outside, so it ended. You may ask again.',
  lapsed: 'The approval was not used in time.',
  ended: 'The standing approval has ended: its uses are taken, or its time is over.',
  succeeded: 'The action was executed and succeeded.',
  failed: 'The action was executed and failed.',
}

const gate: Words['gate'] = {
  approved: 'Approved. The approval is used up by this deployment.',
  usedElsewhere: 'The approval was used elsewhere.',
  refused: (code, sentence) => `Not asked (${code}): ${sentence}`,
  request: (id) => `Countersign request ${id}`,
  reason: (given) => `Reason: ${given}`,
}

const forbidden: Words['forbidden'] = (rules, later) => {
  const none = later ? 'Policy forbids this action by now, and took its approval back' : 'Policy forbids this action'
  const named = rules.map(({ id, summary }) =>
    summary === null ? `rule ${id}` : `${summary.trim().replace(/\.$/, '')} (rule ${id})`,
  )
  const why = named.length === 0 ? '' : `: ${named.join('; ')}`
  return `${none}${why}. Asking again gets the same answer while the rule stands.`
}

const uncovered: Words['uncovered'] = (verb, environment, found) => {
  const none = stops['no-policy']
  switch (found.why) {
    case 'undeclared': {
      const near = found.near === undefined ? '' : ` A similar one is declared: ${found.near}.`
      return `${none} The action ${verb} is not declared in schema.cedarschema.${near}`
    }
    case 'no-rules':
      return `${none} The action ${verb} is declared, but no rule of approve.cedar or allow.cedar speaks of it.`
    case 'unmatched': {
      const { rules, facts, environments, hiddenRun } = found
      const named = environments.map((one) => `"${one}"`).join(' or ')
      return [
        `${none} The action ${verb} is declared, and none of its rules matched: ${rules.join(', ')}.`,
        ...(facts.length > 0 ? [`They look at ${facts.join(', ')}.`] : []),
        ...(named === '' ? [] : [`They name the environment ${named}, and this request has "${environment}".`]),
        ...(hiddenRun
          ? ['A rule would match, but for the command in countersign.run, which the schema does not declare.']
          : []),
      ].join(' ')
    }
  }
}

const needs = (data: Requested): string => {
  const { requirement: slots, expiresAt, executor, onBehalfOf, excludedByAgent: byAgent, standing, under } = data
  return [
    ...(standing ? [`for ${standing.uses} uses`] : []),
    ...(under === undefined ? [] : [`under standing approval ${under}`]),
    slots === undefined
      ? 'decided by policy'
      : `needs ${slots.map(({ groups, quorum }) => `${quorum} of ${either(groups)}`).join(' and ')} before ${expiresAt}`,
    `to be executed by ${executor}`,
    ...(onBehalfOf === undefined ? [] : [`for ${onBehalfOf} (not verified)`]),
    ...(byAgent === undefined ? [] : [`which by its own word keeps ${byAgent.join(', ')} from approving`]),
  ].join('; ')
}

const reported = (result: string, output: Output | undefined): string =>
  `reported that it ${result}${output ? `, output of ${output.size} bytes, SHA-256 ${output.sha256}` : ''}`

const inGroups = ({ groups, for: standIn }: Facts): string =>
  `in ${groups.join(', ')}${standIn ? `, as the deputy of ${standIn.accounts.join(', ')}` : ''}`

const report: Words['report'] = {
  requested: ({ data }) => `asked; ${needs(data)}`,
  shown: ({ data: { page, pages, view } }) => `was shown page ${page} of ${pages} of view ${view}`,
  decided: ({ data: { verdict, via, view, facts } }) =>
    `${verdict === 'approve' ? 'approved' : 'denied'} via ${via}${view === undefined ? '' : `, on view ${view}`}; ${inGroups(facts)}`,
  approved: ({ data: { by, lapsesAt, standing, use } }) =>
    `approved by ${by}${standing === undefined ? '' : `, as use ${use} of ${standing}`}, to be used before ${lapsesAt}`,
  denied: ({ data }) => `denied by ${data.by}`,
  expired: () => 'expired before it was decided',
  cancelled: () => 'withdrew it',
  lapsed: () => 'lapsed: it was approved and never used',
  revoked: ({ data }) =>
    `revoked the approval${'rules' in data ? `, which ${data.rules.join(', ')} forbids by now` : ''}`,
  'vote-void': ({ data: { vote, why } }) => `counted vote ${vote} no longer: that person ${voided[why]}`,
  redeemed: ({ data }) => `started to execute it (${data.redemption})`,
  succeeded: ({ data }) => reported('succeeded', data?.output),
  failed: ({ data }) => reported('failed', data?.output),
  unreported: () => 'no outcome was reported within a day',
  undeliverable: () => 'no approver could be told of it',
  'policy-changed': ({ data: { from, to } }) =>
    from === undefined ? `the policy is ${to}` : `the policy changed from ${from} to ${to}`,
  'key-rotated': () => "the log's key was changed",
  'erasure-asked': ({ data: { names } }) => `asked to erase ${names.join(', ')}`,
  erased: ({ data: { names, event, askedBy } }) =>
    `erased ${names.join(', ')} of event ${event}, as ${askedBy} had asked`,
  tampered: ({ data: { from, to, check } }) =>
    `repaired what somebody had changed in the storage: events ${from} to ${to} (${check})`,
  exported: ({ data: { file, date } }) =>
    `downloaded ${file === 'bundle' ? 'the bundle' : 'what people wrote'} of ${date} from the service`,
  refused: ({ data: { act, code } }) => `was refused: ${act} (${code})`,
  roster: ({ data: { group, entraGroup, count, digest } }) =>
    `recorded who is in group ${group}${entraGroup === undefined ? '' : ` (Entra group ${entraGroup})`}: ${count}, list ${digest}`,
  held: ({ data: { hold, scope } }) => `put ${scopeText(scope)} on hold: nothing of it is erased (hold ${hold})`,
  released: ({ data: { hold } }) => `released hold ${hold}`,
  asked: ({ data: { via, facts, expiresAt } }) =>
    `asked a question via ${via}; ${inGroups(facts)}${expiresAt === undefined ? '' : `; people have until ${expiresAt}`}`,
  answered: ({ data: { question } }) => `answered question ${question}`,
  narrowed: ({ data: { via, params, standing, digest, policy, facts } }) =>
    `made it smaller via ${via}: ${params ? params.join(', ') : `${standing?.uses} uses in ${standing?.seconds} seconds`}; what is left has digest ${digest}, judged by policy ${policy}; in ${facts.groups.join(', ')}`,
  reminded: ({ data: { round } }) => `told people again, reminder ${round}`,
  escalated: ({ data: { groups } }) => `let ${either(groups)} approve it, too`,
  'glass-broken': ({ data: { via, view, facts, reviewBy } }) =>
    `broke the glass via ${via}${view === undefined ? '' : `, on view ${view}`}: approved it alone, to be reviewed before ${reviewBy}; in ${facts.groups.join(', ')}`,
  reviewed: ({ data: { finding } }) => `reviewed the broken glass: ${finding}`,
  unreviewed: () => 'nobody reviewed the broken glass in time',
  used: ({ data: { use, request: by, digest } }) => `took use ${use}, for request ${by} with digest ${digest}`,
  ended: ({ data: { by } }) => (by === 'uses' ? 'ended: all uses are taken' : 'ended: its time is over'),
  delegated: ({ data: { to, groups, until } }) =>
    `is away until ${until}: ${to} may act for them in ${groups.join(', ')}`,
  recalled: ({ data: { event } }) => `is back: event ${event} names no deputy any more`,
}

const exceptions: Words['exceptions'] = {
  'never-used': 'approved, and never used',
  unreported: 'started, and no outcome was reported within a day',
  failed: 'carried out, and failed',
  expired: 'expired before it was decided',
  revoked: 'the approval was taken back',
  undeliverable: 'no approver could be told of it',
  hasty: 'decided less than 5 s after the first look',
  'approver-excluded': 'the agent’s own word keeps people from approving',
  unseen: 'decided without a recorded look',
  'vote-void': 'a vote no longer counts',
  'policy-changed': 'the policy changed',
  'key-rotated': 'the log’s key changed',
  'erasure-asked': 'a person asked to erase texts',
  erased: 'texts were erased',
  tampered: 'what was stored had been changed from outside',
  exported: 'a person downloaded evidence from the service',
  refused: 'tried what they may not',
  held: 'a person put requests on hold',
  released: 'a person released a hold',
  'late-seal': 'the day was sealed late',
  escalated: 'more people may approve, since nobody had',
  'glass-broken': 'one person approved alone in an emergency',
  unreviewed: 'a broken glass was not reviewed in time',
  unjustified: 'a broken glass was found not to be justified',
  standing: 'people approved actions in advance, for a while',
  'stood-in': 'a deputy acted for a member who was away',
}

const request: Words['request'] = {
  labels: {
    request: 'request',
    status: 'status',
    approvals: 'approvals',
    approvedBy: 'approved by',
    voided: 'no longer by',
    deniedBy: 'denied by',
    asked: 'asked',
    until: 'decide by',
    summary: 'summary',
    action: 'action',
    erased: 'erased',
    agent: 'agent',
    owner: 'its owner',
    executor: 'executed by',
    onBehalfOf: 'says it acts for',
    excludedByAgent: 'may not approve',
    policy: 'policy',
    digest: 'digest',
    target: 'target',
    environment: 'environment',
    params: 'params',
    reason: 'reason',
    link: 'link',
    url: 'leads to',
    warning: 'look twice',
  },
  erased: 'target, environment and params',
  notVerified: (who) => `${who} (not verified)`,
  excludedByAgent: (who) => (who.length === 0 ? '' : `${who.join(', ')} (by the agent’s own word)`),
  fromAgent: '(written by the agent, not verified)',
  voted: (who, at) => `${who} at ${at}`,
  policy: (outcome, tier, rules) =>
    [outcome, tier && `tier ${tier}`, rules.join(', ')].filter((part) => part !== undefined && part !== '').join('; '),
  delivery: (state) => `cards are ${state}`,
  waits: (missing, until) => `waiting for approval by ${missing}; until ${until ?? 'it expires'}`,
  ended: (id, status, stop) => `request ${id} is ${status}${stop === undefined ? '.' : `: ${stop}`}`,
  deniedBy: (id, approver, reason) => `request ${id} is denied by ${approver}: ${reason ?? 'no reason given'}`,
}

/** Without the marks, which a screen reader would spell. */
const spoken = (shown: string): string => shown.replace(/^[^\p{L}]+/u, '')

const elsewhere = 'For all others write to me in a personal chat.'

const listOf = (items: readonly string[]): string => items.join('; ')

const bot: Words['bot'] = {
  speak: (status, tier) =>
    ['An agent asks for approval', ...(tier === undefined ? [] : [tier]), status].map(spoken).join('. '),
  yourOtherAccount: 'You have already decided this with another account.',
  excluded: {
    agent:
      'You cannot approve this: the agent says that it acts for you, or lets an agent of yours carry it out. You can deny or revoke it.',
    policy:
      'You cannot approve this: you own or sponsor the agent or its executor, or it acts for you. You can deny or revoke it.',
  },
  waiting: (many, more) => `Waiting for a decision: ${many}${more ? ' or more. What expires first comes first.' : ''}`,
  notFound:
    'There is no such request, or it is not for you. Who may decide stands on its card in the channel; guests, and accounts without a user type in the directory, never may.',
  outOfDate: 'Nothing was counted: you had not been shown all of this request as it is now. Here it is.',
  typed: (words) => `You had typed: “${words}”`,
  approveElsewhere: (doors) => `Policy lets this be approved only via ${doors.join(' or ')}. You can deny it here.`,
  notConfirmed: 'Nothing was counted: to approve, type the last part of the target exactly as it is shown.',
  ambiguous: 'Nothing was counted: what your Teams client sent can be read in more than one way.',
  help: [
    'I bring the requests of agents to those who may approve them.',
    'Type "pending" to see what waits for you, or "show" and an id to see one request.',
    'Decide with Review on a card; typing "approve" does nothing.',
    'Type "notify on" here, in your own chat, and I write to you when something concerns you.',
    'Type "away until" with a day to name a deputy who may act for you, and "back" when you are back.',
  ].join('\n\n'),
  welcome: [
    'I bring the requests of AI agents to those who may approve them. A request appears as a card in the channel of',
    'the group that decides it; Review on the card shows you everything, and lets you approve or deny.',
    '\n\nNext: type "pending" to see what waits for you, or "help".',
  ].join(' '),
  welcomeChannel: (channel) =>
    [
      'I can post the requests of AI agents here, for those who may approve them.',
      `Next: whoever keeps the policy adds this channel to a group in approvers.json, as ${JSON.stringify(channel)}.`,
      'From then on each request for that group appears here as a card. Mention me with "help" for more.',
    ].join('\n\n'),
  sharedChannel: [
    'This is a shared channel: people of other organisations who are in it see each card, with the action and its',
    'params. They cannot review or decide. Choose another channel if they should not see them.',
  ].join(' '),
  textDoesNothing: 'Typing this does nothing. Decide with Review on the card; "pending" lists what waits for you.',
  unknownCommand: 'I know "help", "pending", "away", "back", and "show" with an id.',
  nothingPending: 'Nothing waits for you.',
  nothingPendingHere: `No request of this channel waits for you. ${elsewhere}`,
  waitingHere: (many, more) =>
    `Waiting for a decision in this channel: ${many}${more ? ' or more. What expires first comes first.' : '.'} ${elsewhere}`,
  notHere: `Here I show the requests of this channel alone, since all of you can read my answer. ${elsewhere}`,
  showNeedsId: 'Which one? Type "show" and the id of a request.',
  awayUsage: (state, deputies) =>
    `${state}\n\nType "away until 2026-12-01 for" and a name, "back" when you are back. You may name ${listOf(deputies)}.`,
  awayWhom: (deputies) =>
    `Nothing was changed: write the name as it stands here, so that it means one person. You may name ${listOf(deputies)}.`,
  awayDone: (deputy, groups, until) =>
    `Until ${until} ${deputy} may act for you in ${groups.join(', ')}. You both have one vote. Type "back" when you are back before.`,
  awayNobody:
    'Policy names no deputy for a group that you are in. Whoever keeps the policy can add one to the group in approvers.json.',
  awayElsewhere: 'Say this in your own chat with me.',
  notAway: 'You are not away, as far as I know.',
  backDone: 'Welcome back: nobody acts for you any more.',
  notifyElsewhere: 'Say this in your own chat with me: I write only to those who asked me to, and only there.',
  notifyOn:
    'I will write to you here about requests that wait for you, and about questions, emergencies and failures of agents that you answer for. "notify off" ends it.',
  notifyQuiet: (hours) =>
    `I will write to you here, and not in your quiet hours (${hours}), unless it cannot wait: that more people may approve, and a broken glass. "notify on" ends the quiet hours, "notify off" all of it.`,
  notifyOff: 'I will not write to you on my own.',
  notifyUsage: (state) =>
    `${state}\n\nType "notify on", "notify off", or "notify quiet 22:00-07:00 Europe/Berlin" with your hours and time zone.`,
  notifyForm: 'Write quiet hours as "notify quiet 22:00-07:00 Europe/Berlin", with a time zone such as Europe/Berlin.',
}

const clicks: Words['clicks'] = {
  notOurs: 'This is no button of a Countersign card.',
  outdated: 'This card does not say what you were shown. Open Review again.',
  noRequest: 'This card does not say which request it is about.',
  noPage: 'There is no such page.',
  automatic: 'Only a click counts.',
  nobody: 'Teams does not say who you are, so nothing was counted.',
  nowhere: 'Teams does not say where this is.',
  inputs: {
    reason: 'The reason',
    note: 'The note',
    confirm: 'The confirmation',
    question: 'The question',
    answer: 'The answer',
    less: 'What is left',
  },
  notText: (input) => `${input} is not text.`,
  tooLong: (input, most) => `${input} has at most ${most} characters.`,
  invisible: (input) => `${input} holds an invisible character. Please type it again.`,
}

const less: Words['less'] = {
  form: 'Change…',
  now: 'Make it smaller',
  about:
    'A number may get lower, and a list may lose items. Nothing is decided by that: approvals from before count no more, and you approve what is left afterwards.',
  reason: 'Why less is enough (optional, others will read it)',
  number: (name, before) => `${name}, lower than ${before}`,
  uses: (before) => `How many uses, fewer than ${before}`,
  seconds: (before) => `For how many seconds, fewer than ${before}`,
  list: (name) => `What is left of ${name}`,
  item: (place, text) => (text === null ? `Item ${place}` : `${place}: ${text}`),
  tooLong: (name) => `${name} has too many items for a card. Use the console, or countersign narrow.`,
  noRoom: 'This card has no room for the form. Use the console, or countersign narrow.',
  missing: 'Make at least one of them smaller.',
  noNumber: (name) => `${name}: write a number in digits, with at most four places.`,
}

const batch: Words['batch'] = {
  open: (many, agent) => `Review ${many} of ${agent} together`,
  place: (at, of, agent) => `Request ${at} of ${of} from ${agent}`,
  choice: 'Your decision on this request',
  choices: { approve: 'Approve', deny: 'Deny', open: 'Leave open' },
  next: 'Next request',
  end: 'To your decisions',
  heading: 'Your decisions',
  notYet: 'Nothing is decided yet. Each decision is sent and counted by itself.',
  nothingMarked: 'You have marked nothing. Go back, and choose on the last page of a request.',
  marked: { approve: '✓ Approve', deny: '✕ Deny', open: '– Left open' },
  submit: (many) => (many === 1 ? 'Send 1 decision' : `Send ${many} decisions`),
  counted: (many, of) => `${many} of ${of} decisions ${many === 1 ? 'was' : 'were'} counted`,
  notCounted: (why) => `Not counted: ${why}`,
  notConfirmed: 'The last part of the target was not typed as it is shown.',
}

const slack: Words['slack'] = {
  title: 'Approval request',
  close: 'Close',
  working: 'One moment…',
  unknownPerson: (account) =>
    `Nothing was counted: policy does not say who you are. Whoever keeps it adds ${account} to "people" in approvers.json, as an account of "slack".`,
  otherWorkspace: 'Nothing was counted: people of other workspaces decide nothing here.',
  program: 'Nothing was counted: the account of a program decides nothing.',
  ambiguous: 'Nothing was counted: what your Slack client sent can be read in more than one way.',
  late: 'Slack did not open the request in time. Press Review again.',
  failed: 'Nothing was counted, because a part of the service does not answer. Try again in a minute.',
  emergency:
    'You may break the glass of this request, or review that, but not in Slack: do it in Teams or in the console.',
  answer: 'You may answer the question for the agent, but not in Slack: do it in Teams or in the console.',
  narrow: 'You may make this request smaller, but not in Slack: do it in Teams or in the console.',
  channelId: (channel) => `In approvers.json this channel is ${JSON.stringify(channel)}.`,
  picture: 'As it was shown in Slack. This picture of it is drawn by Countersign.',
}

const series = (parts: readonly string[], word: string): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} ${word} ${parts.at(-1) ?? ''}`

const conditioned = ({ when, unless }: RuleConditions): string =>
  `${when === undefined ? '' : `, if ${when}`}${unless === undefined ? '' : `, unless ${unless}`}`

/** The subject of a rule, with the verb that fits it. */
const needing = (actions: readonly string[]): string =>
  actions.length === 0 ? 'Every action needs' : `${series(actions, 'and')} ${actions.length === 1 ? 'needs' : 'need'}`

const rules: Words['rules'] = {
  forbids: (actions, conditions) =>
    `No agent may do ${actions.length === 0 ? 'any action' : series(actions, 'or')}${conditioned(conditions)}.`,
  asks: (actions, who, conditions) =>
    `${needing(actions)} the approval ${series(
      who.map((people) => `of ${people}`),
      'and',
    )}${conditioned(conditions)}.`,
  allows: (actions, conditions, anyCommand) =>
    `${needing(actions)} nobody’s approval${conditioned(conditions)}.${anyCommand ? ' The command may be any.' : ''}`,
  facts: {
    environment: 'the environment',
    target: 'the target',
    onBehalfOf: 'the person whom it is for',
    agent: 'the agent',
    action: 'the action',
    hour: 'the hour',
    weekday: 'the weekday',
    date: 'the date',
  },
  param: (name) => name,
  count: (name) => `the size of ${name}`,
  text: (text) => (/["“”]/.test(text) ? JSON.stringify(text) : `“${text}”`),
  truth: { true: 'true', false: 'false' },
  exactly: (items) => (items.length === 0 ? 'an empty list' : `exactly ${items.join(', ')}`),
  all: (parts) => parts.join(' and '),
  any: (parts) => parts.join(' or '),
  not: (clause) => `not (${clause})`,
  choice: (condition, then, otherwise) => `(in case ${condition}: ${then}; otherwise: ${otherwise})`,
  is: (value, other) => `${value} is ${other}`,
  isNot: (value, other) => `${value} is not ${other}`,
  below: (value, other) => `${value} is below ${other}`,
  atMost: (value, other) => `${value} is at most ${other}`,
  above: (value, other) => `${value} is above ${other}`,
  atLeast: (value, other) => `${value} is at least ${other}`,
  oneOf: (value, items) => `${value} is one of ${items.join(', ')}`,
  noneOf: (value, items) => `${value} is none of ${items.join(', ')}`,
  has: (list, item) => `${list} has ${item}`,
  hasNot: (list, item) => `${list} does not have ${item}`,
  hasAll: (list, items) => `${list} has each of ${items.join(', ')}`,
  hasAny: (list, items) => `${list} has one of ${items.join(', ')}`,
  allAmong: (list, items) => `each of ${list} is one of ${items.join(', ')}`,
  like: (value, pattern) => `${value} looks like ${pattern}`,
  notLike: (value, pattern) => `${value} does not look like ${pattern}`,
  given: (value) => `${value} is given`,
  notGiven: (value) => `${value} is not given`,
  empty: (value) => `${value} is empty`,
  notEmpty: (value) => `${value} is not empty`,
}

export const english: Words = {
  tag: 'en',
  units: {
    bytes: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'],
    time: { days: 'd', hours: 'h', minutes: 'min', seconds: 's' },
    thousands: ',',
    point: '.',
    about: '≈ ',
    change: {
      begins: (lines) => `before (−) and after (+), ${lines === 1 ? '1 line differs' : `${lines} lines differ`}:`,
      ends: 'end of change',
    },
    text: { begins: (lines) => `text, ${lines} lines:`, ends: 'end of text' },
    byDigest: 'by digest: the content itself is not shown',
  },
  card,
  labels,
  ownedAgent: (agent, owner) => `${agent} (owner: ${owner})`,
  statuses,
  tiers,
  warnings,
  unknownWarning: (code) => `Warning: ${code}`,
  foundCharacters: (names, more) => `Found: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
  next,
  history,
  talk,
  emergency,
  standing,
  notices,
  deadline,
  progress,
  params,
  run,
  buttons,
  stops,
  forbidden,
  uncovered,
  report,
  unlisted: (groups) => `; not in ${groups.join(' and ')} when the day began`,
  exceptions,
  request,
  bot,
  clicks,
  less,
  batch,
  slack,
  gate,
  rules,
  sealed: ({ date, number, size }) => `Evidence of ${date} is sealed: bundle ${number}, log size ${size}.`,
}
