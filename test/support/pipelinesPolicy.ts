import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gitHubApp } from './gitHubDouble.ts'

/** The agent that stands for GitHub. */
const gitHubAgent = 'b0000000-0000-4000-8000-000000000007'

export const organization = 'https://dev.azure.com/contoso'
export const pipelineProject = 'd0000000-0000-4000-8000-000000000001'

/** The local agent that asks for stages of Azure DevOps. */
const deployBot = 'b0000000-0000-4000-8000-000000000001'

const owner = 'c0000000-0000-4000-8000-000000000005'
const environments = { production: 'production' }

/** Adds pipelines to a policy in a folder: their registrations, their actions, and that dba decides them. */
export async function addPipelines(folder: string): Promise<string> {
  const file = join(folder, 'approvers.json')
  const roster = JSON.parse(await readFile(file, 'utf8')) as { agents: Record<string, object> }
  const { id, name } = gitHubApp.repository
  // Of what a pipeline runs, nothing is made smaller.
  const deploys = { ...roster.agents[deployBot], narrowing: false }
  const agents = { ...roster.agents, [deployBot]: deploys }
  const added = {
    ...roster,
    agents: { ...agents, [gitHubAgent]: { name: 'github', appId: gitHubAgent, owners: [owner] } },
    github: { [gitHubAgent]: { installation: gitHubApp.installation, repositories: { [id]: { name, environments } } } },
    azureDevOps: { [deployBot]: { organization, projects: { [pipelineProject]: { name: 'Shop', environments } } } },
  }
  await writeFile(file, JSON.stringify(added, null, 2))
  const actions = '"github.deploy", "azure-devops.stage"'
  const context = '{ environment: String, target: String, onBehalfOf?: String }'
  await appendFile(
    join(folder, 'schema.cedarschema'),
    `\naction ${actions} appliesTo { principal: Agent, resource: Target, context: ${context} };\n`,
  )
  const named = 'action in [Action::"github.deploy", Action::"azure-devops.stage"]'
  await appendFile(
    join(folder, 'approve.cedar'),
    `\n@id("pipelines-need-dba")\n@approvers("dba")\npermit (principal, ${named}, resource);\n`,
  )
  return folder
}
