import { parseRetryAfter } from '../core/data/retryAfter.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { isObject, type Json, readJson } from '../core/data/json.ts'
import { isLasting } from '../core/data/problem.ts'
import { Exit, exits } from './exit.ts'

/** One call. It may be repeated, so it must be one that means the same when it arrives twice. */
export interface ServiceCall {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** How long one answer may take. */
  readonly seconds: number
  /** Cuts the call off; its reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

export interface Reply {
  readonly status: number
  /** Absent if the body was not JSON, or not as strict as ours. */
  readonly json?: Json
}

/** An answer that is a file: its bytes are still to come. */
export interface ServiceDownload {
  readonly headers: Headers
  /** @throws {Exit} 69 if they end early. */
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface Patience {
  readonly seconds: number
  readonly say: (sentence: string) => void
}

const limits = { bytes: 1_048_576, depth: 32, nodes: 50_000 }

/**
 * Calls, and calls again while nobody answers or the service asks for it (429, 502, 503, 504), after `Retry-After` or
 * with growing pauses, until the patience counted from the first fault is used up. A problem that lasts until somebody
 * updates the service is not asked for again, whatever its status.
 *
 * @returns the last answer
 * @throws {Exit} 69 if there is none.
 */
export function send(call: ServiceCall, patience: Patience): Promise<Reply> {
  return persist(call, patience, readBody)
}

/** Calls, and calls again, as {@link send} does, for a file of any size. It may take as long as bytes keep coming. */
export function open(call: ServiceCall, patience: Patience): Promise<Reply & { readonly download?: ServiceDownload }> {
  return persist(call, patience, async (response, waiting) =>
    response.status === 200 ? { download: downloadIn(response, waiting, call) } : readBody(response),
  )
}

/** What an answer's body is made of. `waiting` ends the call when the other side has been silent for too long. */
type Read<T> = (response: Response, waiting: Waiting) => Promise<T>

async function persist<T extends object>(call: ServiceCall, patience: Patience, read: Read<T>): Promise<Received & T> {
  let giveUpAt: number | undefined
  for (let attempt = 0; ; attempt++) {
    const result = await once(call, read)
    if (!('lost' in result) && !isPassing(result)) return result
    giveUpAt ??= Date.now() + patience.seconds * 1000
    const pause = result.retryAfter ?? Math.min(250 * 2 ** attempt, 5000)
    if (Date.now() + pause > giveUpAt) {
      if ('lost' in result) throw new Exit(exits.unreachable, `${call.url.origin} cannot be reached: ${result.lost}.`)
      return result
    }
    const fault = 'lost' in result ? result.lost : `status ${result.status}`
    if (attempt === 0) patience.say(`${call.url.host}: ${fault}; trying again`)
    await pauseFor(pause, call.signal)
  }
}

/** Waits, unless told to stop: then throws the signal's reason. */
export async function pauseFor(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal })
  } catch (cause) {
    signal?.throwIfAborted()
    throw cause
  }
}

const isPassing = (answer: Received & { readonly json?: Json }): boolean =>
  [429, 502, 503, 504].includes(answer.status) && !(isObject(answer.json) && isLasting(answer.json['code']))

type Received = { readonly status: number; readonly retryAfter?: number }
type Lost = { readonly lost: string; readonly retryAfter?: never }

async function once<T extends object>(call: ServiceCall, read: Read<T>): Promise<(Received & T) | Lost> {
  const { url, method, headers, body, seconds, signal } = call
  signal?.throwIfAborted()
  const waiting = waitingFor(seconds)
  const timeout = waiting.signal
  try {
    const response = await fetch(url, {
      method,
      headers,
      // A token must not follow to where a redirect points.
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
  /** Something came: waits as long again. */
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
      throw new Exit(exits.unreachable, `${url.origin} stopped sending: ${why}.`)
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
      // The size is the other side's claim: stop reading rather than believe it.
      if (size > limits.bytes) return {}
      chunks.push(chunk)
    }
  }
  if (!/^application\/([a-z.-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')) return {}
  try {
    return { json: readJson(Buffer.concat(chunks), limits) }
  } catch {
    return {} // not JSON as we take it: whoever needs it says what is missing
  }
}

/** Milliseconds; at least a moment, so that a service is not called in a tight loop. */
function retryAfterOf(headers: Headers): number | undefined {
  const seconds = parseRetryAfter(headers.get('retry-after'), Date.now())
  return seconds === null ? undefined : Math.max(seconds * 1000, 50)
}

/** The system's name of the fault, as ECONNREFUSED. */
export function faultOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code
  return inner instanceof Error ? inner.message : 'unknown fault'
}
