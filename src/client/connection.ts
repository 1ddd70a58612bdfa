import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { Refused, Unreachable } from './failure.ts'
import { codeOf, open, type Patience, type Reply, send, type ServiceCall, type ServiceDownload } from './http.ts'
import { isToken } from './setting.ts'
import type { TokenSource } from './token.ts'

export interface ConnectionParts {
  /** Ends with a slash. */
  readonly url: URL
  readonly token: TokenSource
  readonly patience: Patience
}

/** The service, called with the token of an agent or a person. */
export interface Connection {
  /**
   * Calls an operation, and repeats the call while there is no answer: its effect must be the same when it arrives twice.
   *
   * @param path below `api/`
   * @throws {Refused} with the problem that the service answered
   * @throws {Unreachable}, and the signal's reason
   */
  readonly call: (path: string, options?: CallOptions) => Promise<Json>
  /** Opens a file of the service; `null` if it still has this ETag. */
  readonly download: (path: string, etag?: string) => Promise<ServiceDownload | null>
}

interface CallOptions {
  /** Sent by POST. Without it, the call is a GET. */
  readonly body?: JsonObject
  /** Whether what the path names is deleted; without a body. */
  readonly deletes?: true
  /** The idempotency key. */
  readonly key?: string
  /** Seconds to wait for the request to leave `pending`. */
  readonly wait?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Lets an attempt that is under way end before an abort takes effect. */
  readonly finishes?: boolean
}

export function connect({ url, token, patience }: ConnectionParts): Connection {
  const asked = async <T extends Reply>(
    path: string,
    options: CallOptions,
    attempt: (call: ServiceCall) => Promise<T>,
  ): Promise<T> => {
    const to = new URL(`api/${path}`, url)
    const reply = await attempt(prepare(to, await checked(token, false), options))
    // A token may be refused before its time, as when keys have changed: another one is tried, once. One that lacks a step-up
    // was not refused: the person has to sign in again.
    return reply.status === 401 && codeOf(reply) !== 'step-up'
      ? attempt(prepare(to, await checked(token, true), options))
      : reply
  }
  return {
    call: async (path, options = {}) => {
      const reply = await asked(path, options, (call) => send(call, patience))
      if (isDone(reply) && reply.json !== undefined) return reply.json
      throw refusalIn(reply)
    },
    download: async (path, etag) => {
      const ofFiles = { accept: '*/*', ...(etag && { 'if-none-match': etag }) }
      const reply = await asked<Reply & { readonly download?: ServiceDownload }>(path, {}, (call) =>
        open({ ...call, headers: { ...call.headers, ...ofFiles } }, patience),
      )
      if (reply.status === 304 && etag) return null
      if (reply.download) return reply.download
      throw refusalIn(reply)
    },
  }
}

/** A token with other characters would end the header, and `fetch` would put it into its error. */
async function checked(source: TokenSource, renew: boolean): Promise<string> {
  const token = await source(renew)
  if (!isToken(token))
    throw new Refused('unauthenticated', 'The access token has characters that no token has.', { status: 401 })
  return token
}

function prepare(url: URL, token: string, { body, deletes, key, wait, signal, finishes }: CallOptions): ServiceCall {
  return {
    url,
    method: deletes ? 'DELETE' : body ? 'POST' : 'GET',
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(wait && { prefer: `wait=${wait}` }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    seconds: 20 + (wait ?? 0),
    signal,
    ...(finishes && { finishes }),
    ...(body && { body: JSON.stringify(body) }),
  }
}

/** 202 is the answer to what a second person has to confirm. */
const isDone = ({ status }: Reply): boolean => status >= 200 && status <= 202

/** Reads a problem (RFC 9457 section 3.1). An answer without a code says nothing that a program could act on. */
function refusalIn(reply: Reply): Refused | Unreachable {
  const { status, json, retryAfter } = reply
  if (isDone(reply)) return new Unreachable('The service answered something that is not JSON.')
  if (!isObject(json) || typeof json['title'] !== 'string')
    return new Unreachable(`The service answered status ${status} without a problem that says why.`)
  const { title, detail, code, request, pointer, instance } = json
  const trace = typeof instance === 'string' ? ` (${instance})` : ''
  if (typeof code !== 'string') return new Unreachable(`The service answered status ${status}: ${title}${trace}.`)
  return new Refused(code, typeof detail === 'string' ? `${title}: ${detail}` : title, {
    status,
    problem: json,
    ...(typeof request === 'string' && { request }),
    ...(typeof pointer === 'string' && { pointer }),
    ...(retryAfter !== undefined && { retryAfter: retryAfter / 1000 }),
  })
}
