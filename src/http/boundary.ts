import { randomBytes } from 'node:crypto'
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { Broken } from '../core/broken.ts'
import { Problem } from '../core/problem.ts'

/** One HTTP call on its way through. */
export interface Call {
  readonly req: HttpRequest
  /** Goes into problems and the log (the trace id of W3C `traceparent`, or a fresh one). */
  readonly correlation: string
  /** The caller's object id, once known; for the log. */
  who?: string
}

/**
 * Wraps a handler, once: every call is answered and logged in one line, whatever happens inside.
 * A `Problem` becomes its document (RFC 9457); anything else is a bug: a bare 500 with the correlation id.
 */
export function boundary(route: string, handler: (call: Call) => Promise<HttpResponseInit>) {
  return async (req: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const call: Call = { req, correlation: correlationOf(req) }
    const started = performance.now()
    let failure: unknown
    const answer = await handler(call).catch((cause: unknown) => {
      failure = cause
      return problemAnswer(cause, call.correlation)
    })
    const line = {
      route,
      status: answer.status ?? 200,
      ms: Math.round(performance.now() - started),
      correlation: call.correlation,
      ...(call.who !== undefined && { caller: call.who }),
      ...(failure instanceof Problem && { code: failure.code }),
    }
    if (failure !== undefined && !(failure instanceof Problem))
      context.error(JSON.stringify({ ...line, ...bug(failure) }))
    else context.info(JSON.stringify(line))
    return answer
  }
}

/** Answers as `application/problem+json`. */
function problemAnswer(cause: unknown, instance: string): HttpResponseInit {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  if (!(cause instanceof Problem)) {
    const jsonBody = { type: 'about:blank', title: 'Internal error', status: 500, instance }
    return { status: 500, headers, jsonBody }
  }
  const { code, status, title, message: detail } = cause
  const { pointer, request, retryAfter } = cause.details
  return {
    status,
    headers: {
      ...headers,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    jsonBody: {
      type: `urn:countersign:problem:${code}`,
      title,
      status,
      detail,
      code,
      instance,
      ...(pointer !== undefined && { pointer }),
      ...(request !== undefined && { request }),
    },
  }
}

/** Where something went wrong, without its message: messages can hold input. */
export function bug(cause: unknown): { error: string; at: readonly string[] } {
  if (cause instanceof Problem) return { error: cause.code, at: [] }
  if (cause instanceof Broken) return { error: `evidence-broken: ${cause.code}`, at: [] }
  if (!(cause instanceof Error)) return { error: typeof cause, at: [] }
  const at = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return { error: cause.name, at: at.slice(0, 8).map((line) => line.trim()) }
}

/** W3C Trace Context section 3.2. */
function correlationOf(req: HttpRequest): string {
  const trace = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(req.headers.get('traceparent') ?? '')?.[1]
  return trace && !/^0+$/.test(trace) ? trace : randomBytes(16).toString('hex')
}
