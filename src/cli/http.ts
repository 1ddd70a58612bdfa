import { setTimeout as sleep } from 'node:timers/promises'
import { type Json, readJson } from '../core/json.ts'
import { Exit, exits } from './exit.ts'

/** One call. It may be repeated, so it must be one that means the same when it arrives twice. */
export interface Call {
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

export interface Patience {
  readonly seconds: number
  readonly say: (sentence: string) => void
}

const limits = { bytes: 1_048_576, depth: 32, nodes: 50_000 }

/**
 * Calls, and calls again while nobody answers or the service asks for it (429, 502, 503, 504), after `Retry-After` or
 * with growing pauses, until the patience counted from the first fault is used up.
 *
 * @returns the last answer
 * @throws {Exit} 69 if there is none.
 */
export async function send(call: Call, patience: Patience): Promise<Reply> {
  let giveUpAt: number | undefined
  for (let attempt = 0; ; attempt++) {
    const result = await once(call)
    if (!('lost' in result) && !isPassing(result.status)) return result
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

const isPassing = (status: number): boolean => [429, 502, 503, 504].includes(status)

type Received = Reply & { readonly retryAfter?: number }
type Lost = { readonly lost: string; readonly retryAfter?: never }

async function once({ url, method, headers, body, seconds, signal }: Call): Promise<Received | Lost> {
  signal?.throwIfAborted()
  const timeout = AbortSignal.timeout(seconds * 1000)
  try {
    const response = await fetch(url, {
      method,
      headers,
      // A token must not follow to where a redirect points.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body !== undefined && { body }),
    })
    const retryAfter = parseRetryAfter(response.headers.get('retry-after'))
    return { status: response.status, ...(await readBody(response)), ...(retryAfter !== undefined && { retryAfter }) }
  } catch (cause) {
    signal?.throwIfAborted()
    return { lost: timeout.aborted ? `no answer within ${seconds} s` : faultOf(cause) }
  }
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

/** RFC 9110 section 10.2.3: seconds or a date; at least a moment, so that nobody is called in a tight loop. */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(ms, 50)
}

/** The system's name of the fault, as ECONNREFUSED. */
function faultOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code
  return inner instanceof Error ? inner.message : 'unknown fault'
}
