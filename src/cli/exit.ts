import { Misconfigured, Refused, Unreachable } from '../client/failure.ts'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { Status } from '../core/request/request.ts'
import { verdictExits } from '../verdict/verdict.ts'

/** The exit codes, as sysexits.h numbers them. They are a part of the interface. */
export const exits = {
  ...verdictExits,
  /** The service or the token endpoint cannot be reached, or answers something unexpected. */
  unreachable: 69,
  /** A fault in this program. */
  fault: 70,
  /** No approval this time; asking again may help. */
  ended: 75,
  /** No: a person or the policy said so. */
  refused: 77,
  /** Usage or configuration. */
  usage: 78,
} as const

export type ExitCode = (typeof exits)[keyof typeof exits]

/** Ends the command with a sentence for people and an exit code for programs. */
export class Exit extends Error {
  readonly status: ExitCode
  /** The problem, if the service answered one. */
  readonly problem: JsonObject | undefined
  /** The request, if the service answered one. */
  readonly request: JsonObject | undefined

  constructor(status: ExitCode, sentence: string, about: { problem?: JsonObject; request?: JsonObject } = {}) {
    super(sentence)
    this.name = 'Exit'
    this.status = status
    this.problem = about.problem
    this.request = about.request
  }
}

/** The same end, with one more sentence. */
export function withMore({ status, message, problem, request }: Exit, more: string): Exit {
  return new Exit(status, `${message} ${more}`, { ...(problem && { problem }), ...(request && { request }) })
}

/**
 * Checks what was typed by a rule of the core.
 *
 * @throws {Exit} 78 with the words of the problem
 */
export function checked<T>(check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (cause instanceof Problem) throw new Exit(exits.usage, cause.message)
    throw cause
  }
}

/**
 * Calls the service, or reads what is needed for it.
 *
 * @throws {Exit} for a failure of the client, in the client's words
 */
export async function inExits<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw exitFor(cause)
  }
}

/** Makes an exit of a failure of the client. Any other cause stays what it is. */
export function exitFor(cause: unknown): unknown {
  if (cause instanceof Misconfigured) return new Exit(exits.usage, cause.message)
  if (cause instanceof Unreachable) return new Exit(exits.unreachable, cause.message)
  if (!(cause instanceof Refused)) return cause
  const { code, status, message, request, problem } = cause
  if (!problem) return new Exit(exitOfProblem(status, code), message)
  const about = request === undefined ? '' : ` [request ${request}]`
  return new Exit(exitOfProblem(status, code), `${message}${about} (${code})`, { problem })
}

const byStatus: Readonly<Record<Status, ExitCode>> = {
  pending: exits.ended,
  approved: exits.ok,
  denied: exits.refused,
  expired: exits.ended,
  cancelled: exits.ended,
  redeemed: exits.ended,
  lapsed: exits.ended,
  revoked: exits.refused,
  ended: exits.ended,
  succeeded: exits.ended,
  failed: exits.ended,
}

/** Gives the exit code after waiting for a request: only an unused approval is a success. */
export const exitOf = (status: Status): ExitCode => byStatus[status]

/** Gives the exit code for a problem that the service answered. */
export function exitOfProblem(status: number, code: string): ExitCode {
  // No approver exists, so the answer is no, although the status is that of a bad body.
  if (code === 'no-eligible-approver' || status === 403) return exits.refused
  if (code === 'not-repairable') return exits.broken
  if (status === 409 || status === 429) return exits.ended
  return status >= 400 && status < 500 ? exits.usage : exits.unreachable
}
