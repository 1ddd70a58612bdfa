import type { HttpRequest } from '@azure/functions'
import type { CallerRule, Operation } from '../contract/operation.ts'
import { type OperationName, operationNames, operationOf } from '../contract/operations.ts'
import { parseDay } from '../core/data/day.ts'
import { isRequestId, parseDigest, parseEventHash, parseHoldId, parseRequestId, sha256 } from '../core/data/id.ts'
import { canonical, isObject, type Json } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { Policy } from '../ports/policy.ts'
import type { Answered, Answering, Handler } from './boundary.ts'
import type { Caller } from './caller.ts'
import type { ClientNames } from './clients.ts'
import type { OperationInput, Handlers, OperationReply } from './handler.ts'
import { body, idempotencyKey, preferredWait, query } from './input.ts'
import { admit, type KnownCallers, personWith, type Principal } from './principal.ts'

export interface BindingParts {
  /** Tells who calls from the `Authorization` header. */
  readonly callers: (authorization: string | null) => Promise<Caller>
  readonly policy: Policy
  /** The applications that people may use. */
  readonly clients: ClientNames
  readonly approvals: Pick<Approvals, 'refused'>
}

/** Every operation, ready to be called: authenticated, parsed and answered as its row says. */
export type Api = Readonly<Record<OperationName, Handler>>

/** Binds the handlers to the rows of the contract. */
export function bind(parts: BindingParts, handlers: Handlers): Api {
  const entries = operationNames.map((name) => [name, bound(parts, operationOf(name), handlers[name] as AnyHandler)])
  return Object.fromEntries(entries) as Api
}

/** A handler whose types were checked where it met its row. */
type AnyHandler = (given: OperationInput) => Promise<OperationReply>

function bound(parts: BindingParts, operation: Operation, handler: AnyHandler): Handler {
  return async (req) => {
    const caller = await identify(parts, operation.caller, req)
    const waits = operation.waits ? preferredWait(req) : 0
    const answer = async () => answered(await handler(await given(parts, operation, caller, waits, req)))
    const answering: Answering = { waits: waits ?? 0, answer: answer() }
    return caller ? { ...answering, who: { kind: caller.kind, id: caller.id } } : answering
  }
}

/**
 * Finds out who calls; `null` if the operation needs no caller. A bad token is no reason to refuse such an operation.
 *
 * @throws {Problem} `unauthenticated`, `unavailable`
 */
async function identify({ callers }: BindingParts, rule: CallerRule, req: HttpRequest): Promise<Caller | null> {
  const authorization = req.headers.get('authorization')
  if (rule.kind !== 'anyone') return callers(authorization)
  if (rule.more === undefined || authorization === null) return null
  return unlessRefused(() => callers(authorization))
}

async function unlessRefused<T>(work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Problem) return null
    throw cause
  }
}

/**
 * Parses what came in: first who may call, then the cheap parts, then the body. The id comes last, so that a body that
 * is not valid says so whatever the request is.
 *
 * @throws {Problem} `not-permitted`, `invalid-input`, `invalid-json`, `too-large`, `not-found`
 */
async function given(
  known: BindingParts,
  operation: Operation,
  caller: Caller | null,
  wait: number | null,
  req: HttpRequest,
): Promise<OperationInput> {
  const { caller: rule, headers, path } = operation
  const principal = await principalOf(rule, caller, known).catch(async (cause: unknown) => {
    if (caller && cause instanceof Problem) await noteRefused(known, operation, caller, req, cause)
    throw cause
  })
  const wanted = query(req, operation.query)
  const key = headers.includes('Idempotency-Key') ? idempotencyKey(req) : null
  if (wait === null) throw new Problem('invalid-input', 'Prefer: wait is a number of seconds.')
  const sent = operation.body && (await body(req, operation.body))
  const { id = '', hold = '', date = '', view = '', event = '' } = req.params
  return {
    caller: principal,
    id: path.includes('{id}') ? parseRequestId(id) : undefined,
    hold: path.includes('{hold}') ? parseHoldId(hold) : undefined,
    event: path.includes('{event}') ? parseEventHash(event) : undefined,
    view: path.includes('{view}') ? parseDigest(view, '/view') : undefined,
    date: path.includes('{date}') ? parseDay(date, '/date') : undefined,
    query: wanted,
    body: sent?.value,
    key: key === null ? null : { text: key, body: sha256(canonical(comparable(operation, sent?.raw))) },
    wait,
    headers: req.headers,
  } as OperationInput
}

/** Records a refusal of what an operation does with a request, if the caller may know of the request. */
async function noteRefused(
  { approvals }: BindingParts,
  { act }: Operation,
  caller: Caller,
  req: HttpRequest,
  problem: Problem,
): Promise<void> {
  const { id = '' } = req.params
  if (act === undefined || !isRequestId(id)) return
  const { kind } = caller
  const attempt = { by: { kind, id: caller.id }, act, ...(kind === 'person' && { client: caller.client }) }
  await approvals.refused(parseRequestId(id), attempt, problem)
}

/** What two calls with one idempotency key must have in common. */
function comparable({ perAttempt = [] }: Operation, raw: Json = {}): Json {
  if (!isObject(raw)) return raw
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !perAttempt.includes(name)))
}

async function principalOf(rule: CallerRule, caller: Caller | null, known: KnownCallers): Promise<Principal | null> {
  if (rule.kind === 'anyone') return caller && unlessRefused(() => personWith(rule.more, caller, known))
  if (caller === null) throw new Error('An operation that is not for anyone was called without a caller.')
  return admit(rule, caller, known)
}

function answered(reply: OperationReply): Answered {
  if ('response' in reply) return reply
  const { answer, status = 200, headers, newer } = reply
  const response = { status, jsonBody: answer, headers: { 'cache-control': 'no-store', ...headers } }
  return { response, ...(newer && { newer }) }
}
