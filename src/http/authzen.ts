import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import type { z } from 'zod'
import type { Ask } from '../approvals/ask.ts'
import {
  accessCancelBody,
  type AccessRequest,
  accessRequestBody,
  type AuthzenEvaluation,
  type AuthzenRoute,
  evaluationBody,
} from '../contract/authzen.ts'
import { sha256 } from '../core/data/id.ts'
import { canonical, type Json } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { AgentRegistration } from '../ports/policy.ts'
import type { BindingParts } from './binding.ts'
import type { Answered, Answering, Handler } from './boundary.ts'
import { body, idempotencyKey } from './input.ts'
import { admit } from './principal.ts'

/** An answer as the door for AuthZEN gives it. */
interface DoorAnswer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
  readonly code?: string
}

/** What the door does for an agent whose token was verified. */
interface AuthzenUses {
  readonly configuration: object
  readonly evaluate: (agent: AgentRegistration, evaluation: AuthzenEvaluation) => Promise<object>
  readonly requestAccess: (agent: AgentRegistration, wanted: AccessRequest, key: Ask['key']) => Promise<DoorAnswer>
  readonly accessTask: (agent: AgentRegistration, id: string) => Promise<DoorAnswer>
  readonly cancelAccess: (agent: AgentRegistration, id: string, reason?: string) => Promise<DoorAnswer>
}

/** @param door `null` where the setting is not on: then every call is answered `not-found` */
export function authzenHandlers(
  parts: Pick<BindingParts, 'callers' | 'policy' | 'clients'>,
  door: AuthzenUses | null,
): Readonly<Record<AuthzenRoute, Handler>> {
  const forAgent =
    (work: (door: AuthzenUses, agent: AgentRegistration, req: HttpRequest) => Promise<DoorAnswer>) =>
    async (req: HttpRequest): Promise<Answering> => {
      const open = opened(door)
      const caller = await parts.callers(req.headers.get('authorization'))
      const agent = admit({ kind: 'agent', roles: ['Actions.Request'] }, caller, parts)
      if (agent.kind !== 'agent') throw new TypeError('A person was let in as an agent.')
      return { who: { kind: 'agent', id: agent.id }, answer: work(open, agent, req).then(answered) }
    }
  return {
    authzenConfiguration: async () => {
      const { configuration } = opened(door)
      const headers = { 'cache-control': 'public, max-age=300' }
      return { answer: Promise.resolve({ response: { jsonBody: configuration, headers } }) }
    },
    evaluate: forAgent(async (open, agent, req) => {
      const { value } = await jsonBody(req, evaluationBody)
      return { status: 200, body: await open.evaluate(agent, value) }
    }),
    requestAccess: forAgent(async (open, agent, req) => {
      const text = idempotencyKey(req)
      const { raw, value } = await jsonBody(req, accessRequestBody)
      return open.requestAccess(agent, value, text === null ? undefined : { text, body: sha256(canonical(raw)) })
    }),
    accessTask: forAgent((open, agent, req) => open.accessTask(agent, req.params['id'] ?? '')),
    cancelAccess: forAgent(async (open, agent, req) => {
      // A withdrawal without a reason has no body, and says nothing of it.
      const read = req.headers.has('content-type') ? jsonBody : body
      const { value } = await read(req, accessCancelBody)
      return open.cancelAccess(agent, req.params['id'] ?? '', value.reason)
    }),
  }
}

function opened(door: AuthzenUses | null): AuthzenUses {
  if (door === null)
    throw new Problem(
      'not-found',
      'This deployment does not answer AuthZEN: the setting COUNTERSIGN_AUTHZEN is not on.',
    )
  return door
}

/** @throws {Problem} `invalid-input` for a body that does not say that it is JSON: section 10.1 of the Authorization API */
async function jsonBody<T extends z.ZodType>(req: HttpRequest, schema: T): Promise<{ raw: Json; value: z.output<T> }> {
  if (!/^application\/json *(;|$)/i.test(req.headers.get('content-type') ?? ''))
    throw new Problem('invalid-input', 'The Content-Type is application/json.')
  return body(req, schema)
}

function answered({ status, body, headers, code }: DoorAnswer): Answered {
  const type = code !== undefined && { 'content-type': 'application/problem+json' }
  return {
    response: { status, jsonBody: body, headers: { 'cache-control': 'no-store', ...type, ...headers } },
    ...(code !== undefined && { code }),
  }
}

type Bounded = (req: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>

/** Repeats the caller's name of the call in its answer, whatever the answer is: section 10.1.4 of the Authorization API. */
export const withRequestId =
  (bounded: Bounded): Bounded =>
  async (req, context) => {
    const answer = await bounded(req, context)
    const id = req.headers.get('x-request-id') ?? ''
    if (!/^[\x21-\x7e]{1,255}$/.test(id)) return answer
    const headers = new Headers(answer.headers)
    headers.set('x-request-id', id)
    return { ...answer, headers }
  }
