import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions'
import { authzenDoor } from '../../src/authzen/door.ts'
import { type AuthzenRoute, authzenRoutes } from '../../src/contract/authzen.ts'
import { type ObjectId, shards } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { authzenHandlers, withRequestId } from '../../src/http/authzen.ts'
import { boundary } from '../../src/http/boundary.ts'
import type { Policy } from '../../src/ports/policy.ts'
import { bot, oid, runner, tools } from '../support/build.ts'
import { fakePolicy, type Roster } from '../support/fakes.ts'
import { issuer, roster, type World, world } from '../support/world.ts'

interface Answered {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
  readonly json: any
}

interface Called {
  readonly who?: string | null
  readonly id?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export interface House extends World {
  readonly call: (route: AuthzenRoute, called?: Called) => Promise<Answered>
  /** The types of all recorded events about requests: those of one request in their order. */
  readonly recorded: () => Promise<readonly string[]>
}

interface Building {
  readonly roster?: Partial<Roster>
  /** Takes the place of the fake policy. */
  readonly policy?: Policy
  /** The id of the agent that `agent` is. */
  readonly agent?: ObjectId
  readonly isOn?: boolean
}

/** More events than any test writes. */
const most = 10_000

/** The door over fakes at the ports. The clock is at noon. */
export async function house({
  roster: other = {},
  policy: given,
  agent = bot,
  isOn = true,
}: Building = {}): Promise<House> {
  const here = await world(undefined, other)
  const policy = given ?? fakePolicy(roster(other))
  const { approvals } = given ? here.another({ policy, ledger: here.ledger, clock: here.clock }) : here
  const ids: Readonly<Record<string, ObjectId>> = { agent, runner, unregistered: oid(77) }
  const callers = async (authorization: string | null) => {
    if (authorization === 'person') {
      const person = { name: 'x', roles: [], client: oid(1), agentic: false, contexts: [] }
      return { kind: 'person', id: oid(64), ...person } as const
    }
    const id = ids[authorization ?? '']
    if (id === undefined) throw new Problem('unauthenticated', 'Sign in first.')
    const appId = policy.agent(id)?.appId ?? id
    return { kind: 'agent', id, appId, roles: ['Actions.Request'] } as const
  }
  const door = isOn ? authzenDoor({ approvals, signer: here.signer, baseUrl: issuer, clock: here.clock }) : null
  const handlers = authzenHandlers({ callers, policy, clients: tools }, door)
  const call: House['call'] = async (route, { who = 'agent', id, body, headers = {} } = {}) => {
    const { method, path } = authzenRoutes[route]
    const url = `${issuer}/${path.replace('{id}', encodeURIComponent(id ?? ''))}`
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const type = method === 'POST' && { 'content-type': 'application/json' }
    const all = { ...type, ...(who !== null && { authorization: who }), ...headers }
    // An empty text stands for a header that is left out.
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
    const nativeRequest = new Request(url, { method, headers: given, ...sent })
    const init = { url, method, params: { ...(id !== undefined && { id }) }, nativeRequest }
    const req = new HttpRequest(init)
    const context = new InvocationContext({ functionName: route, logHandler: () => undefined })
    const answer = new HttpResponse(await withRequestId(boundary(route, handlers[route]))(req, context))
    return { status: answer.status, headers: answer.headers, json: JSON.parse(await answer.text()) }
  }
  const recorded = async () => {
    const types: string[] = []
    for (const shard of shards)
      for await (const events of here.ledger.stream(shard, 0, most))
        for (const { text } of events) types.push((JSON.parse(text) as { type: string }).type)
    return types.filter((type) => type !== 'policy-changed')
  }
  return { ...here, approvals, call, recorded }
}
