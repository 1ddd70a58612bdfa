import type { ObjectId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { AgentRegistration, Policy } from '../ports/policy.ts'
import type { Call } from './boundary.ts'
import type { Caller } from './caller.ts'

export type AppRole = 'Actions.Request' | 'Grants.Redeem' | 'Evidence.Read' | 'Evidence.Export' | 'Evidence.Erase'

export type AgentPrincipal = AgentRegistration & { readonly roles: readonly string[] }

export interface PersonPrincipal {
  readonly id: ObjectId
  readonly name: string
  readonly roles: readonly string[]
  readonly client: ObjectId
}

/** Tells who calls and what they are here: a registered agent with a role, or a person. */
export function principals(callerOf: (authorization: string | null) => Promise<Caller>, policy: Policy) {
  async function caller(call: Call): Promise<Caller> {
    const caller = await callerOf(call.req.headers.get('authorization'))
    call.who = { kind: caller.kind, id: caller.id }
    return caller
  }

  /** Any app of the tenant can get a token for us: the role and the registration make it an agent. */
  function registered(caller: Caller & { kind: 'agent' }, roles: readonly AppRole[]): AgentPrincipal {
    const agent = policy.agent(caller.id)
    if (!roles.some((role) => caller.roles.includes(role))) throw notPermitted(`This needs the app role ${roles[0]}.`)
    if (!agent || agent.appId !== caller.appId) throw notPermitted('This agent is not registered.')
    return { ...agent, roles: caller.roles }
  }

  return {
    /** @throws {Problem} `unauthenticated`, `not-permitted` for a person, a role-less or an unregistered app. */
    async agent(call: Call, ...roles: readonly AppRole[]): Promise<AgentPrincipal> {
      const who = await caller(call)
      if (who.kind !== 'agent') throw notPermitted('This is for agents.')
      return registered(who, roles)
    },

    /** @throws {Problem} `unauthenticated`, `not-permitted` for an agent, or a person without the role. */
    async person(call: Call, role?: AppRole): Promise<PersonPrincipal> {
      const who = await caller(call)
      if (who.kind !== 'person') throw notPermitted('This is for people.')
      if (role !== undefined && !who.roles.includes(role)) throw notPermitted(`This needs the app role ${role}.`)
      return who
    },

    async either(call: Call, ...roles: readonly AppRole[]) {
      const who = await caller(call)
      return who.kind === 'person' ? who : { ...registered(who, roles), kind: 'agent' as const }
    },
  }
}

const notPermitted = (sentence: string) => new Problem('not-permitted', sentence)
