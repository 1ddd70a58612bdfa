import type { ObjectId } from '../core/data/id.ts'
import { type ApprovalRequest, currentVotes, decidingGroups } from '../core/request/request.ts'
import { overlap } from '../core/request/requirement.ts'

/**
 * Whether a request waits for the decision of a person of these groups. It does not for one who may not approve it, or has already
 * decided on it as it is now. It does for one whom the agent's own word alone keeps from approving: otherwise an agent could
 * hide a request from a person by naming them.
 */
export const waitsFor = (request: ApprovalRequest, who: ObjectId, groups: readonly string[]): boolean =>
  request.status === 'pending' &&
  overlap(decidingGroups(request), groups) &&
  (!request.requirement.excluded.includes(who) || request.requirement.excludedByAgent?.includes(who) === true) &&
  !currentVotes(request).some(({ facts }) => facts.accounts.includes(who))
