import type { AppRole, CallerRule } from '../contract/operation.ts'
import type { ObjectId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { AgentRegistration, Policy } from '../ports/policy.ts'
import type { Caller } from './caller.ts'

type AgentPrincipal = AgentRegistration & { readonly kind: 'agent'; readonly roles: readonly string[] }

export interface PersonPrincipal {
  readonly kind: 'person'
  readonly id: ObjectId
  readonly name: string
  readonly roles: readonly string[]
  readonly client: ObjectId
}

export type Principal = AgentPrincipal | PersonPrincipal

/** What an operation's handler knows of who calls. */
export type PrincipalOf<Rule extends CallerRule> = Rule['kind'] extends 'anyone'
  ? PersonPrincipal | null
  : Rule['kind'] extends 'agent'
    ? AgentPrincipal
    : Rule['kind'] extends 'person'
      ? PersonPrincipal
      : Principal

/**
 * Lets a caller in as an operation's rule says.
 *
 * @throws {Problem} `not-permitted` for a person in place of an agent and the reverse, a missing app role, and an app
 *   that is not registered as an agent.
 */
export function admit(rule: Exclude<CallerRule, { kind: 'anyone' }>, caller: Caller, policy: Policy): Principal {
  switch (rule.kind) {
    case 'agent':
      if (caller.kind !== 'agent') throw notPermitted('This is for agents.')
      return registered(caller, rule.roles, policy)
    case 'person':
      return personWith(rule.role, caller)
    case 'either':
      return caller.kind === 'person' ? caller : registered(caller, rule.roles, policy)
  }
}

/** Any app of the tenant can get a token for us: the role and the registration make it an agent. */
function registered(caller: Caller & { kind: 'agent' }, roles: readonly AppRole[], policy: Policy): AgentPrincipal {
  const agent = policy.agent(caller.id)
  if (!roles.some((role) => caller.roles.includes(role))) throw notPermitted(`This needs the app role ${roles[0]}.`)
  if (!agent || agent.appId !== caller.appId) throw notPermitted('This agent is not registered.')
  return { ...agent, kind: 'agent', roles: caller.roles }
}

/** @throws {Problem} `not-permitted` for an agent, or a person without the role. */
export function personWith(role: AppRole | undefined, caller: Caller): PersonPrincipal {
  if (caller.kind !== 'person') throw notPermitted('This is for people.')
  if (role !== undefined && !caller.roles.includes(role)) throw notPermitted(`This needs the app role ${role}.`)
  return caller
}

const notPermitted = (sentence: string) => new Problem('not-permitted', sentence)
