import { setTimeout as pause } from 'node:timers/promises'
import { RestError, type TableClient } from '@azure/data-tables'
import { parseRetryAfter } from '../core/data/retryAfter.ts'
import { CallDeadline } from './deadline.ts'
import type { Throttling } from './throttling.ts'

type Policy = Parameters<TableClient['pipeline']['addPolicy']>[0]

/** The distance between the storage's clock and this machine's, measured at the newest answer. */
export interface StorageClock {
  /** In milliseconds; 0 before the first answer. */
  apart: number
}

/** Status codes of passing faults: time-outs, throttling, and faults of the storage. */
const passing = new Set([408, 429, 500, 502, 503, 504])
const tries = 4
/** Tries while the storage refuses some calls and answers others: one by one it answers all of them. */
const triesWhileThrottled = 12
/** Milliseconds of one try, so that a hanging connection leaves time for another. */
const tryTimeout = 2_500
/** Milliseconds of a call that was given no deadline. */
const otherwise = 20_000
/** Milliseconds. An answer that asks for a longer wait is returned to the caller. */
const longestWait = 1_000

/**
 * Retries every request after a passing fault. A write that was applied although its answer was lost therefore fails
 * with 409 or 412, and its writer reads back.
 *
 * Replaces the SDK's own retries, which give up on a 429 without `Retry-After`, and have no time-out for an answer.
 *
 * @param throttling takes the status of every answer
 */
export const retries = (throttling: Pick<Throttling, 'take' | 'isPartial'>): Policy => ({
  name: 'countersignRetries',
  async sendRequest(request, next) {
    const deadline = request.abortSignal instanceof CallDeadline ? request.abortSignal : new CallDeadline(otherwise)
    const began = performance.now()
    for (let attempt = 1; ; attempt++) {
      request.abortSignal = deadline.orSooner(tryTimeout)
      let wait = backoff(attempt)
      try {
        const response = await next(request)
        throttling.take(response.status)
        const most = throttling.isPartial(response.status, began) ? triesWhileThrottled : tries
        if (!passing.has(response.status) || attempt >= most) return response
        wait = Math.max(wait, (parseRetryAfter(response.headers.get('retry-after'), Date.now()) ?? 0) * 1000)
        if (wait > longestWait) return response
      } catch (cause) {
        if (attempt >= tries || deadline.aborted || !isUnanswered(cause)) throw cause
      }
      await pause(wait)
    }
  },
})

/** About 60, 180, then 540 ms, with jitter, so that calls which failed together are not repeated together. */
const backoff = (attempt: number): number => 20 * 3 ** Math.min(attempt, 3) * (0.75 + Math.random() / 2)

/** Whether an error has no status: the connection failed, or the answer did not come in time. */
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
 * Escapes U+2028 and U+2029, which JSON may leave bare. Transactions are multipart texts, and a reader that splits them
 * into lines may take these characters for line ends, as Azurite does.
 */
export const bareLineEnds: Policy = {
  name: 'countersignLineEnds',
  sendRequest(request, next) {
    if (typeof request.body === 'string')
      request.body = request.body.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
    return next(request)
  },
}
