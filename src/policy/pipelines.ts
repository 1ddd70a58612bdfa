import * as z from 'zod'
import { environmentPattern } from '../core/action/action.ts'
import type { ObjectId } from '../core/data/id.ts'
import type { AzureDevOpsRegistration, GitHubRegistration } from '../ports/policy.ts'
import type { Complain } from './document.ts'
import { guid } from './guid.ts'

/** A number by which GitHub names something. It never changes, unlike names. */
export const gitHubNumber = z.int().min(1)

const environmentName = z
  .string()
  .max(64)
  .regex(environmentPattern, 'an environment of requests is written in small letters and digits, as production')

/** The names under which a pipeline knows its environments, each with the environment of requests. */
const environments = z
  .record(z.string().min(1).max(255), environmentName)
  .refine((all) => Object.keys(all).length > 0, 'it names at least one environment')

const repository = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'a repository is written as owner/name'),
  environments,
})

const numberKey = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'a repository is named by its number, as `gh api repos/OWNER/NAME --jq .id` prints it')

const gitHubEntry = z.strictObject({
  installation: gitHubNumber,
  repositories: z
    .record(numberKey, repository)
    .refine((all) => Object.keys(all).length > 0, 'it names at least one repository'),
})

const organization = z
  .string()
  .regex(
    /^https:\/\/(dev\.azure\.com\/[A-Za-z0-9][A-Za-z0-9-]{0,48}|[A-Za-z0-9][A-Za-z0-9-]{0,48}\.visualstudio\.com)$/,
    'an organization is written as https://dev.azure.com/NAME, without a slash at its end',
  )

const project = z.strictObject({ name: z.string().min(1).max(64), environments })

const azureDevOpsEntry = z.strictObject({
  organization,
  projects: z.record(guid, project).refine((all) => Object.keys(all).length > 0, 'it names at least one project'),
})

/** The members of `approvers.json` about pipelines, each by the agent in whose name requests are made. */
export const pipelineMembers = {
  github: z.record(guid, gitHubEntry).default({}),
  azureDevOps: z.record(guid, azureDevOpsEntry).default({}),
}

interface PipelineDocument {
  readonly github: Readonly<Record<ObjectId, z.output<typeof gitHubEntry>>>
  readonly azureDevOps: Readonly<Record<ObjectId, z.output<typeof azureDevOpsEntry>>>
}

const entries = <Key extends string, Value>(record: Readonly<Record<Key, Value>>) =>
  Object.entries(record) as [Key, Value][]

/** Reads whose deployments wait for people at GitHub. */
export const gitHubRegistrations = ({ github }: PipelineDocument): readonly GitHubRegistration[] =>
  entries(github).map(([agent, { installation, repositories }]) => ({
    ...{ agent, installation },
    repositories: entries(repositories).map(([id, { name, environments: own }]) => ({
      ...{ id: Number(id), name },
      environments: new Map(Object.entries(own)),
    })),
  }))

/** Reads whose stages wait for people at Azure DevOps. */
export const azureDevOpsRegistrations = ({ azureDevOps }: PipelineDocument): readonly AzureDevOpsRegistration[] =>
  entries(azureDevOps).map(([agent, { organization: address, projects }]) => ({
    ...{ agent, organization: address },
    projects: entries(projects).map(([id, { name, environments: own }]) => ({
      ...{ id, name },
      environments: new Map(Object.entries(own)),
    })),
  }))

/** Finds what contradicts the rest of the file: one repository has one agent, and an agent stands for one kind of pipeline. */
export function checkPipelines(
  { github, azureDevOps }: PipelineDocument,
  isAgent: (id: ObjectId) => boolean,
  complain: Complain,
): void {
  const unregistered = 'an agent is registered under agents too'
  const taken = new Map<string, ObjectId>()
  for (const [id, { repositories }] of entries(github)) {
    if (!isAgent(id)) complain(['github', id], unregistered)
    for (const key of Object.keys(repositories)) {
      if (taken.has(key)) complain(['github', id, 'repositories', key], 'another agent has this repository')
      taken.set(key, id)
    }
  }
  for (const id of Object.keys(azureDevOps) as ObjectId[]) {
    if (!isAgent(id)) complain(['azureDevOps', id], unregistered)
    if (Object.hasOwn(github, id))
      complain(['azureDevOps', id], 'this agent stands for GitHub, and calls nothing itself: register another agent')
  }
}
