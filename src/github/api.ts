import { parseRetryAfter } from '../core/data/retryAfter.ts'
import type { RsaKey } from '../ports/signer.ts'
import { appToken } from './appToken.ts'
import type { GitHubSettings } from './settings.ts'

/** What a call came to: an answer that means what it says, or why there is none that does. */
export type GitHubAnswer =
  | { readonly status: number; readonly body: unknown }
  /** GitHub gave no token for the call, with this status: the app is not installed there, or lacks the permission. */
  | { readonly withoutToken: number }
  /** GitHub limits us for so many seconds. */
  | { readonly limited: number }
  /** No answer, or one that is not the API's: the call may have been carried out. */
  | 'no-answer'

/** A call in the name of an installation, for one repository alone. */
interface GitHubCall {
  readonly installation: number
  readonly repository: number
  /** All that the token of the call may do. */
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>
  readonly method: 'GET' | 'POST'
  /** From the root of the API, made of registered names and numbers. */
  readonly path: string
  readonly body?: object
}

export type GitHubApi = (call: GitHubCall) => Promise<GitHubAnswer>

export interface GitHubApiParts extends Pick<GitHubSettings, 'api' | 'appId'> {
  readonly key: RsaKey
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number
}

/** Milliseconds in which one call over HTTP ends. A decision takes four at most. */
const longest = 3_500

/** Seconds to wait where GitHub does not say how long. */
const otherwise = 60

/**
 * Calls GitHub's API as the app, each call once: who calls knows what a lost answer means. Every call has a token of its own,
 * for one repository and for what it does alone. Addresses are made here and never taken from a payload, and no redirect is
 * followed, because the token is for this host.
 *
 * @returns a function that throws {Problem} `unavailable` while the app's key cannot be reached
 */
export function gitHubApi({ api, appId, key, now = Date.now }: GitHubApiParts): GitHubApi {
  const send = (path: string, method: string, token: string, body?: object) =>
    once({ url: `${api}${path}`, method, token, ...(body && { body }) }, now)
  return async ({ installation, repository, permissions, method, path, body }) => {
    const wanted = { repository_ids: [repository], permissions }
    const tokens = `/app/installations/${installation}/access_tokens`
    const given = await send(tokens, 'POST', await appToken(key, appId, now()), wanted)
    if (typeof given === 'string' || !('status' in given)) return given
    if (given.status !== 201) return { withoutToken: given.status }
    const { token } = Object(given.body) as { readonly token?: unknown }
    if (typeof token !== 'string') return 'no-answer'
    return send(path, method, token, body)
  }
}

interface Sending {
  readonly url: string
  readonly method: string
  readonly token: string
  readonly body?: object
}

async function once(
  { url, method, token, body }: Sending,
  now: () => number,
): Promise<Exclude<GitHubAnswer, { withoutToken: number }>> {
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        ...{ authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'user-agent': 'countersign' },
        ...{ 'x-github-api-version': '2022-11-28', 'content-type': 'application/json' },
      },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(longest),
    })
    const text = await answer.text()
    const limited = limitIn(answer, now())
    if (limited !== null) return { limited }
    if (answer.status >= 500 || (answer.status >= 300 && answer.status < 400)) return 'no-answer'
    return { status: answer.status, body: read(text) }
  } catch {
    return 'no-answer'
  }
}

/**
 * Seconds for which GitHub limits us; `null` if it does not:
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit.
 */
function limitIn({ status, headers }: Response, now: number): number | null {
  if (status !== 429 && status !== 403) return null
  const after = parseRetryAfter(headers.get('retry-after'), now)
  if (after !== undefined && after !== null) return Math.ceil(after)
  const reset = /^\d{1,11}$/.exec(headers.get('x-ratelimit-reset') ?? '')?.[0]
  if (headers.get('x-ratelimit-remaining') === '0' && reset !== undefined)
    return Math.max(1, Math.ceil(Number(reset) - now / 1000))
  return status === 429 ? otherwise : null
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
