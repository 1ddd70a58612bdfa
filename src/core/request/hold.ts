import { type Day, dayOf } from '../data/day.ts'
import type { ObjectId, RequestId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'

/** The requests that a hold covers: one, all of an agent, or all that were asked in a period. Both days are included. */
export type HoldScope =
  | { readonly request: RequestId }
  | { readonly agent: ObjectId }
  | { readonly from: Day; readonly to: Day }

/** What a scope is compared with. */
export interface HoldSubject {
  readonly id: RequestId
  readonly createdAt: Instant
  readonly agent: { readonly id: ObjectId }
}

/** Whether a hold of this scope covers the request. */
export function covers(scope: HoldScope, { id, agent, createdAt }: HoldSubject): boolean {
  if ('request' in scope) return scope.request === id
  if ('agent' in scope) return scope.agent === agent.id
  const asked = dayOf(createdAt)
  return scope.from <= asked && asked <= scope.to
}

/** Writes a scope for tables and sentences: `request <id>`, `agent <id>`, or `requests of <day> to <day>`. */
export function scopeText(scope: HoldScope): string {
  if ('request' in scope) return `request ${scope.request}`
  if ('agent' in scope) return `agent ${scope.agent}`
  return `requests of ${scope.from} to ${scope.to}`
}
