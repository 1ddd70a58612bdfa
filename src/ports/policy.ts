import type { Action } from '../core/action/action.ts'
import type { Digest, ObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Presentation } from '../core/action/presentation.ts'
import type { Answerers } from '../core/policy/roster.ts'
import type { Judgement } from '../core/request/submission.ts'
import type { Uncovered } from '../core/request/uncovered.ts'

/** How an agent is registered in `approvers.json`. */
export interface AgentRegistration {
  readonly id: ObjectId
  readonly name: string
  readonly appId: ObjectId
  readonly owners: readonly ObjectId[]
  readonly sponsors: readonly ObjectId[]
  readonly executors: readonly ObjectId[]
  readonly onBehalfOf: 'required' | 'optional' | 'refused'
  /** The only accounts that it may act for. Absent if it may act for every member of the tenant, or for none. */
  readonly principals?: readonly ObjectId[]
  /** Who answers what approvers ask: the people who answer for it, the agent itself, both, or nobody. */
  readonly answers: Answerers
  /** Whether approvers may make smaller what it asks for: it then executes what is left. Absent is no. */
  readonly narrowing?: boolean
  /** The most pending requests at once; the most asks in an hour, for people and for what policy answers by itself. */
  readonly limits: { readonly pending: number; readonly hourly: number; readonly answered?: number }
}

/** Deployments of GitHub for which an agent asks: to environments of repositories, through one installation of the app. */
export interface GitHubRegistration {
  readonly agent: ObjectId
  readonly installation: number
  readonly repositories: readonly GitHubRepository[]
}

export interface GitHubRepository {
  readonly id: number
  /** As `owner/name`. */
  readonly name: string
  /** Environments of requests by the names that GitHub has for them. */
  readonly environments: ReadonlyMap<string, string>
}

/** Stages of Azure DevOps for which an agent asks: for environments of projects of one organization. */
export interface AzureDevOpsRegistration {
  readonly agent: ObjectId
  /** Its address, without a slash at the end. */
  readonly organization: string
  readonly projects: readonly AzureDevOpsProject[]
}

export interface AzureDevOpsProject {
  readonly id: ObjectId
  readonly name: string
  /** Environments of requests by the names that Azure DevOps has for them. */
  readonly environments: ReadonlyMap<string, string>
}

export interface ApproverGroup {
  readonly name: string
  readonly members: readonly ObjectId[]
  /** Members of this Entra group are members, too. */
  readonly entraGroup?: ObjectId
  readonly channels: readonly string[]
  /** Who may act for a member who is away. Absent without any. */
  readonly deputies?: readonly ObjectId[]
}

/** A rule as people read it. */
export interface ReadableRule {
  readonly id: string
  readonly file: string
  /** The declared actions that it is about, sorted. */
  readonly actions: readonly string[]
  /** What it says, in a sentence; `null` for a rule that has something in it for which there are no words. */
  readonly words: string | null
  /** As it stands in its file, with its annotations. */
  readonly text: string
  /** The values of its annotations by name; empty for one without a value. */
  readonly annotations: Readonly<Record<string, string>>
}

/** Who asks to do what, for whom, and when it is judged. */
export interface Question {
  readonly agent: ObjectId
  readonly action: Action
  readonly onBehalfOf?: ObjectId
  readonly at: Instant
}

/** The policy in force: rules, groups and agents in one version. After loading it does no input or output. */
export interface Policy {
  readonly version: Digest
  /** What the deployer says of this version, such as a commit or a change ticket. Recorded where the version changes. */
  readonly ref?: string
  /**
   * @throws {Problem} `invalid-input` with the pointer of a param that does not fit the schema.
   */
  judge(question: Question): Judgement
  /**
   * The rules of `forbid.cedar` that match; rules of the other files say nothing about an action that was approved before.
   *
   * @throws {Problem} as {@link judge}
   */
  forbids(question: Question): readonly string[]
  /** The `@summary` of a rule; `null` if the policy has no such rule, or it has none. */
  summary(rule: string): string | null
  /** Why no rule answers a question that {@link judge} answers with `no-policy`. */
  uncovered(question: Question): Uncovered
  /** Pointers to values of this action's requests that may look like secrets; `*` is each item of an array. */
  notSecret(action: string): readonly string[]
  /** The rules that name doors in `@via`, each with its doors. */
  doors(): readonly { readonly rule: string; readonly via: readonly string[] }[]
  /** All rules in the order in which they count, in words and as text. */
  readable(): readonly ReadableRule[]
  /** How to show requests for this action; `null` if policy has no presentation for it. */
  presentation(action: string): Presentation | null
  /** `null` for an agent that is not registered. */
  agent(id: ObjectId): AgentRegistration | null
  agents(): readonly AgentRegistration[]
  groups(): readonly ApproverGroup[]
  /** Those of the groups that a rule names, at once, later or in an emergency, in the order of {@link groups}. */
  namedGroups(): readonly ApproverGroup[]
  /** `null` for a group that does not exist. */
  group(name: string): ApproverGroup | null
  /** All accounts of the person with this account, sorted. `sameAs` joins accounts, and is symmetric and transitive. */
  accounts(id: ObjectId): readonly ObjectId[]
  /** The account of the person whom policy names for an account of Slack, `T…/U…`; `null` if it names nobody. */
  personInSlack(account: string): ObjectId | null
  /** The account of the person whom policy names for a user of GitHub, by the user's number; `null` if it names nobody. */
  personInGitHub(user: number): ObjectId | null
  /** The account of the person whom policy names for an identity of Azure DevOps, by its id; `null` if it names nobody. */
  personInAzureDevOps(identity: string): ObjectId | null
  /** What an agent stands for at GitHub; `null` for every other agent. */
  gitHub(agent: ObjectId): GitHubRegistration | null
  gitHubs(): readonly GitHubRegistration[]
  /** What an agent stands for at Azure DevOps; `null` for every other agent. */
  azureDevOps(agent: ObjectId): AzureDevOpsRegistration | null
  /** The channel in which checkpoints are posted; `null` if they are not posted. */
  complianceChannel(): string | null
  /** The bytes of the files that the version covers, by name. */
  files(): ReadonlyMap<string, Uint8Array>
}
