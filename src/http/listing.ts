import type { ListQuery } from '../contract/queries.ts'
import { bounds } from '../core/data/bound.ts'
import type { ObjectId } from '../core/data/id.ts'
import { milliseconds, parseInstant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { type ApprovalRequest, awaitsReview, isStanding } from '../core/request/request.ts'
import type { Scope } from '../ports/ledger.ts'

const { days } = bounds.list
const longestRange = days * 24 * 3600 * 1000

/**
 * What to read: a list needs a bound, so that its cost does not grow with the ledger.
 *
 * @throws {Problem} `invalid-input` without one, or for a range over 31 days.
 */
export function scopeOf({ from, to, status, review, standing, agent, approver }: ListQuery): Scope {
  const range = {
    ...(from !== undefined && { from: parseInstant(from, '/from') }),
    ...(to !== undefined && { to: parseInstant(to, '/to') }),
  }
  if (range.from && range.to && range.from > range.to) throw invalid('/from', 'is not after /to')
  if (status === 'pending') return { by: 'pending' }
  if (review === 'due') return { by: 'review' }
  if (standing === 'open') return { by: 'standing' }
  if (agent !== undefined) return { by: 'agent', id: agent, ...range }
  if (approver !== undefined) return { by: 'approver', id: approver, ...range }
  if (!range.from || !range.to)
    throw invalid(
      '/from',
      'and /to are required, or an agent, an approver, status=pending, review=due, or standing=open',
    )
  if (milliseconds(range.to) - milliseconds(range.from) > longestRange)
    throw invalid('/to', `is at most ${days} days after /from`)
  return { by: 'time', from: range.from, to: range.to }
}

/** Everything that was asked for, as one predicate over a request. */
export function filterOf(wanted: ListQuery): (request: ApprovalRequest) => boolean {
  const from = wanted.from && parseInstant(wanted.from, '/from')
  const to = wanted.to && parseInstant(wanted.to, '/to')
  return (request) =>
    (from === undefined || request.createdAt >= from) &&
    (to === undefined || request.createdAt < to) &&
    (wanted.status === undefined || request.status === wanted.status) &&
    (wanted.review === undefined || awaitsReview(request)) &&
    (wanted.standing === undefined || (request.status === 'approved' && isStanding(request))) &&
    (wanted.agent === undefined || request.agent.id === wanted.agent) &&
    (wanted.approver === undefined || request.decisions.some(({ approver }) => approver === wanted.approver)) &&
    (wanted.onBehalfOf === undefined || request.onBehalfOf === wanted.onBehalfOf) &&
    (wanted.person === undefined || peopleOf(request).includes(wanted.person)) &&
    (wanted.action === undefined || request.verb === wanted.action) &&
    (wanted.target === undefined || request.action?.target === wanted.target) &&
    (wanted.prefix === undefined || request.action?.target.startsWith(wanted.prefix) === true) &&
    (wanted.tier === undefined || request.requirement?.tier === wanted.tier) &&
    (wanted.rule === undefined || request.policy.rules.includes(wanted.rule)) &&
    (wanted.environment === undefined || request.action?.environment === wanted.environment)
}

/** The object ids of people whom a request's events name, or whose names are among its texts. */
export const peopleOf = (request: ApprovalRequest): readonly ObjectId[] => [
  ...request.decisions.flatMap(({ approver, facts }) => [approver, ...(facts.for?.accounts ?? [])]),
  ...('closedBy' in request && request.closedBy.kind === 'person' ? [request.closedBy.id] : []),
  ...(request.onBehalfOf === undefined ? [] : [request.onBehalfOf]),
  ...(request.requirement?.excluded ?? []),
]

const invalid = (pointer: string, rule: string) => new Problem('invalid-input', `${pointer} ${rule}.`, { pointer })
