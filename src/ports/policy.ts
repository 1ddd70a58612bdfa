import type { Action } from '../core/action/action.ts'
import type { Digest, ObjectId } from '../core/data/id.ts'
import type { Presentation } from '../core/action/presentation.ts'
import type { Judgement } from '../core/request/submission.ts'

/** How an agent is registered in `approvers.json`. */
export interface AgentRegistration {
  readonly id: ObjectId
  readonly name: string
  readonly appId: ObjectId
  readonly owners: readonly ObjectId[]
  readonly sponsors: readonly ObjectId[]
  readonly executors: readonly ObjectId[]
  readonly onBehalfOf: 'required' | 'optional' | 'refused'
  /** Requests that wait for people at once, and asks for people in an hour. */
  readonly limits: { readonly pending: number; readonly hourly: number }
}

export interface ApproverGroup {
  readonly name: string
  readonly members: readonly ObjectId[]
  /** Members of this Entra group count too. */
  readonly entraGroup?: ObjectId
  readonly channels: readonly string[]
}

/** The policy in force: rules and roster, one version. Pure after loading. */
export interface Policy {
  readonly version: Digest
  /**
   * @throws {Problem} `invalid-input` with the pointer of a param that does not fit the schema.
   */
  judge(question: { readonly agent: ObjectId; readonly action: Action; readonly onBehalfOf?: ObjectId }): Judgement
  /** Pointers into requests for this action that may look like secrets; `*` stands for each item of an array. */
  notSecret(action: string): readonly string[]
  /** How requests for this action are to be shown; `null` if policy does not say. */
  presentation(action: string): Presentation | null
  /** `null` for an agent that is not registered. */
  agent(id: ObjectId): AgentRegistration | null
  agents(): readonly AgentRegistration[]
  groups(): readonly ApproverGroup[]
  /** `null` for a group that does not exist. */
  group(name: string): ApproverGroup | null
  /** All object ids of the person, joined by `sameAs` (symmetric, transitive), sorted; with the given one. */
  accounts(id: ObjectId): readonly ObjectId[]
  /** Where checkpoints are posted; `null` if nowhere. */
  complianceChannel(): string | null
  /** The files this version is the digest of, by name, as bytes. */
  files(): ReadonlyMap<string, Uint8Array>
}
