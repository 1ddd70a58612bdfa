import { parseRequestId, type RequestId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { organization, pipelineProject } from '../../test/support/pipelinesPolicy.ts'
import { delivered, waitingPayload } from '../../test/support/gitHubDouble.ts'
import type { Answer } from '../../test/support/stack.ts'
import type { Site } from './site.ts'
import { demand } from './truth.ts'

/** The run of the story. */
const run = 4_711

/** Lets GitHub tell that a deployment waits, again if it got no answer. Returns the request. */
export async function waitAtGitHub(site: Site): Promise<RequestId> {
  const payload = waitingPayload(run)
  site.github.wait(run, payload.environment)
  const { body } = await site.fromGitHub(delivered('deployment_protection_rule', payload))
  const id = parseRequestId(body.request)
  site.acknowledge(id, 'requested')
  await site.deliverAll()
  return id
}

/** Lets GitHub tell how the deployment ended. */
export async function endAtGitHub(site: Site, state: 'success' | 'failure'): Promise<void> {
  const { repository, installation } = waitingPayload(run)
  const deployment = { id: run + 1_000, environment: 'production' }
  const ended = { repository, installation, deployment, deployment_status: { state }, workflow_run: { id: run } }
  await site.fromGitHub(delivered('deployment_status', ended))
}

/** Lets a check of Azure DevOps ask for its stage. */
export async function evaluate(site: Site): Promise<Answer['body']> {
  const stage = {
    ...{ pipeline: 'shop', build: '42', stage: 'Production', attempt: '1', environment: 'production' },
    ...{ ref: 'refs/heads/main', sha: 'b'.repeat(40) },
  }
  const headers = { planurl: `${organization}/`, projectid: pipelineProject }
  const { status, body } = await site.call('deploy-bot', '/api/hooks/azure-devops', stage, headers)
  demand(status === 200, `a check is answered ${status} ${JSON.stringify(body)}`)
  return body
}

/** Checks that GitHub has the one decision that a request leads to, or none while people have not decided. */
export function checkGate(site: Site, { id, verb, status }: ApprovalRequest): void {
  if (verb !== 'github.deploy') return
  const told = site.github.decisions(run).map(({ state }) => state)
  const isUsed = status === 'redeemed' || status === 'succeeded' || status === 'failed'
  const expected = status === 'pending' || status === 'approved' ? [] : [isUsed ? 'approved' : 'rejected']
  demand(told.join() === expected.join(), `${id} is ${status}, and GitHub was told ${told.join() || 'nothing'}`)
}
