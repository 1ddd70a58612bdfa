import { parseRetryAfter } from '../core/data/retryAfter.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { isObject, type Json, readJson } from '../core/data/json.ts'
import { isLasting } from '../core/data/problem.ts'
import { Unreachable } from './failure.ts'

/** One call. Its effect must be the same when it arrives twice, because it is repeated after a lost answer. */
export interface ServiceCall {
  readonly url: URL
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Seconds that one answer may take. */
  readonly seconds: number
  /** Aborts the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Lets an attempt that is under way end before an abort takes effect, so that its effect does not stay unknown. */
  readonly finishes?: boolean
}

export interface Reply {
  readonly status: number
  /** Absent if the body is not JSON, as strictly as this program reads it. */
  readonly json?: Json
  /** Milliseconds, from `Retry-After`. */
  readonly retryAfter?: number
}

/** An answer that is a file, whose bytes are still to be received. */
export interface ServiceDownload {
  readonly headers: Headers
  /** @throws {Unreachable} if the transfer breaks off */
  readonly bytes: AsyncIterable<Uint8Array>
}

/** `fetch`, or what a host puts in its place. */
export type Fetching = (url: URL, init: RequestInit) => Promise<Response>

/** How a program calls: by which `fetch`, and for how long it repeats a call. */
export interface Patience {
  /** Seconds after the first fault. */
  readonly seconds: number
  /** Seconds for which `too-many` is repeated: people have to decide other requests first. */
  readonly queue: number
  /** Is told once for each call that is repeated. */
  readonly say?: (sentence: string) => void
  readonly fetch?: Fetching
}

const limits = { bytes: 1_048_576, depth: 32, nodes: 50_000 }

/**
 * Calls, and repeats the call while there is no answer or the service asks for another try (429, 502, 503, 504). Waits
 * for `Retry-After`, or longer each time, and gives up when the patience since the first fault is used up. A problem
 * that lasts until the service is updated ends the tries, whatever its status, and so does `cooling-down`, which
 * follows a person's no.
 *
 * @returns the last answer
 * @throws {Unreachable} if there is none
 */
export function send(call: ServiceCall, patience: Patience): Promise<Reply> {
  return persist(call, patience, readBody)
}

/** Calls as {@link send} does, for a file of any size. The transfer may last as long as bytes keep coming. */
export function open(call: ServiceCall, patience: Patience): Promise<Reply & { readonly download?: ServiceDownload }> {
  return persist(call, patience, async (response, waiting) =>
    response.status === 200 ? { download: downloadIn(response, waiting, call) } : readBody(response),
  )
}

/** Reads an answer's body. `waiting` ends the call when no byte has come for too long. */
type Read<T> = (response: Response, waiting: Waiting) => Promise<T>

async function persist<T extends object>(call: ServiceCall, patience: Patience, read: Read<T>): Promise<Received & T> {
  let firstFault: number | undefined
  for (let attempt = 0; ; attempt++) {
    const result = await once(call, patience.fetch ?? fetch, read)
    if (!('lost' in result) && !isPassing(result)) return result
    firstFault ??= Date.now()
    const pause = result.retryAfter ?? pauseAfter(attempt)
    if (Date.now() + pause > firstFault + secondsFor(result, patience) * 1000) {
      if ('lost' in result) throw new Unreachable(`${call.url.origin} cannot be reached: ${result.lost}.`)
      return result
    }
    const fault = 'lost' in result ? result.lost : `status ${result.status}`
    if (attempt === 0) patience.say?.(`${call.url.host}: ${fault}; trying again`)
    await pauseFor(pause, call.signal)
  }
}

/** Doubles from 250 ms to 5 s. A part is random, so that clients which failed together do not return together. */
const pauseAfter = (attempt: number): number => Math.min(250 * 2 ** attempt, 5000) * (0.5 + Math.random() / 2)

const secondsFor = (result: Lost | (Received & { readonly json?: Json }), { seconds, queue }: Patience): number =>
  'lost' in result || codeOf(result) !== 'too-many' ? seconds : queue

/** Waits. @throws the signal's reason, once it is aborted */
export async function pauseFor(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal })
  } catch (cause) {
    signal?.throwIfAborted()
    throw cause
  }
}

function isPassing(answer: Received & { readonly json?: Json }): boolean {
  const code = codeOf(answer)
  return [429, 502, 503, 504].includes(answer.status) && !isLasting(code) && code !== 'cooling-down'
}

/** The code of a problem (RFC 9457). */
export const codeOf = ({ json }: { readonly json?: Json }): Json | undefined =>
  isObject(json) ? json['code'] : undefined

type Received = { readonly status: number; readonly retryAfter?: number }
type Lost = { readonly lost: string; readonly retryAfter?: never }

async function once<T extends object>(
  call: ServiceCall,
  fetching: Fetching,
  read: Read<T>,
): Promise<(Received & T) | Lost> {
  const { url, method, headers, body, seconds } = call
  call.signal?.throwIfAborted()
  const signal = call.finishes ? undefined : call.signal
  const waiting = waitingFor(seconds)
  const timeout = waiting.signal
  try {
    const response = await fetching(url, {
      method,
      headers,
      // Following a redirect could send the token to another service.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body !== undefined && { body }),
    })
    const retryAfter = retryAfterOf(response.headers)
    const found = await read(response, waiting)
    if (!('download' in found)) waiting.end()
    return { ...found, status: response.status, ...(retryAfter !== undefined && { retryAfter }) }
  } catch (cause) {
    waiting.end()
    signal?.throwIfAborted()
    return { lost: timeout.aborted ? `no answer within ${seconds} s` : faultOf(cause) }
  }
}

interface Waiting {
  readonly signal: AbortSignal
  /** Starts the time anew, because bytes came. */
  readonly again: () => void
  readonly end: () => void
}

function waitingFor(seconds: number): Waiting {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), seconds * 1000)
  return { signal: controller.signal, again: () => void timer.refresh(), end: () => clearTimeout(timer) }
}

function downloadIn({ headers, body }: Response, waiting: Waiting, { url, seconds }: ServiceCall): ServiceDownload {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
        waiting.again()
        yield piece
      }
    } catch (cause) {
      const why = waiting.signal.aborted ? `nothing came for ${seconds} s` : faultOf(cause)
      throw new Unreachable(`${url.origin} stopped sending: ${why}.`)
    } finally {
      waiting.end()
    }
  }
  return { headers, bytes: bytes() }
}

async function readBody(response: Response): Promise<{ readonly json?: Json }> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body) {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length
      // A body may have any size: stop reading at the limit.
      if (size > limits.bytes) return {}
      chunks.push(chunk)
    }
  }
  if (!/^application\/([a-z.-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')) return {}
  try {
    return { json: readJson(Buffer.concat(chunks), limits) }
  } catch {
    return {} // the caller says what is missing
  }
}

/** Gives milliseconds, at least 50, so that a service is not called in a tight loop. */
function retryAfterOf(headers: Headers): number | undefined {
  const seconds = parseRetryAfter(headers.get('retry-after'), Date.now())
  return seconds === null ? undefined : Math.max(seconds * 1000, 50)
}

/** Names the fault as the system does, for example ECONNREFUSED. No message is quoted: it may hold a header. */
export function faultOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code
  return inner instanceof Error ? inner.name : 'unknown fault'
}
