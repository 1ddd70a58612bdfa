import type { HttpResponseInit } from '@azure/functions'
import { canonical, type JsonObject } from '../core/data/json.ts'
import {
  type Digest,
  type Hex,
  type ObjectId,
  parseRequestId,
  type RequestId,
  sha256,
  shardOf,
} from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Approvals, Reader } from '../approvals/approvals.ts'
import type { DeliveryState } from '../delivery/delivery.ts'
import type { Health } from '../health.ts'
import type { KeptEvent } from '../ports/ledger.ts'
import type { Policy } from '../ports/policy.ts'
import type { Signer } from '../ports/signer.ts'
import { toBody } from './body.ts'
import type { Call } from './boundary.ts'
import type { Caller } from './caller.ts'
import { type Evidence, evidenceApi } from './evidence.ts'
import { body, idempotencyKey, preferredWait, query } from './input.ts'
import { filterOf, scopeOf } from './listing.ts'
import { openapi } from './openapi.ts'
import { principals } from './principal.ts'
import { jsonLines, type RouteName } from './route.ts'
import { askBody, decisionBody, listQuery, noQuery, outcomeBody, reasonBody, redeemBody } from './schemas.ts'

export interface ApiParts {
  readonly approvals: Approvals
  readonly evidence: Evidence
  readonly health: Health
  /** Whether the people who decide were reached; reads nothing when it need not. */
  readonly deliveryOf: (request: ApprovalRequest) => Promise<DeliveryState>
  readonly callers: (authorization: string | null) => Promise<Caller>
  readonly policy: Policy
  readonly signer: Signer
  readonly baseUrl: string
}

/** The routes' handlers: who is it, what do they want, do it, show it. */
export type Api = Readonly<Record<RouteName, (call: Call) => Promise<HttpResponseInit>>>

