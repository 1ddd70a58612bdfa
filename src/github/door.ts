import type { Approvals } from '../approvals/approvals.ts'
import type { ObjectId } from '../core/data/id.ts'
import { activityLimits, isObject, readJson } from '../core/data/json.ts'
import { Problem, type ProblemCode } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Policy } from '../ports/policy.ts'
import { spoken } from '../words/spoken.ts'
import type { GitHubApi } from './api.ts'
import { askOfDeployment, keyOfDeployment, type KnownDeployment, knownDeployment } from './deployment.ts'
import { gateAt } from './gate.ts'
import { type DeploymentPlace, type GitHubEvent, readEvent, type WaitingDeployment } from './payload.ts'
import type { GitHubSettings } from './settings.ts'
import { deliveryCheck, type SignedDelivery } from './signature.ts'

export interface GitHubDoorParts {
  readonly settings: Pick<GitHubSettings, 'secret' | 'api'>
  readonly policy: Pick<Policy, 'agent' | 'gitHubs' | 'personInGitHub'>
  readonly approvals: Pick<Approvals, 'ask' | 'ofKey' | 'report'>
  readonly api: GitHubApi
  /** Leaves the request's row for a delivery, and starts one. Resolves when the row is written. */
  readonly tellSoon: (request: ApprovalRequest) => Promise<void>
  /** Is called with errors of work that nobody waits for. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** A call as it arrived. */
interface GitHubDelivery extends SignedDelivery {
  /** `X-GitHub-Event`. */
  readonly event: string | null
}

/** What became of a call. */
interface GitHubReply {
  /** The agent in whose name GitHub's event counts. */
  readonly who?: ObjectId
  /** For the log. */
  readonly intent?: string
  readonly request?: string
  /** What was refused although the call is answered. */
  readonly code?: ProblemCode
}

export type GitHubDoor = (call: GitHubDelivery) => Promise<GitHubReply>

/**
 * Lets calls of GitHub in: the signature over the bytes, the strict reader, then installation, repository and environment as
 * policy has them.
 *
 * A deployment that waits becomes a request, once, however often GitHub delivers it. Its end becomes the outcome.
 *
 * @throws {Problem} `unauthenticated`, `invalid-json`, `invalid-input`, `too-large`, `not-permitted`, `idempotency-mismatch`,
 *   `too-many`, `busy`, `unavailable`: then GitHub shows the delivery as failed, and a person may have it sent again
 */
export function gitHubDoor(parts: GitHubDoorParts): GitHubDoor {
  const check = deliveryCheck(parts.settings.secret)
  return async (call) => {
    check(call)
    const json = readJson(call.bytes, activityLimits)
    if (!isObject(json)) throw new Problem('invalid-input', 'An event of GitHub is an object.')
    const event = readEvent(call.event, json, parts.settings.api)
    if (event.kind === 'ignored') return { intent: 'ignored' }
    const known = knownDeployment(parts.policy, event)
    return event.kind === 'waiting' ? asked(parts, event, known) : reported(parts, event, known)
  }
}

/** Problems of an ask that no repetition mends: the deployment is rejected at once, with the reason. */
const final: ReadonlySet<ProblemCode> = new Set([
  'invalid-input',
  'too-large',
  'secret-in-params',
  'not-showable',
  'no-eligible-approver',
  'cooling-down',
])

async function asked(parts: GitHubDoorParts, event: WaitingDeployment, known: KnownDeployment): Promise<GitHubReply> {
  const { policy, approvals, settings, tellSoon } = parts
  const who = known.registration.agent
  const agent = policy.agent(who)
  if (!agent) throw new Problem('not-permitted', 'The agent of this repository is not registered.')
  const person = event.by.isProgram ? null : policy.personInGitHub(event.by.id)
  const reply = { who, intent: 'ask' }
  try {
    const { key, ...ask } = askOfDeployment(event, known, { person, api: settings.api })
    const { request } = await approvals.ask({ agent, ...ask, key })
    await tellSoon(request)
    return { ...reply, request: request.id }
  } catch (cause) {
    if (!(cause instanceof Problem) || !final.has(cause.code)) throw cause
    void reject(parts, event, known, cause).catch(parts.failed)
    return { ...reply, code: cause.code }
  }
}

/** Rejects a deployment for which there is no request. A rejection opens nothing, so that nothing needs to be recorded first. */
async function reject(
  { api }: GitHubDoorParts,
  event: WaitingDeployment,
  { registration, repository }: KnownDeployment,
  why: Problem,
): Promise<void> {
  const place = { installation: registration.installation, repository, environment: event.environment }
  const words = spoken.gate.refused(why.code, why.message)
  const sent = await gateAt(api, { ...place, run: String(event.run) }).tell({ state: 'rejected', words })
  if ('unsent' in sent) throw new Error(`GitHub did not take a rejection (${why.code}): ${sent.unsent}.`)
}

/** Records how a deployment ended. What was not approved here has no outcome. */
async function reported(
  { approvals }: GitHubDoorParts,
  event: Extract<GitHubEvent, { kind: 'ended' }>,
  { registration }: KnownDeployment,
): Promise<GitHubReply> {
  const who = registration.agent
  const request = await approvals.ofKey(who, keyOfDeployment(event satisfies DeploymentPlace))
  if (request === null) return { who, intent: 'ignored' }
  const summary = `GitHub calls the deployment ${event.deployment} “${event.state}”.`
  const reply = { who, intent: 'report', request: request.id }
  try {
    await approvals.report(request.id, { executor: request.executor, result: event.result, summary })
    return reply
  } catch (cause) {
    // Two events tell of the same end, and a deployment that was rejected ends, too.
    if (cause instanceof Problem && (cause.code === 'already-reported' || cause.code === 'not-redeemed'))
      return { ...reply, code: cause.code }
    throw cause
  }
}
