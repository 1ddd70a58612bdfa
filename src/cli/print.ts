import type { Action } from '../core/action/action.ts'
import { commandLine, runIn, shellWord } from '../core/action/run.ts'
import { plain } from '../words/run.ts'
import { spoken } from '../words/spoken.ts'
import { scopeOf } from '../words/standing.ts'
import type { Answer } from './answer.ts'
import type { Line } from './layout.ts'
import { describeTalk, howToAnswer } from './talkLines.ts'

const { labels, ...words } = spoken.request

/** Describes a request in full: nothing of the action is shortened or left out. */
export const describe = (answer: Answer): readonly Line[] => [...describeAction(answer), ...describeState(answer)]

/** Describes what is decided on: the action, and what was asked and answered about it. */
export const describeContent = (answer: Answer): readonly Line[] => [...describeAction(answer), ...describeTalk(answer)]

/** Describes the state of a request. */
export function describeState(answer: Answer): readonly Line[] {
  return [
    [labels.request, answer.id],
    [labels.status, statusOf(answer)],
    ...describeUses(answer),
    ...optional(labels.approvals, progressOf(answer)),
    ...answer.decisions.flatMap(describeDecision),
    ...describeTalk(answer),
    ...optional(labels.asked, answer.createdAt),
    ...optional(labels.until, answer.status === 'pending' ? answer.expiresAt : undefined),
    ...howToAnswer(answer),
  ]
}

/** Describes how far a standing approval is used up, or of which one a request is a use. */
export function describeUses({ standing, under }: Answer): readonly Line[] {
  const until = standing?.until === undefined ? '' : `, until ${standing.until}`
  return [
    ...(standing ? [['used', `${standing.used} of ${standing.uses}${until}`] as const] : []),
    ...optional('use of', under),
  ]
}

function describeDecision({
  verdict,
  approver,
  at,
  reason,
  void: voided,
  isPast,
}: Answer['decisions'][number]): readonly Line[] {
  const label = voided ? labels.voided : verdict === 'approve' ? labels.approvedBy : labels.deniedBy
  const vote = at === undefined ? approver : words.voted(approver, at)
  return [
    [label, isPast ? `${vote} (before what was added last, so that it counts no more)` : vote],
    ...optional('', reason),
  ]
}

/** Describes what a standing approval would let the agent do without another question. */
const describeScope = (action: Action): readonly Line[] =>
  scopeOf({ action }, spoken).map((sentence, i) => [i === 0 ? 'standing' : '', plain(sentence)])

/** Describes what an agent asks for: the action, the agent, its reason and the digest. */
function describeAction(answer: Answer): readonly Line[] {
  const { action, tier, rules } = answer
  return [
    ...(action ? describeRun(action) : []),
    ...optional(labels.summary, answer.summary),
    [labels.action, answer.verb],
    ...(action ? [...describeRest(action), ...describeScope(action)] : [[labels.erased, words.erased] as const]),
    [labels.agent, answer.agent],
    ...optional(labels.owner, answer.owner),
    ...optional(labels.executor, answer.executor),
    ...optional(labels.onBehalfOf, answer.onBehalfOf && words.notVerified(answer.onBehalfOf)),
    ...optional(labels.excludedByAgent, words.excludedByAgent(answer.excludedByAgent)),
    ...(answer.reason === undefined ? [] : describeReason(answer.reason)),
    ...answer.links.flatMap(describeLink),
    [labels.policy, words.policy(answer.outcome, tier, rules)],
    [labels.digest, answer.digest],
    ...answer.warnings.map((words) => [labels.warning, words] as const),
  ]
}

/** Says what will run, where the request binds it. The exact form stands among the params. */
function describeRun({ params }: Action): readonly Line[] {
  const run = runIn(params)
  if (!run) return []
  return [[spoken.run.label, plain(spoken.run.runs(commandLine(run), shellWord(run.cwd)))]]
}

const describeRest = ({ target, environment, params }: Action): readonly Line[] => [
  [labels.target, target],
  [labels.environment, environment],
  [labels.params, params],
]

const describeReason = (reason: string): readonly Line[] => [
  [labels.reason, words.fromAgent],
  ['', reason],
]

const describeLink = ({ title, url }: Answer['links'][number]): readonly Line[] => [
  [labels.link, title],
  [labels.url, url],
]

/** Says which approvals are there and which are needed: `dba: 1 of 2, security or oncall: 0 of 1`. */
export function progressOf({ required }: Answer): string {
  return required.map(({ groups, have, quorum }) => spoken.progress.counted(groups, have, quorum)).join(', ')
}

/** Names the status as the API does, so that people can search for it. */
const statusOf = ({ status, stop, delivery }: Answer): string =>
  [status, stop, delivery !== undefined && !onTime.has(delivery) && words.delivery(delivery)].filter(Boolean).join('; ')

/** What calls for nobody: cards are there, or on their way in the first minute. */
const onTime: ReadonlySet<string> = new Set(['ok', 'pending'])

const optional = (label: string, text: string | undefined): readonly Line[] => (text ? [[label, text]] : [])
