import { randomUUID } from 'node:crypto'
import type { Action } from '../core/action/canonicalAction.ts'
import { bounds } from '../core/data/bound.ts'
import type { ApiOutcomeBody, ApiRequest } from './api.ts'
import {
  about,
  approved,
  type ApproveOptions,
  checkDigest,
  giveUp,
  isExecutable,
  settle,
  untilApproved,
  type WaitOptions,
} from './approval.ts'
import { digestOf } from './asked.ts'
import { Refused, Stopped, Unreachable } from './failure.ts'
import { leftAction } from './leftAction.ts'
import type { Operations } from './operations.ts'
import type { OwnStanding } from './ownStanding.ts'

/** What is reported of a result. */
export interface ReportedOutcome {
  readonly result?: 'succeeded' | 'failed' | undefined
  /** For people; it is erasable, and holds no secrets. */
  readonly summary?: string | undefined
  readonly output?: { readonly sha256: string; readonly size: number } | undefined
}

export interface ExecuteOptions<R> extends Pick<WaitOptions, 'signal' | 'onAbort'> {
  /** Reads the outcome from a result, for tools that fail without throwing. */
  readonly outcome?: ((result: R) => ReportedOutcome) | undefined
  /** Is told that the outcome of an action that took place could not be reported; otherwise a process warning is. */
  readonly onUnreported?: ((cause: unknown, request: ApiRequest) => void) | undefined
  /**
   * A uuid that the host keeps, for a tool that is safe to run twice: after a crash, `gate` runs again what was redeemed
   * with it and never reported. Without it the uuid is random, and an action runs at most once.
   */
  readonly redemption?: string | undefined
}

export interface GateOptions<R> extends ApproveOptions, ExecuteOptions<R> {
  /** Runs what approvers left of the action, which `run` is then given. Without it, nothing runs if they made it smaller. */
  readonly takesLess?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onAbort?: 'cancel' | 'leave' | undefined
  /** A standing approval, of which the call is to be a use: it is asked for unless its key has one. In place of `under`. */
  readonly standing?: OwnStanding | undefined
  /**
   * Looks at the world after a crash: whether an action took place that was redeemed and never reported. What it
   * returns is reported, and `value` is what `gate` returns. Without it, or if it returns nothing, `gate` throws.
   */
  readonly onUsed?:
    | ((request: ApiRequest) => FoundOutcome<R> | undefined | Promise<FoundOutcome<R> | undefined>)
    | undefined
}

/** What `onUsed` found: the outcome to report, and the value that `gate` returns. */
export interface FoundOutcome<R> {
  readonly result: 'succeeded' | 'failed'
  readonly summary?: string | undefined
  readonly value: R
}

export type RunAction<A, R> = (action: A, signal?: AbortSignal) => R | Promise<R>

/**
 * Claims the grant of an approved request. A lost answer is asked for again with the same redemption. A grant may have
 * ended by the service's clock, so that the request is then read again, once.
 *
 * @returns the request, with `next: execute`
 */
export async function redeemed(
  operations: Operations,
  given: ApiRequest,
  action: Action,
  redemption: string = randomUUID(),
): Promise<ApiRequest> {
  checkDigest(given, action)
  const digest = digestOf(action)
  const fresh = async (): Promise<ApiRequest> => untilApproved(operations, await operations.read(given.id))
  let request = given.grant ? given : await fresh()
  for (let attempt = 0; ; attempt++) {
    if (!request.grant)
      throw new Refused('grant-invalid', 'The service gave no grant for this request.', { status: 403 })
    try {
      const answer = await operations.redeem(request.id, { grant: request.grant.token, digest, redemption })
      if (isExecutable(answer, redemption) && answer.digest === digest) return answer
      throw new Unreachable('The service did not answer that the action may be executed.')
    } catch (cause) {
      if (cause instanceof Refused && cause.code === 'grant-invalid' && attempt === 0) request = await fresh()
      else throw await whyNot(operations, request, cause)
    }
  }
}

const ends: ReadonlySet<string> = new Set(['already-redeemed', 'not-redeemable', 'forbidden-by-policy'])

/** Says why a redemption failed: how the request ended, or that the redemption may have arrived. */
async function whyNot(operations: Operations, request: ApiRequest, cause: unknown): Promise<unknown> {
  if (cause instanceof Unreachable) return new Unreachable(cause.message, { request, redeemed: 'perhaps' })
  if (!(cause instanceof Refused)) return cause
  if (cause.status >= 500) return new Refused(cause.code, cause.message, { ...detailsOf(cause), redeemed: 'perhaps' })
  if (!ends.has(cause.code)) return cause
  try {
    settle(await operations.read(request.id))
    return cause
  } catch (end) {
    return about(request, end)
  }
}

const detailsOf = ({ status, retryAfter, problem }: Refused) => ({
  status,
  ...(retryAfter !== undefined && { retryAfter }),
  ...(problem && { problem }),
})

/** A request that this call may execute, and the action to execute: the one that was asked for, or what is left of it. */
interface GatedAction {
  readonly request: ApiRequest
  readonly action: Action
}

/** Asks, waits, and claims for this call. */
export async function gated<R>(operations: Operations, action: Action, options: GateOptions<R>): Promise<GatedAction> {
  const { redemption = randomUUID(), executor, onProgress } = options
  try {
    const request = await approved(operations, action, options, executor === undefined ? redemption : undefined)
    if (!isExecutable(request, redemption)) {
      const taken = takenOf(action, request, options)
      return { request: await claimed(operations, request, taken, { ...options, redemption }), action: taken }
    }
    await reportingFaults(operations, request, options, () => onProgress?.(request))
    return { request, action }
  } catch (cause) {
    const taken = cause instanceof Stopped ? takenOf(action, cause.request, options) : action
    return { request: claimedBefore(cause, taken, options), action: taken }
  }
}

