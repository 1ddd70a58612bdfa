import type { Answer } from './answer.ts'
import type { Line } from './screen.ts'

/** Describes a request in full: nothing of the action is shortened or left out. */
export const describe = (answer: Answer): readonly Line[] => [...describeAction(answer), ...describeState(answer)]

/** Describes how a request stands. */
export function describeState(answer: Answer): readonly Line[] {
  return [
    ['request', answer.id],
    ['status', statusOf(answer)],
    ...optional('approvals', progressOf(answer)),
    ...answer.decisions.map(describeDecision),
    ...optional('until', answer.status === 'pending' ? answer.expiresAt : undefined),
  ]
}

function describeDecision({ verdict, approver, reason }: Answer['decisions'][number]): Line {
  return [verdict === 'approve' ? 'approved by' : 'denied by', reason ? `${approver}: ${reason}` : approver]
}

/** Describes what is to be decided on: the action, who wants it and why, and its digest. */
export function describeAction(answer: Answer): readonly Line[] {
  const { action, tier, rules } = answer
  const params = JSON.stringify(action?.params ?? {}, null, 2).split('\n')
  return [
    ...optional('summary', answer.summary),
    ['action', answer.verb],
    ...(action
      ? [
          ['target', action.target] as const,
          ['environment', action.environment] as const,
          ['params', params[0] ?? ''] as const,
          ...params.slice(1).map((line) => ['', line] as const),
        ]
      : [['', 'the rest was erased'] as const]),
    ['agent', answer.agent],
    ...optional('on behalf of', answer.onBehalfOf),
    ...(answer.reason === undefined
      ? []
      : [
          ['reason', '(written by the agent, not verified)'] as const,
          ...answer.reason.split('\n').map((line) => ['', `| ${line}`] as const),
        ]),
    ...answer.links.map(({ title, url }) => ['link', `${title}: ${url}`] as const),
    ['policy', [answer.outcome, tier && `tier ${tier}`, rules.join(', ')].filter(Boolean).join('; ')],
    ['digest', answer.digest],
  ]
}

/** Says who has approved of those who must: `dba: 1 of 2, security or oncall: 0 of 1`. */
export function progressOf({ required }: Answer): string {
  return required.map(({ groups, have, quorum }) => `${groups.join(' or ')}: ${have} of ${quorum}`).join(', ')
}

const statusOf = ({ status, stop, delivery }: Answer): string =>
  [status, stop, delivery !== undefined && delivery !== 'ok' && `cards are ${delivery}`].filter(Boolean).join('; ')

const optional = (label: string, text: string | undefined): readonly Line[] => (text ? [[label, text]] : [])
