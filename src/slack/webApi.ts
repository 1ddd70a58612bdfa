import { parseRetryAfter } from '../core/data/retryAfter.ts'

/** The methods of Slack's Web API that this program calls. No other has a scope in the app's manifest. */
export type SlackMethod = 'chat.postMessage' | 'chat.update' | 'chat.postEphemeral' | 'views.open' | 'views.update'

/** What a call came to: Slack's own answer, or why there is none. */
export type SlackAnswer =
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>> }
  /** Slack's code for what is wrong, or `http-…` for an answer that is not the API's. */
  | { readonly ok: false; readonly error: string; readonly retryAfter?: number }
  /** No answer: the call may have been carried out. */
  | { readonly ok: false; readonly error: 'no-answer' }

export type SlackApi = (
  method: SlackMethod,
  body: object,
  options?: { readonly within?: number },
) => Promise<SlackAnswer>

export interface WebApiOptions {
  readonly token: string
  /** Where the API is: only tests and local stacks have another. */
  readonly url?: string
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number
}

/** Milliseconds in which a call ends. */
const longest = 10_000

/** Seconds to wait after a 429 that does not say how long. */
const otherwise = 30

/**
 * Calls Slack's Web API, each call once: who calls knows what a lost answer means. Five methods need no SDK; that of Slack
 * brings an HTTP client, a queue and retries of its own, which would post a second card after a lost answer.
 *
 * After a 429 the same method, in the same channel where it has one, is not called until Slack's time is over:
 * https://docs.slack.dev/apis/web-api/rate-limits.
 */
export function webApi({ token, url = 'https://slack.com', now = Date.now }: WebApiOptions): SlackApi {
  const held = new Map<string, number>()
  return async (method, body, { within = longest } = {}) => {
    const place = placeOf(method, body)
    const left = (held.get(place) ?? 0) - now()
    if (left > 0) return { ok: false, error: 'ratelimited', retryAfter: Math.ceil(left / 1000) }
    held.delete(place)
    const answer = await once({ url: `${url}/api/${method}`, token, body, within }, now)
    if (!answer.ok && 'retryAfter' in answer) held.set(place, now() + (answer.retryAfter ?? otherwise) * 1000)
    return answer
  }
}

/** Slack limits posts by channel, and every other method for the whole app. */
const placeOf = (method: SlackMethod, body: object): string =>
  method === 'chat.postMessage' && 'channel' in body ? `${method} ${String(body.channel)}` : method

interface Call {
  readonly url: string
  readonly token: string
  readonly body: object
  readonly within: number
}

async function once({ url, token, body, within }: Call, now: () => number): Promise<SlackAnswer> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      redirect: 'manual', // The token is for this host alone.
      signal: AbortSignal.timeout(within),
    })
    const found = read(await answer.text())
    if (answer.status === 429 || found?.['error'] === 'ratelimited') {
      const seconds = parseRetryAfter(answer.headers.get('retry-after'), now()) ?? otherwise
      return { ok: false, error: 'ratelimited', retryAfter: Math.ceil(seconds) }
    }
    if (answer.status >= 500) return { ok: false, error: 'no-answer' }
    if (found?.['ok'] === true) return { ok: true, body: found }
    const { error } = found ?? {}
    return { ok: false, error: typeof error === 'string' ? error : `http-${answer.status}` }
  } catch {
    return { ok: false, error: 'no-answer' }
  }
}

function read(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}
