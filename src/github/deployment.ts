import { checkedAsk } from '../contract/checkedAsk.ts'
import { type Action, actionDigest, type Link } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { type Hex, type ObjectId, sha256 } from '../core/data/id.ts'
import { canonical } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { GitHubRegistration, GitHubRepository, Policy } from '../ports/policy.ts'
import type { DeploymentPlace, WaitingDeployment } from './payload.ts'
import { webOf } from './settings.ts'

/** The action that stands for every deployment of GitHub. */
export const gitHubAction = 'github.deploy'

/** A deployment with what policy says of its repository. */
export interface KnownDeployment {
  readonly registration: GitHubRegistration
  readonly repository: GitHubRepository
  /** The environment as requests name it. */
  readonly environment: string
}

/**
 * Finds whom policy registered for a deployment. Number and name must both be those of the registration, because a name may be
 * given to another repository.
 *
 * @throws {Problem} `not-permitted` for another installation, repository or environment
 */
export function knownDeployment(policy: Pick<Policy, 'gitHubs'>, place: DeploymentPlace): KnownDeployment {
  for (const registration of policy.gitHubs()) {
    const repository = registration.repositories.find(({ id }) => id === place.repository.id)
    if (!repository) continue
    if (registration.installation !== place.installation) throw unknown('/installation/id', 'This installation')
    if (repository.name !== place.repository.name) throw unknown('/repository/full_name', 'A repository of this name')
    const environment = repository.environments.get(place.environment)
    if (environment === undefined) throw unknown('/environment', 'This environment')
    return { registration, repository, environment }
  }
  throw unknown('/repository/id', 'This repository')
}

const unknown = (pointer: string, what: string): Problem =>
  new Problem('not-permitted', `${what} is not registered under github in approvers.json.`, { pointer })

/** The idempotency key of a deployment: GitHub may deliver it again, and it is the same request then. */
export const keyOfDeployment = ({ repository, run, environment, deployment }: DeploymentPlace): string =>
  ['github', repository.id, run, encodeURIComponent(environment.toWellFormed()), deployment].join(':')

/** What is asked for a deployment. */
export interface DeploymentAsk {
  readonly action: Action
  readonly reason: string
  readonly links: readonly Link[]
  readonly expiresIn: number
  readonly onBehalfOf?: ObjectId
  readonly key: { readonly text: string; readonly body: Hex }
}

/**
 * Makes the ask of a deployment. `onBehalfOf` is the person whom policy names for who started the run, so that they cannot
 * approve it themselves. Without such a person the agent's `onBehalfOf` and the rules decide what follows.
 *
 * @param api where GitHub's API is
 * @throws {Problem} `invalid-input` for texts that an ask may not have
 */
export function askOfDeployment(
  given: WaitingDeployment,
  { environment }: KnownDeployment,
  { person, api }: { readonly person: ObjectId | null; readonly api: string },
): DeploymentAsk {
  const { repository, run, deployment, sha, ref, event, by } = given
  const { action, reason, links, expiresIn } = checkedAsk({
    ...{ action: gitHubAction, target: `${repository.name}/${given.environment}`, environment },
    params: {
      ...{ repository: repository.name, repositoryId: String(repository.id), environment: given.environment },
      ...{ run: String(run), deployment: String(deployment), ref, sha, event },
      ...{ startedBy: by.login, startedById: String(by.id) },
    },
    reason: `${by.login} started run ${run} of ${repository.name} (${event}), which deploys ${ref} to ${given.environment}.`,
    links: [{ title: `Run ${run}`, url: `${webOf(api)}/${repository.name}/actions/runs/${run}` }],
    expiresIn: bounds.expiresIn.most,
  })
  const onBehalfOf = person === null ? {} : { onBehalfOf: person }
  const body = sha256(canonical({ digest: actionDigest(action), ...onBehalfOf }))
  return { action, reason, links, expiresIn, ...onBehalfOf, key: { text: keyOfDeployment(given), body } }
}

/** Where the gate of a request is: the deployment that it is about. */
export interface DeploymentGate {
  readonly installation: number
  readonly repository: GitHubRepository
  readonly environment: string
  readonly run: string
}

/**
 * Finds the deployment that waits for a request, by what people approved and by what policy registers now. Nothing of it comes
 * from a payload directly.
 *
 * @returns `null` if the request is not one of a deployment that is still registered, or has to do with a standing approval
 */
export function gateOfRequest(policy: Pick<Policy, 'gitHub'>, request: ApprovalRequest): DeploymentGate | null {
  const registration = policy.gitHub(request.agent.id)
  if (!registration || request.action?.action !== gitHubAction) return null
  // What the agent asks for in advance, or under that, is no answer to a deployment that waits.
  if (request.under !== undefined || request.standing !== undefined) return null
  const { repositoryId, run, environment } = request.action.params
  const repository = registration.repositories.find(({ id }) => String(id) === repositoryId)
  if (!repository || typeof environment !== 'string' || !repository.environments.has(environment)) return null
  if (typeof run !== 'string' || !/^[1-9]\d{0,14}$/.test(run)) return null
  return { installation: registration.installation, repository, environment, run }
}
