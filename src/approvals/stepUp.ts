import { Problem, type StepUpNeeded } from '../core/data/problem.ts'
import type { ApprovalRequest, Step } from '../core/request/request.ts'

/**
 * The authentication context that an act on this request takes; `null` if it takes none. Requests of tier `high` take one
 * where the settings name one.
 */
export const neededStepUp = (
  { stepUp }: { readonly stepUp?: StepUpNeeded },
  { requirement }: ApprovalRequest,
): StepUpNeeded | null => (stepUp !== undefined && requirement?.tier === 'high' ? stepUp : null)

/**
 * Returns the step of a person whose sign-in met what is needed. A step that records nothing repeats an earlier call, and
 * needs no step-up. What is refused for another reason was refused before, so nobody signs in once more in vain.
 *
 * @param contexts the authentication contexts that the person's token bears
 * @throws {Problem} `step-up`
 */
export function afterStepUp(step: Step, needed: StepUpNeeded | null, contexts: readonly string[]): Step {
  if (needed === null || step.events.length === 0 || contexts.includes(needed.context)) return step
  throw new Problem('step-up', sentence, { stepUp: needed })
}

const sentence =
  'This request is of tier high: sign in once more, with the claims that WWW-Authenticate names, and send this again.'
