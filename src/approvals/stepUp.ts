import { Problem, type ProofWanted } from '../core/data/problem.ts'
import type { ApprovalRequest, Step } from '../core/request/request.ts'

/**
 * The authentication context that an act on this request takes; `null` if it takes none. Requests of tier `high` take one
 * where the settings name one.
 */
export const neededProof = (
  { stepUp }: { readonly stepUp?: ProofWanted },
  { requirement }: ApprovalRequest,
): ProofWanted | null => (stepUp !== undefined && requirement?.tier === 'high' ? stepUp : null)

/**
 * Returns the step of a person who has proved what is needed. A step that records nothing repeats an earlier call, and
 * needs no proof. What is refused for another reason was refused before, so nobody proves anything in vain.
 *
 * @param contexts the authentication contexts that the person's token bears
 * @throws {Problem} `step-up`
 */
export function proved(step: Step, needed: ProofWanted | null, contexts: readonly string[]): Step {
  if (needed === null || step.events.length === 0 || contexts.includes(needed.context)) return step
  throw new Problem('step-up', sentence, { proof: needed })
}

const sentence =
  'This request is of tier high: sign in once more, with the claims that WWW-Authenticate names, and send this again.'
