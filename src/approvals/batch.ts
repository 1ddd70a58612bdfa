import type { RequestId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import { checkBatch, checkOneAgent, type MarkedVote } from '../core/request/batch.ts'
import type { ApprovalRequest } from '../core/request/request.ts'

/** What became of one vote of a batch: the request as it stands after it, or why the vote was not counted. */
export type Counted =
  | { readonly request: RequestId; readonly stands: ApprovalRequest }
  | { readonly request: RequestId; readonly refusal: Problem }

/** The use cases that a batch is made of, for the person who votes. */
interface BatchParts {
  readonly read: (id: RequestId) => Promise<ApprovalRequest>
  readonly decide: (vote: MarkedVote) => Promise<ApprovalRequest>
}

/**
 * Counts the votes of a batch, each by itself: a vote that is refused keeps no other from being counted. Repeating the
 * call is safe, as it is for a single vote.
 *
 * @throws {Problem} `invalid-input`, before any vote is counted, for a list that is no batch
 */
export async function decideEach(votes: readonly MarkedVote[], parts: BatchParts): Promise<readonly Counted[]> {
  checkBatch(votes.map(({ request }) => request))
  const found = await Promise.all(votes.map(({ request }) => settled(parts.read(request))))
  checkOneAgent(found.filter((one) => !(one instanceof Problem)))
  return Promise.all(
    votes.map(async (vote): Promise<Counted> => {
      const { request } = vote
      const stands = await settled(parts.decide(vote))
      return stands instanceof Problem ? { request, refusal: stands } : { request, stands }
    }),
  )
}

/** Returns the problem that a call ends in as its result. */
const settled = <T>(call: Promise<T>): Promise<T | Problem> =>
  call.catch((cause: unknown) => {
    if (cause instanceof Problem) return cause
    throw cause
  })
