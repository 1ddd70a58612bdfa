import type { RequestId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { PipelineGate, PipelineGates, GateWord } from '../ports/pipelineGate.ts'
import type { Sent } from '../ports/messenger.ts'
import type { Policy } from '../ports/policy.ts'
import type { GitHubAnswer, GitHubApi } from './api.ts'
import { type DeploymentGate, gateOfRequest } from './deployment.ts'

/** Characters of a comment. */
const mostComment = 1_024

/** Finds the deployment of GitHub that waits for a request. */
export function gitHubGates(policy: Pick<Policy, 'gitHub'>, api: GitHubApi): PipelineGates {
  return (request) => {
    const deployment = gateOfRequest(policy, request)
    return deployment && gateAt(api, deployment, request.id)
  }
}

/** @param id stands in our comments, by which they are known again. Absent for a rejection without a request. */
export const gateAt = (api: GitHubApi, deployment: DeploymentGate, id?: RequestId): PipelineGate => ({
  name: 'github',
  place: `github:${deployment.installation}`,
  tell: async (word) => {
    try {
      return await told(api, deployment, word, id)
    } catch (cause) {
      // The key of the app cannot be reached, so that nothing was sent.
      if (cause instanceof Problem && cause.code === 'unavailable') return { unsent: 'passing' }
      throw cause
    }
  },
})

/**
 * https://docs.github.com/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run: 204 for a
 * decision that GitHub took. A deployment that is decided refuses another one with 422, and so does one whose answer to us was
 * lost: then the run's reviews tell whether the decision is ours.
 */
async function told(
  api: GitHubApi,
  deployment: DeploymentGate,
  { state, words }: GateWord,
  id: RequestId | undefined,
): Promise<Sent<null>> {
  const { environment } = deployment
  const comment = words.slice(0, mostComment)
  const body = { environment_name: environment, ...(state !== undefined && { state }), comment }
  const answer = await calling(api, deployment, { deployments: 'write' }, 'deployment_protection_rule', body)
  if (isStatus(answer, 204)) return { sent: null }
  if (isStatus(answer, 422) && state !== undefined && id !== undefined) {
    const reviews = await calling(api, deployment, { actions: 'read' }, 'approvals')
    if (!isStatus(reviews, 200)) return unsentBy(reviews)
    if (isDecidedBy(reviews.body, { environment, state, id })) return { sent: null }
  }
  return unsentBy(answer)
}

const calling = (
  api: GitHubApi,
  { installation, repository, run }: DeploymentGate,
  permissions: Readonly<Record<string, 'read' | 'write'>>,
  what: 'deployment_protection_rule' | 'approvals',
  body?: object,
): Promise<GitHubAnswer> =>
  api({
    ...{ installation, repository: repository.id, permissions, method: body ? 'POST' : 'GET' },
    path: `/repos/${repository.name}/actions/runs/${run}/${what}`,
    ...(body && { body }),
  })

type Answered = Extract<GitHubAnswer, { status: number }>

const isStatus = (answer: GitHubAnswer, status: number): answer is Answered =>
  typeof answer === 'object' && 'status' in answer && answer.status === status

/** Why a word was not taken. What no later try can change is tried again each hour, since a person may mend it. */
function unsentBy(answer: GitHubAnswer): Exclude<Sent<null>, { sent: null }> {
  if (answer === 'no-answer') return { unsent: 'passing' }
  if ('limited' in answer) return { unsent: 'throttled', retryAfter: answer.limited }
  const status = 'status' in answer ? answer.status : answer.withoutToken
  if (status === 404) return { unsent: 'gone' }
  // Any other answer is not GitHub's word on this decision: a token that ended on its way, or a page of a proxy.
  return { unsent: status === 400 || status === 403 || status === 422 ? 'refused' : 'passing' }
}

interface Decided {
  readonly environment: string
  readonly state: 'approved' | 'rejected'
  readonly id: RequestId
}

/** Whether the reviews of a run have our decision: https://docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run. */
function isDecidedBy(reviews: unknown, { environment, state, id }: Decided): boolean {
  if (!Array.isArray(reviews)) return false
  return reviews.some((review: unknown) => {
    const { state: given, comment, environments } = Object(review) as Readonly<Record<string, unknown>>
    if (given !== state || typeof comment !== 'string' || !comment.includes(id) || !Array.isArray(environments))
      return false
    return environments.some((one: unknown) => (Object(one) as { name?: unknown }).name === environment)
  })
}
