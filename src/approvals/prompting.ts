import type { RequestId } from '../core/data/id.ts'
import { escalationCompletes, prompted } from '../core/request/prompt.ts'
import { countedVotes } from '../core/request/voteVoid.ts'
import { change, type ChangeParts, type CommitRule, unchanged } from './commit.ts'
import { type PeopleParts, standingsOf } from './eligibility.ts'

/**
 * Lets a prompt that is due take effect, and nothing else. If it completes the approval, what is known by now of those who
 * approved is looked up first, as it is for a vote that completes.
 *
 * @throws {Problem} `not-found`, `evidence-broken`, `busy`, `unavailable`
 */
export async function applyPrompt(parts: ChangeParts & PeopleParts, id: RequestId): Promise<void> {
  let latest = await parts.ledger.find(id)
  while (latest) {
    const votes = escalationCompletes(latest, parts.clock.now()) ? countedVotes(latest) : []
    const others = await standingsOf(parts, votes, latest)
    let isChecked = true
    const rule: CommitRule = (request, at) => {
      // Others may have voted since the request was read, or the moment came: another round looks them up first.
      const needed = escalationCompletes(request, at) ? countedVotes(request) : []
      isChecked = needed.every(({ approver }) => others.has(approver))
      return (isChecked ? prompted(request, at, others) : null) ?? unchanged(request, at)
    }
    latest = await change(parts, id, rule, latest)
    if (isChecked) return
  }
}
