import { bounds } from '../data/bound.ts'
import type { Digest, RequestId } from '../data/id.ts'
import { Problem } from '../data/problem.ts'
import type { Verdict } from './event.ts'
import type { ApprovalRequest } from './request.ts'

/**
 * What a person marked a request of a batch with. It rests on the view that this person was shown of this request, as a
 * vote on a single request does.
 */
export interface VoteMark {
  readonly request: RequestId
  readonly verdict: Verdict
  readonly view: Digest
}

/** A mark with the words that its vote needs. */
export interface MarkedVote extends VoteMark {
  readonly reason?: string
  readonly confirm?: string
}

/**
 * Refuses a list of requests that nobody decides in one go: more than an approver keeps in mind, or one of them twice.
 *
 * @throws {Problem} `invalid-input`
 */
export function checkBatch(requests: readonly RequestId[]): void {
  const most = bounds.batch
  if (requests.length === 0 || requests.length > most)
    throw new Problem('invalid-input', `A batch has 1 to ${most} requests, and this one has ${requests.length}.`)
  if (new Set(requests).size < requests.length)
    throw new Problem('invalid-input', 'A batch has each request once: leave out those that stand in it twice.')
}

/**
 * Refuses a batch of requests of several agents: an approver who trusts one agent would carry that over to the other.
 *
 * @throws {Problem} `invalid-input`
 */
export function checkOneAgent(requests: readonly ApprovalRequest[]): void {
  if (new Set(requests.map(({ agent }) => agent.id)).size > 1)
    throw new Problem('invalid-input', 'A batch has requests of one agent: decide those of another agent apart.')
}
