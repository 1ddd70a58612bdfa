import type { Action } from '../core/action/canonicalAction.ts'
import { isRequestId } from '../core/data/id.ts'
import { isArray, isObject, type Json, type JsonObject } from '../core/data/json.ts'
import type {
  ApiAnswerBody,
  ApiAskBody,
  ApiLink,
  ApiOutcomeBody,
  ApiRequest,
  ApiRequestList,
  ApiStatus,
} from './api.ts'
import type { Connection } from './connection.ts'
import { Refused, Unreachable } from './failure.ts'
import { checkKey } from './key.ts'

/** What comes with an action that is asked for. All of it is made from the call, as the key is. */
export interface AskOptions {
  /** Why, in words for the approvers. */
  readonly reason: string
  /** The idempotency key: `keyOf` makes it from the id of the call. */
  readonly key: string
  readonly links?: readonly ApiLink[] | undefined
  /** The object id of the person for whom the agent acts. That person cannot approve. */
  readonly onBehalfOf?: string | undefined
  /** The object id of another agent, which will redeem. */
  readonly executor?: string | undefined
  /** The id of a standing approval of this agent, of which this is to be a use: then nobody is asked. */
  readonly under?: string | undefined
  /** Seconds for which the request may stay pending. */
  readonly expiresIn?: number | undefined
  /** Stops the repetition of the call. An attempt that is under way ends first. */
  readonly signal?: AbortSignal | undefined
}

/** What claims a grant: the request's grant, the digest of what is to be executed, and a uuid of this attempt. */
interface RedeemClaim {
  readonly grant: string
  readonly digest: string
  readonly redemption: string
}

/** Which of its own requests an agent wants to see. The newest come first; pending ones by deadline. */
export interface MineQuery {
  readonly status?: ApiStatus | undefined
  /** Only standing approvals that can be used. */
  readonly standing?: 'open' | undefined
  /** RFC 3339, in UTC. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** From the page before. */
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

/** The operations of an agent. All are safe to repeat, and are repeated while there is no answer. */
export interface Operations {
  /** @param redemption redeems what policy alone allows, in the same call */
  readonly ask: (action: Action, options: AskOptions, redemption?: string) => Promise<ApiRequest>
  readonly read: (id: string, options?: ReadOptions) => Promise<ApiRequest>
  readonly cancel: (id: string, options?: CancelOptions) => Promise<ApiRequest>
  /** Answers a question of an approver. The same words again change nothing. */
  readonly answer: (id: string, answer: ApiAnswerBody) => Promise<ApiRequest>
  readonly redeem: (id: string, claim: RedeemClaim) => Promise<ApiRequest>
  readonly report: (id: string, outcome: ApiOutcomeBody) => Promise<ApiRequest>
  readonly mine: (query?: MineQuery) => Promise<ApiRequestList>
  /** Whether the service gave this very answer to this process, as the ask or the redemption of it. */
  readonly isAnswered: (request: ApiRequest) => boolean
}

export interface ReadOptions {
  /** Seconds to wait for the request to leave `pending`, or for a question that this agent answers; at most 60. */
  readonly wait?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface CancelOptions {
  readonly reason?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export function operationsOn({ call }: Connection): Operations {
  const about = async (id: string, path: string, options: Parameters<Connection['call']>[1]): Promise<ApiRequest> => {
    // Anything else could lead to another operation.
    if (!isRequestId(id))
      throw new Refused('not-found', 'There is no such request: this is no request id.', { status: 404 })
    const request = requestIn(await call(`requests/${id}${path}`, options))
    if (request.id !== id) throw unexpected('it is about another request')
    return request
  }
  const answered = new WeakSet<ApiRequest>()
  const kept = (request: ApiRequest): ApiRequest => {
    answered.add(request)
    return request
  }
  return {
    ask: async (action, options, redemption) => {
      checkKey(options.key)
      const { key, signal } = options
      const body = bodyOf(action, options, redemption)
      return kept(requestIn(await call('requests', { body, key, signal, finishes: true })))
    },
    read: (id, options = {}) => about(id, '', options),
    cancel: (id, { reason, signal } = {}) =>
      about(id, '/cancel', { body: reason === undefined ? {} : { reason }, signal, finishes: true }),
    answer: (id, { question, answer }) => about(id, '/answers', { body: { question, answer } }),
    redeem: async (id, claim) => kept(await about(id, '/redeem', { body: { ...claim } })),
    report: (id, outcome) => about(id, '/outcome', { body: outcome as unknown as JsonObject }),
    mine: async (query = {}) => listIn(await call(`requests?${queryOf(query)}`)),
    isAnswered: (request) => answered.has(request),
  }
}

function bodyOf(action: Action, options: AskOptions, redemption: string | undefined): JsonObject {
  const { reason, links, onBehalfOf, executor, expiresIn, under } = options
  const body: ApiAskBody = {
    ...action,
    reason,
    ...(links !== undefined && links.length > 0 && { links }),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(executor !== undefined && { executor }),
    ...(expiresIn !== undefined && { expiresIn }),
    ...(under !== undefined && { under }),
    ...(redemption !== undefined && { redemption }),
  }
  return body as unknown as JsonObject
}

function queryOf(query: MineQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)]))).toString()
}

const unexpected = (why: string): Unreachable =>
  new Unreachable(`The service answered something that is not a request: ${why}.`)

/** Members without which nothing can be decided. The others are the service's word. */
const needed = ['id', 'status', 'action', 'digest', 'next', 'delivery'] as const satisfies readonly (keyof ApiRequest)[]

const isList = (value: Json | undefined): value is readonly JsonObject[] => isArray(value) && value.every(isObject)

/** @throws {Unreachable} for anything that is not a request */
function requestIn(json: Json): ApiRequest {
  if (!isObject(json)) throw unexpected('it is not an object')
  const missing = needed.find((name) => typeof json[name] !== 'string')
  if (missing !== undefined) throw unexpected(`"${missing}" is missing`)
  if (!isRequestId(json['id'] as string)) throw unexpected('its id is not a request id')
  const { required, decisions } = isObject(json['approvals']) ? json['approvals'] : {}
  if (!isList(decisions) || !isList(required) || !required.every(({ groups }) => isArray(groups)))
    throw unexpected('"approvals" is missing')
  return json as unknown as ApiRequest
}

function listIn(json: Json): ApiRequestList {
  if (!isObject(json) || !Array.isArray(json['requests'])) throw unexpected('it is not a list')
  json['requests'].forEach(requestIn)
  return json as unknown as ApiRequestList
}