export function api({ approvals, evidence, health, deliveryOf, callers, policy, signer, baseUrl }: ApiParts): Api {
  const who = principals(callers, policy)
  const document = openapi(baseUrl)

  /** The request for whoever asked or executes it: with its grant, when there is one. */
  async function shown(request: ApprovalRequest, reader: ObjectId): Promise<HttpResponseInit> {
    const [grant, delivery] = await Promise.all([approvals.grant(request, reader), deliveryOf(request)])
    return ok(toBody(request, { grant, delivery }))
  }

  const plain = async (request: ApprovalRequest): Promise<HttpResponseInit> =>
    ok(toBody(request, { delivery: await deliveryOf(request) }))

  return {
    ...evidenceApi({ ...evidence, approvals, who }),

    async ask(call) {
      const agent = await who.agent(call, 'Actions.Request')
      query(call.req, noQuery)
      const key = idempotencyKey(call.req)
      const seconds = (call.waits = preferredWait(call.req))
      const { raw, value } = await body(call.req, askBody)
      const { reason, links, expiresIn, executor, onBehalfOf, ...action } = value
      const asked = await approvals.ask({
        agent,
        action: { ...action, params: action.params as JsonObject },
        reason,
        links,
        expiresIn,
        ...(executor !== undefined && { executor: executor as ObjectId }),
        ...(onBehalfOf !== undefined && { onBehalfOf: onBehalfOf as ObjectId }),
        ...(key !== null && { key: { text: key, body: sha256(canonical(raw)) } }),
      })
      const request = await waited(asked.request, seconds)
      const answer = await shown(request, agent.id)
      const location = `${baseUrl}/api/requests/${request.id}`
      return {
        ...answer,
        status: asked.created ? 201 : 200,
        headers: { ...answer.headers, location, ...applied(seconds) },
      }
    },

    async read(call) {
      const caller = await who.either(call, 'Actions.Request', 'Grants.Redeem')
      query(call.req, noQuery)
      const seconds = (call.waits = preferredWait(call.req))
      const reader: Reader =
        caller.kind === 'agent'
          ? { kind: 'agent', id: caller.id }
          : { kind: 'person', id: caller.id, evidence: caller.roles.includes('Evidence.Read') }
      const request = await waited(await approvals.read(idOf(call), reader), seconds)
      const answer = await shown(request, caller.id)
      return { ...answer, headers: { ...answer.headers, ...applied(seconds) } }
    },

    async list(call) {
      const person = await who.person(call)
      const wanted = query(call.req, listQuery)
      const evidence = person.roles.includes('Evidence.Read')
      const { limit, cursor } = wanted
      const page = { keep: filterOf(wanted), limit, ...(cursor !== undefined && { cursor }) }
      const found = await approvals.list(scopeOf(wanted), page, { kind: 'person', id: person.id, evidence })
      const { newer } = found
      if (newer) call.newer = newer
      return ok({
        requests: await Promise.all(
          found.requests.map(async (request) => toBody(request, { delivery: await deliveryOf(request) })),
        ),
        ...(found.cursor !== undefined && { cursor: found.cursor }),
        // Who else may know of them cannot be found out.
        ...(evidence && newer && { newer: newer.map(({ request }) => request) }),
      })
    },

    async cancel(call) {
      const agent = await who.agent(call, 'Actions.Request')
      query(call.req, noQuery)
      const { value } = await body(call.req, reasonBody)
      return plain(await approvals.cancel(idOf(call), agent.id, value.reason))
    },

    async decide(call) {
      const person = await who.person(call)
      query(call.req, noQuery)
      const { verdict, reason, digest, confirm } = (await body(call.req, decisionBody)).value
      const request = await approvals.decide(idOf(call), {
        approver: person.id,
        verdict,
        seen: { via: 'api', digest: digest as Digest, client: person.client },
        ...(reason !== undefined && { reason }),
        ...(confirm !== undefined && { confirm }),
      })
      return plain(request)
    },

    async redeem(call) {
      const agent = await who.agent(call, 'Actions.Request', 'Grants.Redeem')
      query(call.req, noQuery)
      const { grant, digest, redemption } = (await body(call.req, redeemBody)).value
      const request = await approvals.redeem(idOf(call), {
        caller: agent.id,
        mayRedeemForOthers: agent.roles.includes('Grants.Redeem'),
        grant,
        digest: digest as Digest,
        redemption,
      })
      return ok(toBody(request, { delivery: await deliveryOf(request), next: 'execute' }))
    },

    async report(call) {
      const agent = await who.agent(call, 'Actions.Request', 'Grants.Redeem')
      query(call.req, noQuery)
      const { result, summary, output } = (await body(call.req, outcomeBody)).value
      const request = await approvals.report(idOf(call), {
        executor: agent.id,
        result,
        ...(summary !== undefined && { summary }),
        ...(output && { output: { sha256: output.sha256 as Hex, size: output.size } }),
      })
      return plain(request)
    },

    async revoke(call) {
      const person = await who.person(call)
      query(call.req, noQuery)
      const { value } = await body(call.req, reasonBody)
      return plain(await approvals.revoke(idOf(call), person.id, value.reason))
    },

    async events(call) {
      const person = await who.person(call, 'Evidence.Read')
      query(call.req, noQuery)
      const request = await approvals.read(idOf(call), { kind: 'person', id: person.id, evidence: true })
      const events = await approvals.events(request)
      if (
        call.req.headers.get('accept')?.includes('application/json') &&
        !call.req.headers.get('accept')?.includes('jsonl')
      )
        return ok({ events: await placed(request, events) })
      const lines = events.map(({ text }) => `${text}\n`).join('')
      return { body: lines, headers: { 'content-type': jsonLines, 'cache-control': 'no-store' } }
    },

    async health(call) {
      query(call.req, noQuery)
      const state = await health(await mayCount(call))
      return { ...ok(state), status: state.status === 'ok' ? 200 : 503 }
    },

    async openapi(call) {
      query(call.req, noQuery)
      return ok(document)
    },

    async keys(call) {
      query(call.req, noQuery)
      const keys = (await signer.keys()).map((key) => ({ ...key, use: 'sig', alg: 'ES256' }))
      const headers = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' }
      return { body: JSON.stringify({ keys }), headers }
    },
  }

  async function placed({ id }: ApprovalRequest, events: readonly KeptEvent[]) {
    const indices = await evidence.proofs.indices(shardOf(id), events)
    return events.map(({ text, hash, said, trace }, i) => {
      const index = indices[i] ?? null
      return { leaf: text, hash, ...(index !== null && { index }), said, ...(trace !== undefined && { trace }) }
    })
  }

  /** Anyone may ask for health, with whatever token; the counts are for those who may read evidence. */
  async function mayCount(call: Call): Promise<boolean> {
    if (call.req.headers.get('authorization') === null) return false
    try {
      return (await who.person(call, 'Evidence.Read')).roles.length > 0
    } catch (cause) {
      if (cause instanceof Problem) return false
      throw cause
    }
  }

  async function waited(request: ApprovalRequest, seconds: number): Promise<ApprovalRequest> {
    return seconds > 0 && request.status === 'pending' ? approvals.wait(request.id, seconds) : request
  }
}

const ok = (jsonBody: object): HttpResponseInit => ({ status: 200, jsonBody, headers: { 'cache-control': 'no-store' } })

/** RFC 7240 section 3. */
const applied = (seconds: number): Record<string, string> =>
  seconds > 0 ? { 'preference-applied': `wait=${seconds}` } : {}

function idOf({ req }: Call): RequestId {
  const id = req.params['id']
  if (id === undefined) throw new Problem('not-found', 'There is no such request.')
  return parseRequestId(id)
}
