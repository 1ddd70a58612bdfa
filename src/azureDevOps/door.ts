import type { Approvals } from '../approvals/approvals.ts'
import { isUsedByGate } from '../approvals/gateUse.ts'
import { checkedAsk } from '../contract/checkedAsk.ts'
import { actionDigest } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { sha256 } from '../core/data/id.ts'
import { bodyLimits, canonical, readJson } from '../core/data/json.ts'
import { Problem, type ProblemCode } from '../core/data/problem.ts'
import { stopCodeOf } from '../core/request/nextStep.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { AgentRegistration, AzureDevOpsProject, Policy } from '../ports/policy.ts'
import { gateText } from '../words/gateText.ts'
import { spoken } from '../words/spoken.ts'
import { type CheckHeaders, readCheck, type WaitingStage } from './payload.ts'

/** The action that stands for every stage of Azure DevOps. */
export const azureDevOpsAction = 'azure-devops.stage'

export interface AzureDevOpsDoorParts {
  readonly policy: Pick<Policy, 'azureDevOps' | 'personInAzureDevOps'>
  readonly approvals: Pick<Approvals, 'ask' | 'useForGate'>
}

/** A call whose token was checked: it is the agent's. */
interface CheckCall extends CheckHeaders {
  readonly agent: AgentRegistration
  readonly bytes: Uint8Array
}

/** What a check answers. The success criteria of the check are that `status` is `approved`. */
export interface CheckAnswer {
  readonly status: 'pending' | 'approved' | 'denied'
  readonly request: string
  readonly detail: string
}

export type AzureDevOpsDoor = (call: CheckCall) => Promise<CheckAnswer>

/** Characters of the words in an answer. */
const mostDetail = 1_024

/**
 * Answers the checks of Azure DevOps in poll mode: it calls as often as the check is configured, and gets the state as it is. A
 * stage becomes a request, once for each try of it, whatever number of calls ask. An approval is used up before the first
 * answer says so, and every later call gets the same answer.
 *
 * No call goes to Azure DevOps, so that its token is neither read nor kept.
 *
 * @throws {Problem} `invalid-json`, `invalid-input`, `not-permitted` for what is not registered, and what asking throws
 */
export function azureDevOpsDoor(parts: AzureDevOpsDoorParts): AzureDevOpsDoor {
  const { policy, approvals } = parts
  return async ({ agent, bytes, ...headers }) => {
    const stage = readCheck(headers, readJson(bytes, bodyLimits))
    const project = registeredProject(policy, agent, stage)
    const { request } = await approvals.ask(askOf(policy, agent, stage, project))
    return answerTo(await decided(parts, request))
  }
}

/** @throws {Problem} `not-permitted` for another organization, project or environment */
function registeredProject(policy: Pick<Policy, 'azureDevOps'>, agent: AgentRegistration, stage: WaitingStage) {
  const registration = policy.azureDevOps(agent.id)
  if (!registration) throw unknown('This agent')
  if (registration.organization !== stage.organization) throw unknown('This organization (the header PlanUrl)')
  const project = registration.projects.find(({ id }) => id === stage.project)
  if (!project) throw unknown('This project (the header ProjectId)')
  if (!project.environments.has(stage.environment)) throw unknown('This environment')
  return project
}

const unknown = (what: string): Problem =>
  new Problem('not-permitted', `${what} is not registered under azureDevOps in approvers.json.`)

function askOf(
  policy: Pick<Policy, 'personInAzureDevOps'>,
  agent: AgentRegistration,
  stage: WaitingStage,
  project: AzureDevOpsProject,
): Parameters<Approvals['ask']>[0] {
  const { organization, pipeline, build, attempt, ref, sha, by } = stage
  const person = by ? policy.personInAzureDevOps(by.id) : null
  const { action, reason, links, expiresIn } = checkedAsk({
    action: azureDevOpsAction,
    target: `${project.name}/${pipeline}/${stage.stage}`,
    environment: project.environments.get(stage.environment) ?? '',
    params: {
      ...{ organization, project: project.name, projectId: project.id, environment: stage.environment },
      ...{ pipeline, build, stage: stage.stage, attempt, ref, sha },
      ...(by && { startedBy: by.name, startedById: by.id }),
    },
    reason: `Stage ${stage.stage} of run ${build} (${pipeline}) waits to deploy ${ref} to ${stage.environment}.`,
    links: [{ title: `Run ${build}`, url: `${organization}/${project.id}/_build/results?buildId=${build}` }],
    expiresIn: bounds.expiresIn.most,
  })
  const onBehalfOf = person === null ? {} : { onBehalfOf: person }
  const parts = ['azure-devops', organization, project.id, build, stage.stage, attempt, stage.environment]
  const text = parts.map((part) => encodeURIComponent(part.toWellFormed())).join(':')
  const body = sha256(canonical({ digest: actionDigest(action), ...onBehalfOf }))
  return { agent, action, reason, links, expiresIn, ...onBehalfOf, key: { text, body } }
}

/** Problems after which the request has ended in another way, so that the next call reads how. */
const over: ReadonlySet<ProblemCode> = new Set(['not-redeemable', 'forbidden-by-policy', 'already-redeemed'])

/** Uses up an approval. An answer that says so waits until nobody can undo that. */
async function decided({ approvals }: AzureDevOpsDoorParts, request: ApprovalRequest): Promise<Decided> {
  const isInUse = request.status === 'redeemed' && isUsedByGate(request)
  if (request.status !== 'approved' && !isInUse) return { request }
  try {
    return { request: await approvals.useForGate(request.id) }
  } catch (cause) {
    if (cause instanceof Problem && over.has(cause.code)) return { request, refusal: cause }
    throw cause
  }
}

interface Decided {
  readonly request: ApprovalRequest
  /** Why its approval could not be used. */
  readonly refusal?: Problem
}

function answerTo({ request, refusal }: Decided): CheckAnswer {
  const isUsed = isUsedByGate(request) && refusal === undefined
  const detail = refusal?.message ?? gateText(request, spoken, { isUsed, most: mostDetail })
  const isWaiting = request.status === 'pending' && stopCodeOf(request) === null
  return { status: isUsed ? 'approved' : isWaiting ? 'pending' : 'denied', request: request.id, detail }
}
