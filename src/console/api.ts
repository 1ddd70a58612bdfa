import type { ProblemCode } from '../core/data/problem.ts'
import type { PageSession } from './session.ts'

/** Why a call has no answer: a problem of the service (RFC 9457), or `unreachable`. */
export class CallFailure extends Error {
  readonly code: ProblemCode | 'unreachable' | 'internal'
  readonly status: number
  /** Seconds after which the same call may succeed; `null` if it will not by itself. */
  readonly retryAfter: number | null
  /** What a better token has to prove, as JSON; `null` for other failures (RFC 9470). */
  readonly claims: string | null

  constructor(words: string, about: Pick<CallFailure, 'code' | 'status' | 'retryAfter' | 'claims'>) {
    super(words)
    this.name = 'CallFailure'
    this.code = about.code
    this.status = about.status
    this.retryAfter = about.retryAfter
    this.claims = about.claims
  }
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** An answer of the service. `value` is `null` if nothing has changed (304). */
export interface CallAnswer<T> {
  readonly value: T | null
  readonly etag: string | null
}

/** Calls of the service's API, for the person that is signed in. Nothing else in the console fetches. */
export class ServiceCalls {
  readonly #session: PageSession

  constructor(session: PageSession) {
    this.#session = session
  }

  /** @throws {CallFailure} */
  async get<T>(path: string, options: CallOptions = {}): Promise<T> {
    const { value } = await this.call<T>('GET', path, options)
    return value as T
  }

  /** @throws {CallFailure} */
  async post<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    const { value } = await this.call<T>('POST', path, { ...options, body })
    return value as T
  }

  /** Fetches a file, as it is. @throws {CallFailure} */
  async file(path: string, signal?: AbortSignal): Promise<Blob> {
    const headers = { accept: '*/*' }
    const response = await this.#fetch('GET', path, { headers, ...(signal && { signal }) })
    return response.blob()
  }

  /** @throws {CallFailure} */
  async call<T>(method: 'GET' | 'POST', path: string, options: CallOptions): Promise<CallAnswer<T>> {
    const response = await this.#fetch(method, path, options)
    const etag = response.headers.get('etag')
    if (response.status === 304) return { value: null, etag }
    return { value: (await response.json()) as T, etag }
  }

  async #fetch(method: 'GET' | 'POST', path: string, options: CallOptions): Promise<Response> {
    const { query = {}, body, headers, signal } = options
    const to = new URL(path, location.origin)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== '') to.searchParams.set(name, value)
    const token = await this.#session.token()
    const response = await fetch(to, {
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
      throw new CallFailure('The service cannot be reached.', {
        code: 'unreachable',
        status: 0,
        retryAfter: 2,
        claims: null,
      })
    })
    if (response.ok || response.status === 304) return response
    const failure = await failureOf(response)
    // The token is not taken any more, although its time is not up.
    if (failure.code === 'unauthenticated') this.#session.forget()
    throw failure
  }
}

async function failureOf(response: Response): Promise<CallFailure> {
  const problem = (await response.json().catch(() => ({}))) as { readonly code?: ProblemCode; readonly detail?: string }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new CallFailure(problem.detail ?? `The service answered with status ${response.status}.`, {
    code: problem.code ?? 'internal',
    status: response.status,
    retryAfter: Number.isFinite(seconds) ? seconds : null,
    claims: claimsIn(response.headers.get('www-authenticate')),
  })
}

/** Reads the claims of a challenge, which are in base64 as Entra has them, or as they are. */
function claimsIn(challenge: string | null): string | null {
  const [, written] = /\bclaims="([^"]*)"/.exec(challenge ?? '') ?? []
  if (written === undefined || written === '') return null
  return written.startsWith('{') ? written : atob(written)
}
