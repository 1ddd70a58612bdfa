import type { ObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'

/** A human of the tenant, as the directory described them at most 60 s ago. */
export interface Person {
  readonly name: string
  /** A member of the tenant, not a guest. */
  readonly member: boolean
  readonly enabled: boolean
  readonly asOf: Instant
}

/** People and groups of the Entra tenant. Fails closed: without an answer no account is eligible. */
export interface Directory {
  /** `null` if there is no such person, or it is an account of an agent. @throws {Problem} `unavailable` */
  person(id: ObjectId): Promise<Person | null>
  /** Transitive members, people only. @throws {Problem} `unavailable` */
  members(group: ObjectId): Promise<readonly ObjectId[]>
  ping(): Promise<void>
}
