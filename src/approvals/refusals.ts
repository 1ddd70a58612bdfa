import { setTimeout as timer } from 'node:timers/promises'
import type { ObjectId, RequestId } from '../core/data/id.ts'
import { noSuchRequest, Problem } from '../core/data/problem.ts'
import { type RefusedCall, refusalIn, refuse } from '../core/request/refusal.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { change, type ChangeParts, type CommitRule } from './commit.ts'

export interface RefusingParts extends ChangeParts {
  /** Is called with what kept a refusal from being recorded. Must not throw. */
  readonly noted?: (cause: unknown) => void
  /** Waits so many milliseconds without keeping the process alive; by a timer, unless given. */
  readonly pause?: (ms: number) => Promise<unknown>
}

/** What a caller tries, before anything is known to be wrong with it. */
export type Attempt = Omit<RefusedCall, 'code'>

/** Describes an attempt by whoever makes it. `from` is the door, where it matters, and the application that a person used. */
export const attemptOf = (
  by: Attempt['by'],
  act: Attempt['act'],
  { via, client }: { readonly via?: string | undefined; readonly client?: ObjectId | undefined } = {},
): Attempt => ({ by, act, ...(via !== undefined && { via }), ...(client !== undefined && { client }) })

/** Milliseconds that the answer to a refused caller waits for the record. Teams expects an answer within five seconds. */
const patience = 2_000

/**
 * Does what {@link change} does. If the rule refuses the caller, the refusal is recorded in the same turn and on the same
 * state, so an attempt that is not refused takes no call more. The caller gets the refusal also if it cannot be recorded.
 *
 * The rule is given only to callers who may know of the request, so others leave no trace.
 *
 * @throws {Problem} as {@link change}
 */
export async function changeOrRefuse(
  parts: RefusingParts,
  id: RequestId,
  attempt: Attempt,
  rule: CommitRule,
  found?: ApprovalRequest,
): Promise<ApprovalRequest> {
  const { noted, pause = unreferenced } = parts
  let refusal: Problem | null = null
  let isAnswered = false
  let giveUp: (refusal: Problem) => void = () => undefined
  const late = new Promise<never>((_, reject) => {
    giveUp = reject
  })

  const recording: CommitRule = (request, at, standing) => {
    // The caller was told of a refusal that took long to record: nothing else may come of this attempt any more.
    if (isAnswered && refusal) throw refusal
    refusal = null
    try {
      return rule(request, at, standing)
    } catch (cause) {
      const code = refusalIn(cause)
      const step = code === null ? null : refuse(request, { ...attempt, code })
      if (step === null || step.events.length === 0) throw cause
      const refused = cause as Problem
      refusal = refused
      void pause(patience).then(() => giveUp(refused))
      return step
    }
  }
  const changing = change(parts, id, recording, found).then(
    (request) => {
      if (refusal) throw refusal
      return request
    },
    (cause: unknown) => {
      if (refusal === null || cause === refusal) throw cause
      noted?.(cause)
      throw refusal
    },
  )
  for (const one of [changing, late]) one.catch(() => undefined)
  try {
    return await Promise.race([changing, late])
  } finally {
    isAnswered = true
  }
}

/**
 * Records that a caller was refused before a rule of the request was asked. Callers who may not know of the request leave
 * no trace. Never throws: the refusal is answered whatever happens here.
 *
 * @param problem the answer to the caller
 * @param mayKnow finds the request for a caller who may know of it, and throws for others
 */
export async function noteRefusal(
  parts: RefusingParts,
  id: RequestId,
  attempt: Attempt,
  problem: Problem,
  mayKnow: () => Promise<ApprovalRequest>,
): Promise<void> {
  const rule: CommitRule = () => {
    throw problem
  }
  try {
    await changeOrRefuse(parts, id, attempt, rule, await mayKnow())
  } catch (cause) {
    const isExpected = cause === problem || (cause instanceof Problem && cause.code === 'not-found')
    if (!isExpected) parts.noted?.(cause)
  }
}

/** Finds the request for an agent that asked for it, or executes it. @throws {Problem} `not-found` for another one */
export async function requestOfAgent(
  { ledger }: Pick<ChangeParts, 'ledger'>,
  id: RequestId,
  agent: RefusedCall['by']['id'],
): Promise<ApprovalRequest> {
  const found = await ledger.find(id)
  if (found?.agent.id !== agent && found?.executor !== agent) throw noSuchRequest()
  return found
}

const unreferenced = (ms: number): Promise<unknown> => timer(ms, undefined, { ref: false })