/** What is to be executed: what approvers left, if the host takes that, and else what was asked for. */
const takenOf = (action: Action, request: ApiRequest, { takesLess }: Pick<GateOptions<never>, 'takesLess'>): Action =>
  (takesLess && leftAction(action, request)) || action

/** A redemption that the host kept may execute again what was redeemed with it, and not reported. @throws the cause */
function claimedBefore(
  cause: unknown,
  action: Action,
  { redemption }: Pick<ExecuteOptions<never>, 'redemption'>,
): ApiRequest {
  const own = redemption?.toLowerCase()
  const before = cause instanceof Stopped && own !== undefined ? cause.request : undefined
  if (before?.status !== 'redeemed' || before.redemption !== own) throw cause
  checkDigest(before, action)
  return before
}

/**
 * Claims a request at hand for this call. That it may be executed already is believed only of an answer that the service
 * gave to this process: what a host keeps can be changed.
 */
export async function claimedHere(
  operations: Operations,
  request: ApiRequest,
  action: Action,
  options: Pick<ExecuteOptions<never>, 'signal' | 'onAbort' | 'redemption'>,
): Promise<ApiRequest> {
  if (isExecutable(request, options.redemption) && operations.isAnswered(request)) {
    checkDigest(request, action)
    return request
  }
  try {
    return await claimed(operations, request, action, options)
  } catch (cause) {
    return claimedBefore(cause, action, options)
  }
}

/** Reports that a redeemed action was not started because the host failed before. */
async function reportingFaults(
  operations: Operations,
  request: ApiRequest,
  options: Unreported,
  work: () => void | Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (cause) {
    await reportQuietly(operations, request, { result: 'failed', summary: 'failed before it was started' }, options)
    throw cause
  }
}

/** Redeems for this call, unless it was aborted: nothing runs before the service has answered `execute` to it. */
async function claimed(
  operations: Operations,
  approved: ApiRequest,
  action: Action,
  { signal, onAbort, redemption }: Pick<ExecuteOptions<never>, 'signal' | 'onAbort' | 'redemption'>,
): Promise<ApiRequest> {
  if (signal?.aborted) {
    await giveUp(operations, approved, { onAbort })
    signal.throwIfAborted()
  }
  return redeemed(operations, approved, action, redemption)
}

/** Runs what was redeemed by this process, and reports. */
export async function perform<R>(
  operations: Operations,
  request: ApiRequest,
  action: Action,
  options: ExecuteOptions<R>,
  run: RunAction<Action, R>,
): Promise<R> {
  const { signal, outcome } = options
  const report = (what: ApiOutcomeBody) => reportQuietly(operations, request, what, options)
  if (signal?.aborted) {
    await report({ result: 'failed', summary: 'aborted before it was started' })
    signal.throwIfAborted()
  }
  let result: R
  try {
    result = await run(action, signal)
  } catch (cause) {
    await report({ result: 'failed', summary: nameOf(cause) })
    throw cause
  }
  let reported: ReportedOutcome
  try {
    reported = outcome?.(result) ?? {}
  } catch (cause) {
    // The action took place, and what came of it is not known: nothing is guessed.
    tellUnreported(cause, request, options)
    return result
  }
  await report(bodyOf({ result: 'succeeded', ...reported }))
  return result
}

/** The error's name alone: its message may hold what the action was done with. */
const nameOf = (cause: unknown): string =>
  cause instanceof Error && /^[\w.$]{1,100}$/.test(cause.name) ? cause.name : 'Error'

function bodyOf({ result = 'succeeded', summary, output }: ReportedOutcome): ApiOutcomeBody {
  const words = summary?.replaceAll(unsendable, ' ').slice(0, bounds.text.words).toWellFormed()
  return { result, ...(words && { summary: words }), ...(output && { output }) }
}

/** Control characters that the service refuses in texts. */
const unsendable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g

type Unreported = Pick<ExecuteOptions<never>, 'onUnreported'>

/** Reports an outcome. A fault must not look like one of the action, which took place. */
async function reportQuietly(
  operations: Operations,
  request: ApiRequest,
  outcome: ApiOutcomeBody,
  options: Unreported,
): Promise<void> {
  const { summary, ...rest } = outcome
  try {
    await operations.report(request.id, outcome)
  } catch (cause) {
    if (summary !== undefined && cause instanceof Refused && ['secret-in-params', 'invalid-input'].includes(cause.code))
      return reportQuietly(operations, request, rest, options)
    tellUnreported(cause, request, options)
  }
}

function tellUnreported(cause: unknown, request: ApiRequest, { onUnreported }: Unreported): void {
  if (onUnreported) onUnreported(cause, request)
  else {
    const why = cause instanceof Refused ? cause.code : nameOf(cause)
    process.emitWarning(`Request ${request.id} was executed, and that could not be reported: ${why}`, 'Countersign')
  }
}

/** Lets `onUsed` say what became of a request that was redeemed and not reported, and reports that. */
export async function settledByHost<R>(
  operations: Operations,
  cause: unknown,
  { onUsed, onUnreported }: Pick<GateOptions<R>, 'onUsed' | 'onUnreported'>,
): Promise<{ readonly value: R }> {
  if (!onUsed || !(cause instanceof Stopped) || cause.request.status !== 'redeemed') throw cause
  const found = await onUsed(cause.request)
  if (!found) throw cause
  const { value, ...outcome } = found
  await reportQuietly(operations, cause.request, bodyOf(outcome), { onUnreported })
  return { value }
}
