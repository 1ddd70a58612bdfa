import type { ObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { type ApprovalRequest, type Decision, saidWith } from '../core/request/request.ts'
import { countedVotes } from '../core/request/voteVoid.ts'
import { isShort } from './deadline.ts'
import type { Sentence } from './run.ts'
import type { Words } from './words.ts'

/** A line names at most this many approvers and counts the rest. */
export const mostNames = 8

/** One vote that counts, and when it was given; with `clock` the hour alone says when. */
interface VoteLine {
  readonly sentence: Sentence
  readonly at: Instant
  readonly clock: boolean
}

/** Says who approved so far, the newest of them if there are many. Says nothing of a request that is not pending. */
export function votesOf(request: ApprovalRequest, reader: ObjectId | undefined, words: Words): readonly VoteLine[] {
  if (request.status !== 'pending') return []
  return countedVotes(request)
    .slice(-mostNames)
    .map((decision) => ({
      sentence: words.progress.approvedBy(nameIn(request, decision, words), decision.approver === reader),
      at: decision.at,
      clock: isShort(request),
    }))
}

/** Who voted, and for whom as a deputy: by the names that were recorded, or the object ids once these are erased. */
export function nameIn(request: ApprovalRequest, decision: Decision, { progress }: Words): string {
  const said = saidWith(request, decision)
  const name = said['name'] ?? decision.approver
  const standIn = decision.facts.for
  return standIn ? progress.standIn(name, said['for'] ?? standIn.accounts[0] ?? '') : name
}
