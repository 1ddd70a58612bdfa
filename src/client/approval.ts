import type { Action } from '../core/action/canonicalAction.ts'
import type { ApiRequest } from './api.ts'
import { askedDigestOf, digestOf } from './asked.ts'
import { Refused, Stopped, type StoppedCode, Unreachable } from './failure.ts'
import type { AskOptions, Operations } from './operations.ts'
import { type AnswerQuestion, questionTaker } from './questionTaker.ts'
import { untilDecided } from './waiting.ts'

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** What an abort does to the request: withdraws it (the default), or leaves it for the same key to go on with. */
  readonly onAbort?: 'cancel' | 'leave' | undefined
  /** Is told of the request before the first wait, so that its id can be kept, and then whenever it has changed. */
  readonly onProgress?: ((request: ApiRequest) => void | Promise<void>) | undefined
  /** Answers a question that a person asks and this agent answers. Without it, a wait ends there with `Questioned`. */
  readonly onQuestion?: AnswerQuestion | undefined
}

export interface ApproveOptions extends AskOptions, WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** If the same action of this agent is pending under another key, waits for that request. */
  readonly join?: boolean | undefined
}

/**
 * Asks, and waits until the request may be redeemed.
 *
 * @param redemption redeems what policy alone allows in the same call, whose answer then says `execute`
 */
export async function approved(
  operations: Operations,
  action: Action,
  options: ApproveOptions,
  redemption?: string,
): Promise<ApiRequest> {
  options.signal?.throwIfAborted()
  const { request, joined } = await asked(operations, action, options, redemption)
  // What approvers left of it by now is for the redemption to compare.
  if (askedDigestOf(request) !== digestOf(action)) checkDigest(request, action)
  if (isExecutable(request, redemption)) return request
  // A request of another call is not ours to withdraw.
  return untilApproved(operations, request, joined ? { ...options, onAbort: 'leave' } : options)
}

async function asked(
  operations: Operations,
  action: Action,
  options: ApproveOptions,
  redemption: string | undefined,
): Promise<{ readonly request: ApiRequest; readonly joined: boolean }> {
  try {
    return { request: await operations.ask(action, options, redemption), joined: false }
  } catch (cause) {
    const other =
      options.join && cause instanceof Refused && cause.code === 'already-pending' ? cause.request : undefined
    if (other === undefined) throw cause
    return { request: await operations.read(other, { signal: options.signal }), joined: true }
  }
}

/** Whether the service has answered this redemption that the action may be executed. No other answer says that. */
export const isExecutable = ({ next, redemption }: ApiRequest, own: string | undefined): boolean =>
  next === 'execute' && own !== undefined && redemption === own.toLowerCase()

/** @throws {Refused} `digest-mismatch` unless the request is for exactly this action */
export function checkDigest(request: ApiRequest, action: Action): void {
  const own = digestOf(action)
  const { digest, id } = request
  if (digest !== own && request.asked?.digest === own)
    throw new Refused(
      'digest-mismatch',
      `${lessWords(request)} Nothing was run. Take what is left from request ${id}.`,
      {
        status: 403,
      },
    )
  if (digest !== own)
    throw new Refused('digest-mismatch', `${own} is to be executed, and the request is for ${digest}.`, { status: 403 })
}

/** Says what approvers made smaller, and how far. */
export function lessWords({ params = {}, narrowed = [] }: ApiRequest): string {
  const names = [...new Set(narrowed.flatMap((one) => Object.keys(one.params ?? {})))].sort()
  const left = names.map((name) => `${name} to ${JSON.stringify(params[name])}`)
  return `Approvers made it smaller${left.length > 0 ? `: ${left.join(', ')}` : ''}.`
}

/**
 * Waits on from any answer, until the request may be redeemed.
 *
 * @throws {Stopped} if it never will, {Questioned}, {Unreachable}, {Refused}, or the signal's reason
 */
export async function untilApproved(
  operations: Operations,
  first: ApiRequest,
  options: WaitOptions = {},
): Promise<ApiRequest> {
  const { signal, onProgress, onQuestion } = options
  let newest = first
  const take = questionTaker(operations, onQuestion)
  const tell = async (next: ApiRequest, before: ApiRequest): Promise<void> => {
    newest = next
    if (hasChanged(next, before)) await onProgress?.(next)
  }
  try {
    await onProgress?.(first)
    signal?.throwIfAborted()
    newest = await untilDecided(first, {
      read: operations.read,
      signal,
      asked: async (request) => {
        const now = await take(request)
        await tell(now, request)
        return now
      },
      answered: tell,
    })
    signal?.throwIfAborted()
  } catch (cause) {
    if (signal?.aborted) await giveUp(operations, newest, options)
    throw about(newest, cause)
  }
  return settle(await withdrawnIfUnreached(operations, newest))
}

/** Names the request to which no answer came. */
export const about = (request: ApiRequest, cause: unknown): unknown =>
  cause instanceof Unreachable ? new Unreachable(cause.message, { redeemed: cause.redeemed, request }) : cause

const hasChanged = (next: ApiRequest, before: ApiRequest): boolean =>
  next.status !== before.status ||
  next.delivery !== before.delivery ||
  next.next !== before.next ||
  JSON.stringify([next.approvals, next.questions, next.narrowed]) !==
    JSON.stringify([before.approvals, before.questions, before.narrowed])

/** Milliseconds that a withdrawal may take after an abort, which should end soon. */
const withdrawal = 10_000

/** Withdraws the request after an abort, unless the host comes back for it. */
export async function giveUp(
  operations: Operations,
  { id }: ApiRequest,
  { onAbort = 'cancel' }: Pick<WaitOptions, 'onAbort'>,
): Promise<void> {
  if (onAbort === 'leave') return
  const options = { reason: 'The agent gave up waiting.', signal: AbortSignal.timeout(withdrawal) }
  // The signal's reason is what the caller has to know: a request that stays expires by itself.
  await operations.cancel(id, options).catch(() => undefined)
}

const unreached = 'No approver could be told of the request, so it was withdrawn.'

/** Withdraws a request of which no approver could be told. If it was decided nevertheless, the decision counts. */
async function withdrawnIfUnreached(operations: Operations, request: ApiRequest): Promise<ApiRequest> {
  if (request.status !== 'pending') return request
  try {
    const after = await operations.cancel(request.id, { reason: 'No approver could be told.' })
    return { ...after, stop: { code: 'cancelled', words: unreached } }
  } catch (cause) {
    if (!(cause instanceof Refused && cause.code === 'not-pending')) throw about(request, cause)
    return operations.read(request.id)
  }
}

/**
 * Returns a request that may be redeemed, or a standing approval that may be used.
 *
 * @throws {Stopped} for any other; {Unreachable} for a step that this program does not know
 */
export function settle(request: ApiRequest): ApiRequest {
  const { id, next, status, stop } = request
  if (next === 'redeem' || next === 'use') return request
  if (next === 'report' || status === 'succeeded' || status === 'failed')
    throw new Stopped('already-redeemed', `Request ${id} is ${status}.`, request)
  if (next !== 'stop' || stop === undefined)
    throw new Unreachable(`The service did not say how request ${id} goes on.`, { request })
  throw new Stopped(stop.code as StoppedCode, stop.words, request)
}
