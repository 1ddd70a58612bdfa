import type { Action } from '../core/action/action.ts'
import type { Answer } from './answer.ts'
import type { Line } from './layout.ts'

/** Describes a request in full: nothing of the action is shortened or left out. */
export const describe = (answer: Answer): readonly Line[] => [...describeAction(answer), ...describeState(answer)]

/** Describes how a request stands. */
export function describeState(answer: Answer): readonly Line[] {
  return [
    ['request', answer.id],
    ['status', statusOf(answer)],
    ...optional('approvals', progressOf(answer)),
    ...answer.decisions.flatMap(describeDecision),
    ...optional('until', answer.status === 'pending' ? answer.expiresAt : undefined),
  ]
}

function describeDecision({ verdict, approver, reason }: Answer['decisions'][number]): readonly Line[] {
  return [[verdict === 'approve' ? 'approved by' : 'denied by', approver], ...optional('', reason)]
}

/** Describes what is to be decided on: the action, who wants it and why, and its digest. */
export function describeAction(answer: Answer): readonly Line[] {
  const { action, tier, rules } = answer
  return [
    ...optional('summary', answer.summary),
    ['action', answer.verb],
    ...(action ? describeRest(action) : [['erased', 'target, environment and params'] as const]),
    ['agent', answer.agent],
    ...optional('executed by', answer.executor),
    ...optional('says it acts for', answer.onBehalfOf && `${answer.onBehalfOf} (not verified)`),
    ...(answer.reason === undefined ? [] : describeReason(answer.reason)),
    ...answer.links.flatMap(describeLink),
    ['policy', [answer.outcome, tier && `tier ${tier}`, rules.join(', ')].filter(Boolean).join('; ')],
    ['digest', answer.digest],
  ]
}

const describeRest = ({ target, environment, params }: Action): readonly Line[] => [
  ['target', target],
  ['environment', environment],
  ['params', params],
]

const describeReason = (reason: string): readonly Line[] => [
  ['reason', '(written by the agent, not verified)'],
  ['', reason],
]

const describeLink = ({ title, url }: Answer['links'][number]): readonly Line[] => [
  ['link', title],
  ['leads to', url],
]

/** Says who has approved of those who must: `dba: 1 of 2, security or oncall: 0 of 1`. */
export function progressOf({ required }: Answer): string {
  return required.map(({ groups, have, quorum }) => `${groups.join(' or ')}: ${have} of ${quorum}`).join(', ')
}

const statusOf = ({ status, stop, delivery }: Answer): string =>
  [status, stop, delivery !== undefined && delivery !== 'ok' && `cards are ${delivery}`].filter(Boolean).join('; ')

const optional = (label: string, text: string | undefined): readonly Line[] => (text ? [[label, text]] : [])
