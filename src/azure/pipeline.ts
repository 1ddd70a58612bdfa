import { setTimeout as pause } from 'node:timers/promises'
import { RestError, type TableClient } from '@azure/data-tables'
import { parseRetryAfter } from '../core/data/retryAfter.ts'

type Policy = Parameters<TableClient['pipeline']['addPolicy']>[0]

/** How far the storage's clock and the machine's are apart, as of the newest answer. */
export interface StorageClock {
  /** In milliseconds; 0 until something answered. */
  apart: number
}

/** Answers that pass: time-outs, throttling, and faults of the storage. */
const passing = new Set([408, 429, 500, 502, 503, 504])
const tries = 4
/** A connection that hangs must leave time for another try. */
const tryTimeout = 2_500
/** An answer that asks for a longer wait than this is handed on. */
const longestWait = 1_000

/**
 * Tries again after faults that pass, of whichever request: a write that was applied although its answer was lost
 * therefore comes back as 409 or 412, and the writer reads back. Stands in for the SDK's own retries, which give up
 * on a 429 without `Retry-After` and wait without end for an answer that does not come.
 */
export const retries: Policy = {
  name: 'countersignRetries',
  async sendRequest(request, next) {
    const { abortSignal: deadline } = request
    for (let attempt = 1; ; attempt++) {
      const late = AbortSignal.timeout(tryTimeout)
      request.abortSignal = deadline instanceof AbortSignal ? AbortSignal.any([deadline, late]) : late
      let wait = backoff(attempt)
      try {
        const response = await next(request)
        if (!passing.has(response.status) || attempt === tries) return response
        wait = Math.max(wait, (parseRetryAfter(response.headers.get('retry-after'), Date.now()) ?? 0) * 1000)
        if (wait > longestWait) return response
      } catch (cause) {
        if (attempt === tries || deadline?.aborted || !isUnanswered(cause)) throw cause
      }
      await pause(wait)
    }
  },
}

/** About 60, 180, 540 ms, with jitter, so that calls which failed together are not repeated together. */
const backoff = (attempt: number): number => 20 * 3 ** attempt * (0.75 + Math.random() / 2)

/** No status: the connection failed, or the answer did not come in time. */
const isUnanswered = (cause: unknown): boolean =>
  cause instanceof RestError ? cause.statusCode === undefined : cause instanceof Error && cause.name === 'AbortError'

/**
 * Compares the `Date` header of each answer (RFC 9110 section 6.6.1: whole seconds) with the machine's clock before
 * and after the request.
 */
export const clockWatch = (clock: StorageClock): Policy => ({
  name: 'countersignClock',
  async sendRequest(request, next) {
    const sent = Date.now()
    const response = await next(request)
    const date = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(date)) clock.apart = Math.max(0, sent - (date + 1000), date - Date.now())
    return response
  },
})

/**
 * Escapes U+2028 and U+2029, which JSON may leave bare. Transactions are multipart texts, and who takes those apart by
 * lines may count these two as ends of lines: Azurite does.
 */
export const bareLineEnds: Policy = {
  name: 'countersignLineEnds',
  sendRequest(request, next) {
    if (typeof request.body === 'string')
      request.body = request.body.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
    return next(request)
  },
}
