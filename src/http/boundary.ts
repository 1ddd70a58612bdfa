import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import type { ObjectId } from '../core/data/id.ts'
import { type NewerRow, Problem, type TokenFault } from '../core/data/problem.ts'
import { inTime } from '../runtime/deadline.ts'
import { backgroundLine, causesOf, faultOf, noted } from '../runtime/log.ts'
import { logLine } from '../runtime/logLine.ts'
import { formatTraceparent, type Trace, traced, traceOf } from '../runtime/trace.ts'
import { problemType } from '../core/data/namespace.ts'
import { claimsChallenge } from './stepUp.ts'

/** A call whose caller is known, and whose answer is being made. */
export interface Answering {
  /** For the log. Absent where anyone may call, without a token. */
  readonly who?: { readonly kind: 'agent' | 'person'; readonly id: ObjectId }
  /** For the log, where the route does not tell what the call is for: all activities of Teams come by one. */
  readonly intent?: string
  /** Seconds that the caller asked to wait for news, beside what the work may take. */
  readonly waits?: number
  readonly answer: Promise<Answered>
}

export interface Answered {
  readonly response: HttpResponseInit
  /** The problem's code for the log, if the response itself is not a problem: Teams requires 200. */
  readonly code?: string
  /** Rows, for the log, that were too new to be read and are missing in the response. */
  readonly newer?: readonly NewerRow[]
}

/** @throws {Problem} while it is not known who calls; what goes wrong later is thrown by the answer. */
export type Handler = (req: HttpRequest) => Promise<Answering>

/** Milliseconds. Everybody has an answer within 8 s, whatever hangs or is slow behind it. */
const longest = 7_000

/**
 * Wraps a handler, once: every call is part of a trace, answered, and logged in one line, whatever happens inside.
 * A `Problem` becomes its document (RFC 9457); anything else is a bug: a bare 500 with the correlation id.
 */
export function boundary(route: string, handler: Handler, patience: number = longest) {
  return async (req: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const trace = traceOf(req.headers.get('traceparent'), context.traceContext?.traceParent)
    const ids = { trace: trace.id, span: trace.span }
    const started = performance.now()
    let failure: unknown
    let isAnswered = false
    let known: Omit<Answering, 'answer'> = {}
    const work = traced(trace, async () => {
      const { answer, ...about } = await handler(req)
      known = about
      return answer
    })
    work.catch((cause: unknown) => {
      if (isAnswered && !(cause instanceof Problem)) context.error(traced(trace, () => backgroundLine(cause)))
    })
    const { response, code, newer } = await withPatience(work, () => known.waits ?? 0, patience).catch(
      (cause: unknown): Answered => {
        failure = cause
        return { response: problemResponse(cause, trace.id) }
      },
    )
    isAnswered = true
    const isBug = failure !== undefined && !(failure instanceof Problem)
    const line = {
      ...{ route, status: response.status ?? 200, ms: Math.round(performance.now() - started), ...ids },
      ...(known.who && { caller: known.who }),
      ...(known.intent !== undefined && { intent: known.intent }),
      ...(code !== undefined && { code }),
      ...(newer && { newer }),
      ...(isBug && faultOf(failure)),
      ...(failure instanceof Problem && { code: failure.code, ...noted(failure), ...causesOf(failure) }),
    }
    if (isBug) context.error(logLine('call', line))
    else context.info(logLine('call', line))
    const brokenOff = (cause: unknown) =>
      context.error(logLine('download', { route, brokenOff: true, ...ids, ...faultOf(cause) }))
    return { ...response, ...streamed(response, brokenOff), headers: headersOf(response, trace) }
  }
}

/**
 * Waits for the work as long as it may take, and in addition as long as the caller wants to wait. Late work goes on: it
 * may still commit a change, as after any lost answer, and its bugs are logged.
 *
 * @throws {Problem} `unavailable` when the time is up
 */
const withPatience = <T>(work: Promise<T>, waits: () => number, patience: number): Promise<T> =>
  inTime(work, patience, () => (waits() === 0 ? tooSlow() : inTime(work, waits() * 1000, tooSlow)))

function tooSlow(): never {
  throw new Problem('unavailable', 'A part of the service is too slow: try again.', { retryAfter: 2 })
}

function headersOf({ headers }: HttpResponseInit, trace: Trace): Headers {
  const all = new Headers(headers)
  all.set('traceparent', formatTraceparent(trace))
  return all
}

/** A body that is still being made when the line is written gets another line if that goes wrong. */
function streamed({ body }: HttpResponseInit, brokenOff: (cause: unknown) => void): Pick<HttpResponseInit, 'body'> {
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return {}
  return { body: heard(body as AsyncIterable<Uint8Array>, brokenOff) }
}

async function* heard(body: AsyncIterable<Uint8Array>, brokenOff: (cause: unknown) => void): AsyncIterable<Uint8Array> {
  try {
    yield* body
  } catch (cause) {
    brokenOff(cause)
    // oxlint-disable-next-line preserve-caught-error -- the host would write out the cause's words
    throw new Error('The answer ended early.')
  }
}

/** RFC 6750 section 3.1: a call without a token is told no error, and one with a token why it does not count. */
function challenge(fault: TokenFault = 'none'): string {
  return fault === 'none' ? 'Bearer' : `Bearer error="invalid_token", error_description="${descriptions[fault]}"`
}

const descriptions = { unreadable: 'unreadable', expired: 'expired', foreign: 'not for this service' } as const

/** Answers as `application/problem+json`. */
function problemResponse(cause: unknown, instance: string): HttpResponseInit {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  if (!(cause instanceof Problem)) {
    const jsonBody = { type: 'about:blank', title: 'Internal error', status: 500, instance }
    return { status: 500, headers, jsonBody }
  }
  const { code, status, title, message: detail } = cause
  const { pointer, request, hold, retryAfter, token, stepUp } = cause.details
  return {
    status,
    headers: {
      ...headers,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(status === 401 && { 'www-authenticate': stepUp ? claimsChallenge(stepUp) : challenge(token) }),
    },
    jsonBody: {
      type: problemType(code),
      title,
      status,
      detail,
      code,
      instance,
      ...(pointer !== undefined && { pointer }),
      ...(hold !== undefined && { hold }),
      ...(request !== undefined && { request }),
    },
  }
}
