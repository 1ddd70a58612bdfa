import type { ProblemCode } from '../core/data/problem.ts'
import type { PageSession } from './session.ts'
import { words } from './words.ts'

/** Why a call has no answer: a problem of the service (RFC 9457), or `unreachable`. */
export class CallFailure extends Error {
  readonly code: ProblemCode | 'unreachable' | 'internal'
  /** What to sign in with once more, for a `step-up`. */
  readonly claims: string | null

  constructor(code: CallFailure['code'], said: string, claims: string | null = null) {
    super(said)
    this.name = 'CallFailure'
    this.code = code
    this.claims = claims
  }
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Statuses that are answers, too, beside those of success. */
  readonly also?: readonly number[]
}

/** An answer, with the tag that tells it from a later one (RFC 9110 section 8.8.3). */
export interface Tagged<T> {
  readonly value: T
  readonly etag: string | null
}

/** Seconds that a call waits for news, at most: as long as the service lets one wait. */
const longestWait = 25

/** Calls of the service's API, for the person that is signed in. Only the settings for signing in are fetched elsewhere. */
export class ServiceCalls {
  readonly #session: PageSession
  #isOver = false
  /** Calls that were made ahead, by address. */
  readonly #ahead = new Map<string, Promise<Response>>()

  constructor(session: PageSession) {
    this.#session = session
  }

  /** @throws {CallFailure} */
  async get<T>(path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.#fetch('GET', path, options)
    return (await response.json()) as T
  }

  /** Makes no call any more, for a page that is left alone: a call would sign in again, and bring the page back. */
  end(): void {
    this.#isOver = true
  }

  /** Makes a call that a page will make as soon as it is drawn. The page then gets its answer, or its failure, once. */
  ahead(path: string, options: CallOptions): void {
    const answer = this.#fetch('GET', path, options)
    answer.catch(() => undefined)
    this.#ahead.set(addressOf(path, options).href, answer)
  }

  /**
   * Reads what changes. If it is still what the tag is of, the service answers when that changes, but no later than after
   * 25 s; `null` if it is the same then.
   *
   * @throws {CallFailure}
   */
  async changed<T>(path: string, known: string | null, options: CallOptions = {}): Promise<Tagged<T> | null> {
    const { href } = addressOf(path, options)
    const ahead = this.#ahead.get(href)
    this.#ahead.delete(href)
    const headers = known === null ? {} : { 'if-none-match': known, prefer: `wait=${longestWait}` }
    const response = await (ahead ?? this.#fetch('GET', path, { ...options, headers, also: [304] }))
    if (response.status === 304) return null
    return { value: (await response.json()) as T, etag: response.headers.get('etag') }
  }

  /** @throws {CallFailure} */
  async post<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    const response = await this.#fetch('POST', path, { ...options, body })
    return (await response.json()) as T
  }

  /** @throws {CallFailure} */
  async remove<T>(path: string): Promise<T> {
    const response = await this.#fetch('DELETE', path, {})
    return (await response.json()) as T
  }

  /** Fetches a file, as it is. @throws {CallFailure} */
  async file(path: string, signal?: AbortSignal): Promise<Blob> {
    const headers = { accept: '*/*' }
    const response = await this.#fetch('GET', path, { headers, ...(signal && { signal }) })
    return response.blob()
  }

  async #fetch(method: 'GET' | 'POST' | 'DELETE', path: string, options: CallOptions): Promise<Response> {
    const { body, headers, signal, also = [] } = options
    if (this.#isOver) return new Promise(() => {})
    const token = await this.#session.token()
    const response = await fetch(addressOf(path, options), {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...headers,
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    }).catch((cause: unknown) => {
      if (signal?.aborted === true) throw cause
      throw new CallFailure('unreachable', words.unreachable)
    })
    if (response.ok || also.includes(response.status)) return response
    const failure = await failureOf(response)
    // The token is not taken any more, although its time is not up.
    if (failure.code === 'unauthenticated') this.#session.forget()
    throw failure
  }
}

function addressOf(path: string, { query = {} }: CallOptions): URL {
  const to = new URL(path, location.origin)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') to.searchParams.set(name, value)
  return to
}

async function failureOf(response: Response): Promise<CallFailure> {
  const problem = (await response.json().catch(() => ({}))) as { readonly code?: ProblemCode; readonly detail?: string }
  return new CallFailure(
    problem.code ?? 'internal',
    problem.detail ?? words.answered(response.status),
    claimsIn(response),
  )
}

/** https://learn.microsoft.com/entra/identity-platform/claims-challenge */
function claimsIn({ headers }: Response): string | null {
  const [, encoded] = /claims="([^"]+)"/.exec(headers.get('www-authenticate') ?? '') ?? []
  return encoded === undefined ? null : atob(encoded)
}
