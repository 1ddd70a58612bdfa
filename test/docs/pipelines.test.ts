import { azureDevOpsAction, azureDevOpsDoor } from '../../src/azureDevOps/door.ts'
import type { Action } from '../../src/core/action/action.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { askOfDeployment, gitHubAction } from '../../src/github/deployment.ts'
import { readEvent } from '../../src/github/payload.ts'
import type { Policy } from '../../src/ports/policy.ts'
import { load } from '../policy/folder.ts'
import { noon } from '../support/build.ts'
import { waitingPayload } from '../support/gitHubDouble.ts'
import { fencesOf, readPage, sectionOf } from '../support/pages.ts'

const api = 'https://api.github.com'

/** The policy that a page shows, alone. */
function policyOn(page: string): Promise<Policy> {
  const section = sectionOf(readPage(page), '## The policy')
  const [schema = '', rule = ''] = fencesOf(section, 'cedar')
  return load({
    'approvers.json': fencesOf(section, 'json')[0] ?? '',
    'schema.cedarschema': `entity Agent, Target;\n${schema}`,
    ...{
      'approve.cedar': rule,
      'allow.cedar': '',
      'forbid.cedar': '',
      'presentation.json': '{ "version": 1, "actions": {} }',
    },
  })
}

/** Blocks of JSON in a list. */
const indented = /^ {3}```json\n([\s\S]*?)^ {3}```$/gm

/** What the policy of a page answers to what a door makes. */
const judged = (policy: Policy, action: Action, agent: ObjectId) => policy.judge({ agent, action, at: noon })

test('the policy on docs/operate/github.md decides what the door for GitHub asks', async () => {
  const policy = await policyOn('docs/operate/github.md')
  const [registration] = policy.gitHubs()
  expect(registration).toMatchObject({ installation: 77, repositories: [{ id: 1_296_269, name: 'contoso/shop' }] })
  const event = readEvent('deployment_protection_rule', waitingPayload(5), api)
  if (event.kind !== 'waiting' || !registration) throw new Error('A deployment waits.')
  const known = { registration, repository: registration.repositories[0]!, environment: 'production' }
  const { action } = askOfDeployment(event, known, { person: policy.personInGitHub(583_231), api })
  expect(action.action).toBe(gitHubAction)
  expect(policy.personInGitHub(583_231)).not.toBeNull()
  expect(judged(policy, action, registration.agent)).toMatchObject({
    ...{ outcome: 'approve', rules: ['deploy-needs-release'], expires: 172_800 },
  })
})

test('the policy and the check on docs/operate/azure-devops.md fit the door for Azure DevOps', async () => {
  const page = readPage('docs/operate/azure-devops.md')
  const policy = await policyOn('docs/operate/azure-devops.md')
  const [agent] = policy.agents()
  if (!agent) throw new Error('There is an agent.')
  const variables: Readonly<Record<string, string>> = {
    'Build.BuildId': '42',
    'System.StageAttempt': '1',
    'Build.SourceVersion': 'a'.repeat(40),
    'Build.RequestedForId': 'e0000000-0000-4000-8000-000000000001',
    'system.CollectionUri': 'https://dev.azure.com/contoso/',
    'system.TeamProjectId': 'd0000000-0000-4000-8000-000000000001',
  }
  const [headers = '', body = ''] = [...sectionOf(page, '## Set it up').matchAll(indented)].map(([, text = '']) =>
    text.replaceAll(/\$\(([\w.]+)\)/g, (_whole, name: string) => variables[name] ?? name),
  )
  const { PlanUrl: planUrl, ProjectId: projectId } = JSON.parse(headers) as Readonly<Record<string, string>>
  const asks: Action[] = []
  const door = azureDevOpsDoor({
    policy,
    approvals: {
      ask: async ({ action, onBehalfOf }) => {
        asks.push(action)
        expect(onBehalfOf).toBe('c0000000-0000-4000-8000-000000000001')
        throw new Error('asked')
      },
      useForGate: async () => Promise.reject(new Error('not used')),
    },
  })
  const call = { agent, planUrl: planUrl ?? null, projectId: projectId ?? null, bytes: Buffer.from(body) }
  await expect(door(call)).rejects.toThrow('asked')
  const [action] = asks
  expect(action?.action).toBe(azureDevOpsAction)
  expect(action && judged(policy, action, agent.id)).toMatchObject({
    outcome: 'approve',
    rules: ['stage-needs-release'],
  })
})
