import { Problem } from '../core/data/problem.ts'
import { Exit } from '../cli/exit.ts'
import { explain, Questioned, Refused, type Request, Stopped, Unreachable } from '../client/countersign.ts'
import { isProtocolError, NotRun, notRun, type ToolResult } from './answer.ts'
import { Interrupted } from './pendingCall.ts'
import { toAnswer } from './question.ts'

/**
 * Tells a model why its call gave no result of the tool. Names no person, no place in the program and no secret.
 *
 * @param say takes a line for the operator, about a fault of this program
 * @throws an error that the tool's server answered by the protocol, for the host to get it unchanged
 */
export function told(cause: unknown, say: (line: string) => void): ToolResult {
  if (cause instanceof Stopped) return notRun(explain(cause), cause.code, cause.request.id)
  if (cause instanceof Refused) return notRun(explain(cause), cause.code, cause.request)
  if (cause instanceof Questioned) return notRun(explain(cause), 'answer', cause.request.id)
  if (cause instanceof Unreachable) return notRun(explain(cause), 'unreachable', cause.request?.id)
  if (cause instanceof NotRun)
    return notRun(`Not executed (${cause.code}): ${cause.message}`, cause.code, cause.request)
  if (cause instanceof Problem) return notRun(`Not executed (${cause.code}): ${cause.message}`, cause.code)
  if (cause instanceof Exit) return notRun(`Not executed (server-unreachable): ${cause.message}`, 'server-unreachable')
  if (cause instanceof Interrupted) {
    if (isProtocolError(cause.cause)) throw cause.cause
    const words =
      'The tool was called and gave no result: whether it was carried out is not known. Look before you repeat it.'
    return notRun(words, 'interrupted', cause.request)
  }
  say(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
  return notRun('Not executed (fault): the gateway failed.', 'fault')
}

/** Says for whom a call waits: `waiting for dba or security to approve`, or for the model's own answer. */
export function waitingWords(request: Request | undefined): string {
  if (request?.next === 'answer') return toAnswer(request)
  const open = request?.approvals.required.filter(({ have, quorum }) => have < quorum) ?? []
  if (open.length === 0) return 'asking for approval'
  return `waiting for ${open.map(({ groups }) => groups.join(' or ')).join(' and ')} to approve`
}
