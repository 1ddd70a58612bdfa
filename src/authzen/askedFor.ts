import type { Ask } from '../approvals/ask.ts'
import type { AuthzenQuestion } from '../contract/authzen.ts'
import { target } from '../contract/field.ts'
import type { Action } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { type ObjectId, parseObjectId } from '../core/data/id.ts'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { AgentRegistration } from '../ports/policy.ts'

/** A question of AuthZEN, in the words of an ask. */
export interface AuthzenAsk {
  readonly action: Action
  readonly onBehalfOf?: ObjectId
}

/** Without `context.environment` an action is judged as one in production, which is the strictest. */
const strictest = 'production'

/**
 * Reads what is asked for. The caller is the agent. A subject of type `user` whose `properties.act` is that agent is the
 * person for whom it acts; any other subject is shown to people, and to the rules, among the params.
 *
 * @throws {Problem} `invalid-input` for an `act` that is not the caller, and for what no ask may hold
 */
export function askedFor(question: AuthzenQuestion, agent: ObjectId): AuthzenAsk {
  const { action, resource, context } = question
  const { act, principal } = subjectOf(question, agent)
  const given = action.properties ?? {}
  const params: Record<string, JsonObject> = {
    ...(principal && { subject: principal }),
    ...(resource.properties && { resource: { properties: resource.properties } }),
  }
  const taken = Object.keys(params).find((name) => Object.hasOwn(given, name))
  if (taken !== undefined)
    throw invalid(`/action/properties/${taken}`, `is the name under which people see the ${taken}: choose another`)
  return {
    action: {
      action: action.name,
      target: targetOf(resource),
      environment: context?.environment ?? strictest,
      params: { ...given, ...params },
    },
    ...(act && { onBehalfOf: parseObjectId(question.subject.id, '/subject/id') }),
  }
}

interface Subject {
  /** Whether the agent acts for the subject. */
  readonly act: boolean
  /** What people have to see of the subject; absent if the request names all of it already. */
  readonly principal?: JsonObject
}

function subjectOf({ subject }: AuthzenQuestion, agent: ObjectId): Subject {
  const { type, id, properties = {} } = subject
  const { act, ...rest } = properties
  if (act !== undefined) checkActor(type, act, agent)
  const others = Object.keys(rest).length > 0 && { properties: rest }
  const isKnown = act !== undefined || (type === 'agent' && id === agent)
  return {
    act: act !== undefined,
    ...((others || !isKnown) && { principal: { type, id, ...others } }),
  }
}

/** The token says who acts. A question that says otherwise is for another agent, or wants to be taken for one. */
function checkActor(type: string, act: unknown, agent: ObjectId): void {
  const actor = typeof act === 'object' && act !== null ? (act as JsonObject) : {}
  if (type !== 'user') throw invalid('/subject/properties/act', 'belongs to a subject of type user')
  if (actor['type'] !== 'agent' || actor['id'] !== agent)
    throw invalid('/subject/properties/act', 'is the calling agent: { "type": "agent", "id": its object id }')
}

/** @throws {Problem} `invalid-input` for a name that no target may be */
function targetOf({ type, id }: AuthzenQuestion['resource']): string {
  const parsed = target.safeParse(`${type}/${id}`)
  if (!parsed.success) throw invalid('/resource/id', `makes a target that ${parsed.error.issues[0]?.message}`)
  return parsed.data
}

/** The ask that a question stands for. */
export function askOf(agent: AgentRegistration, asked: AuthzenAsk, reason?: string): Ask {
  const { action, onBehalfOf } = asked
  return {
    ...{ agent, action, links: [], expiresIn: bounds.expiresIn.otherwise },
    reason: reason ?? `${action.action}, asked for over AuthZEN`,
    ...(onBehalfOf !== undefined && { onBehalfOf }),
  }
}

const invalid = (pointer: string, rule: string) => new Problem('invalid-input', `${pointer} ${rule}.`, { pointer })
