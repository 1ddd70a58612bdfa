import type { StandingScope } from '../core/action/canonicalAction.ts'
import type { ApiRequest } from './api.ts'
import { approved, type ApproveOptions } from './approval.ts'
import { type AskedAction, settled } from './asked.ts'
import { Refused, Stopped } from './failure.ts'
import type { Operations } from './operations.ts'

/**
 * A standing approval that a gate asks for by itself, and finds again by its key. The same key always names the same one, so
 * a call that is repeated in a new process is the use that it was, and runs no second time.
 */
export interface OwnStanding {
  /** The action that people see, with what may vary. It need not be the one that is gated. */
  readonly sample: AskedAction<object>
  readonly scope: StandingScope
  /** Why, in words for the approvers. */
  readonly reason: string
  /** The idempotency key: of the run, or of a part of it, and not of the call. A call has the same one whenever it is made. */
  readonly key: string
}

type GateAsk = ApproveOptions & { readonly standing?: OwnStanding | undefined }

/**
 * Finds or asks for the standing approval that a gate names, and waits until it is decided.
 *
 * @returns the options with its id as `under`; also of one that was used up or ended, since a known call is answered then
 * @throws {Stopped} if people or the policy did not approve it
 */
export async function underOwn<T extends GateAsk>(operations: Operations, options: T): Promise<T> {
  const { standing, under, ...own } = options
  if (standing === undefined) return options
  if (under !== undefined)
    throw new Refused('invalid-input', 'under and standing do not go together: give one of them.')
  const { sample, scope, reason, key } = standing
  const { for: seconds, uses, vary } = scope
  const action = { ...settled(sample), standing: { for: seconds, uses, vary } }
  const { onBehalfOf, executor, signal, onProgress, onQuestion } = own
  // Other calls wait for it as well: who gives up does not withdraw it.
  const asked = { reason, key, onBehalfOf, executor, signal, onProgress, onQuestion, onAbort: 'leave' } as const
  const { id } = await approved(operations, action, asked).catch(onceApproved)
  return { ...options, standing: undefined, under: id }
}

function onceApproved(cause: unknown): ApiRequest {
  if (cause instanceof Stopped && cause.request.approvedAt !== undefined) return cause.request
  throw cause
}
