import type { AppRole, CallerRule } from '../contract/operation.ts'
import { Problem } from '../core/data/problem.ts'
import type { AgentRegistration, Policy } from '../ports/policy.ts'
import type { Caller } from './caller.ts'
import { type ClientNames, clientsSetting } from './clients.ts'

type AgentPrincipal = AgentRegistration & { readonly kind: 'agent'; readonly roles: readonly string[] }

export interface PersonPrincipal extends Omit<Extract<Caller, { kind: 'person' }>, 'agentic'> {
  /** The name that the settings give to the application that they use. */
  readonly via: string
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

/** The registered agents, and the applications that people may use. */
export interface KnownCallers {
  readonly policy: Pick<Policy, 'agent' | 'agents' | 'gitHub'>
  readonly clients: ClientNames
}

/**
 * Lets a caller in as an operation's rule says.
 *
 * @throws {Problem} `not-permitted` for a person in place of an agent and the reverse, a missing app role, an app that
 *   is not registered as an agent, and a person through an application that is not for people.
 */
export function admit(rule: Exclude<CallerRule, { kind: 'anyone' }>, caller: Caller, known: KnownCallers): Principal {
  switch (rule.kind) {
    case 'agent':
      if (caller.kind !== 'agent') throw notPermitted('This is for agents.')
      return registered(caller, rule.roles, known)
    case 'person':
      return personWith(rule.role, caller, known)
    case 'either':
      return caller.kind === 'person' ? signedIn(caller, known) : registered(caller, rule.roles, known)
  }
}

/** Any app of the tenant can get a token for us: the role and the registration make it an agent. */
function registered(
  caller: Caller & { kind: 'agent' },
  roles: readonly AppRole[],
  { policy }: KnownCallers,
): AgentPrincipal {
  const agent = policy.agent(caller.id)
  if (!roles.some((role) => caller.roles.includes(role))) throw notPermitted(`This needs the app role ${roles[0]}.`)
  if (!agent || agent.appId !== caller.appId) throw notPermitted('This agent is not registered.')
  // Whoever holds such an application could ask for a deployment that does not exist, or use one's approval up.
  if (policy.gitHub(agent.id) !== null)
    throw notPermitted('This agent stands for GitHub, which asks through the GitHub App alone.')
  return { ...agent, kind: 'agent', roles: caller.roles }
}

/** @throws {Problem} `not-permitted` for an agent, a lent token, or a person without the role. */
export function personWith(
  role: AppRole | readonly AppRole[] | undefined,
  caller: Caller,
  known: KnownCallers,
): PersonPrincipal {
  if (caller.kind !== 'person') throw notPermitted('This is for people.')
  const person = signedIn(caller, known)
  const roles = [role ?? []].flat()
  if (roles.length > 0 && !roles.some((one) => person.roles.includes(one)))
    throw notPermitted(`This needs the app role ${roles.join(' or ')}.`)
  return person
}

/**
 * A person's token in the hands of an agent has a valid signature, too. Only the application that holds it tells the
 * difference.
 *
 * @throws {Problem} `not-permitted` unless people may use the application that holds the token.
 */
function signedIn(
  { agentic, ...person }: Caller & { kind: 'person' },
  { policy, clients }: KnownCallers,
): PersonPrincipal {
  if (agentic) throw borrowed('An agent holds this token, or is its subject: people decide for themselves.')
  if (clients.size === 0) throw notPermitted(`People may not use this yet: the setting ${clientsSetting} is missing.`)
  const via = clients.get(person.client)
  if (via === undefined)
    throw borrowed(`People may not use the application ${person.client} here: ${clientsSetting} does not name it.`)
  if (policy.agents().some(({ appId }) => appId === person.client))
    throw borrowed(`The application ${person.client} is an agent's: people may not use it.`)
  return { ...person, via }
}

const borrowed = (sentence: string) => new Problem('not-permitted', sentence, { isBorrowed: true })

const notPermitted = (sentence: string) => new Problem('not-permitted', sentence)
