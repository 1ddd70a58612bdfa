import type { HttpRequest } from '@azure/functions'
import { bodyLimits } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { AgentRegistration } from '../ports/policy.ts'
import type { Answering } from './boundary.ts'
import type { Caller } from './caller.ts'
import { bodyBytes } from './input.ts'
import { admit, type KnownCallers } from './principal.ts'

/** A call of an agent whose token was checked. */
interface AgentsCheck {
  readonly agent: AgentRegistration
  readonly planUrl: string | null
  readonly projectId: string | null
  readonly bytes: Uint8Array
}

export interface AzureDevOpsParts extends KnownCallers {
  readonly callers: (authorization: string | null) => Promise<Caller>
  readonly door: (call: AgentsCheck) => Promise<object>
}

/** Milliseconds in which Azure DevOps wants an answer, less what the way takes. */
export const checkPatience = 2_500

/**
 * Lets an agent's token in, as everywhere else, and answers 200 with the state of the stage.
 *
 * @throws {Problem} `unauthenticated`, `not-permitted`, `not-found` where no agent is registered for Azure DevOps
 */
export async function toAzureDevOpsDoor(parts: AzureDevOpsParts | null, req: HttpRequest): Promise<Answering> {
  if (!parts) throw new Problem('not-found', 'No agent is registered for Azure DevOps here.')
  const caller = await parts.callers(req.headers.get('authorization'))
  const work = async () => {
    const agent = admit({ kind: 'agent', roles: ['Actions.Request'] }, caller, parts)
    if (agent.kind !== 'agent') throw new TypeError('This is for agents alone.')
    const answer = await parts.door({
      agent,
      planUrl: req.headers.get('planurl'),
      projectId: req.headers.get('projectid'),
      bytes: await bodyBytes(req, bodyLimits.bytes),
    })
    return { response: { status: 200, jsonBody: answer, headers: { 'cache-control': 'no-store' } } }
  }
  return { who: { kind: caller.kind, id: caller.id }, answer: work() }
}
