import type { Action } from '../core/action/action.ts'
import { parseRequestId } from '../core/data/id.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { type Status, statuses } from '../core/request/request.ts'
import { Exit, exits } from './exit.ts'

/** Nothing else goes into an address. */
export function isRequestId(given: string): boolean {
  try {
    return parseRequestId(given) === given
  } catch {
    return false
  }
}

/** A request, as far as this program relies on what the service answers about it. */
export interface Answer {
  readonly id: string
  readonly status: Status
  readonly digest: string
  readonly next: string
  /** Why to stop, in the service's words. */
  readonly stop?: string
  /** Stays when the rest of the action is erased. */
  readonly verb: string
  readonly action?: Action
  readonly links: readonly { readonly title: string; readonly url: string }[]
  readonly agent: string
  /** Who is to execute, where that is not the agent itself. */
  readonly executor?: string
  readonly onBehalfOf?: string
  readonly reason?: string
  readonly tier?: string
  readonly summary?: string
  readonly outcome?: string
  readonly rules: readonly string[]
  readonly required: readonly { readonly groups: readonly string[]; readonly quorum: number; readonly have: number }[]
  readonly decisions: readonly { readonly verdict: string; readonly approver: string; readonly reason?: string }[]
  readonly delivery?: string
  readonly expiresAt?: string
  readonly grant?: string
  /** The whole answer, for machines. */
  readonly document: JsonObject
}

/**
 * Reads what the service answered as a request.
 *
 * @throws {Exit} 69 when something that everything rests on is missing.
 */
export function parseAnswer(json: Json | undefined): Answer {
  if (!isObject(json)) throw unexpected('it is not an object')
  const policy = member(json, 'policy')
  const approvals = member(json, 'approvals')
  const id = needed(json, 'id')
  if (!isRequestId(id)) throw unexpected('its id is none')
  return {
    id,
    status: statusOf(json),
    digest: needed(json, 'digest'),
    next: needed(json, 'next'),
    verb: needed(json, 'action'),
    links: objects(json['links']).map((link) => ({ title: text(link, 'title') ?? '', url: text(link, 'url') ?? '' })),
    agent: nameOf(json['agent']),
    rules: texts(policy['rules']),
    required: objects(approvals['required']).map(slotOf),
    decisions: objects(approvals['decisions']).map(decisionOf),
    ...actionOf(json),
    ...optional('stop', text(member(json, 'stop'), 'words')),
    ...optional('executor', executorOf(json)),
    ...optional('onBehalfOf', text(json, 'onBehalfOf')),
    ...optional('reason', text(json, 'reason')),
    ...optional('tier', text(policy, 'tier')),
    ...optional('summary', text(policy, 'summary')),
    ...optional('outcome', text(policy, 'outcome')),
    ...optional('delivery', text(json, 'delivery')),
    ...optional('expiresAt', text(json, 'expiresAt')),
    ...optional('grant', text(member(json, 'grant'), 'token')),
    document: json,
  }
}

const unexpected = (why: string): Exit =>
  new Exit(exits.unreachable, `The service answered something that is not a request: ${why}.`)

function statusOf(json: JsonObject): Status {
  const found = needed(json, 'status')
  const status = statuses.find((known) => known === found)
  if (status === undefined) throw unexpected(`its status is ${found}`)
  return status
}

function needed(json: JsonObject, key: string): string {
  const value = json[key]
  if (typeof value !== 'string') throw unexpected(`"${key}" is missing`)
  return value
}

function actionOf(json: JsonObject): { readonly action?: Action } {
  const { action, target, environment, params } = json
  if (typeof action !== 'string' || typeof target !== 'string' || typeof environment !== 'string') return {}
  return isObject(params) ? { action: { action, target, environment, params } } : {}
}

function executorOf(json: JsonObject): string | undefined {
  const agent = text(json, 'agent') ?? text(member(json, 'agent'), 'id')
  const executor = text(json, 'executor')
  return executor === agent ? undefined : executor
}

function slotOf(slot: JsonObject): Answer['required'][number] {
  return { groups: texts(slot['groups']), quorum: count(slot['quorum']), have: count(slot['have']) }
}

const count = (value: Json | undefined): number => (typeof value === 'number' ? value : 0)

function decisionOf(decision: JsonObject): Answer['decisions'][number] {
  const { name, approver: id } = decision
  const approver = nameOf(typeof name === 'string' && typeof id === 'string' ? { name, id } : id)
  return { verdict: text(decision, 'verdict') ?? '', approver, ...optional('reason', text(decision, 'reason')) }
}

/** Somebody as `{ id, name }` or as an id alone; names are for display, ids are what counts: show both. */
function nameOf(who: Json | undefined): string {
  if (typeof who === 'string') return who
  if (!isObject(who)) return ''
  const [name, id] = [text(who, 'name'), text(who, 'id')]
  return name && id ? `${name} (${id})` : (name ?? id ?? '')
}

function member(json: JsonObject, key: string): JsonObject {
  const value = json[key]
  return isObject(value) ? value : {}
}

function text(json: JsonObject, key: string): string | undefined {
  const value = json[key]
  return typeof value === 'string' ? value : undefined
}

const texts = (value: Json | undefined): readonly string[] => list(value).filter((item) => typeof item === 'string')

const objects = (value: Json | undefined): readonly JsonObject[] => list(value).filter(isObject)

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: string })
}
