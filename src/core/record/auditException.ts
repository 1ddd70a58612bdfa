import type { RequestId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import type { Facts } from '../request/requirement.ts'
import { typeOf } from './eventTable.ts'
import type { ExceptionKind, LogEvent, Replayed } from './eventType.ts'

/** An event that an auditor should look at: a row of exceptions.csv, which docs/evidence/bundle.md explains. */
export interface Exceptional {
  /** The event's place in the log. Absent for what is about no event. */
  readonly index?: number
  readonly at: Instant
  readonly request?: RequestId
  readonly kind: ExceptionKind
  /** An object id, or `policy`, `system`. */
  readonly actor: string
  /** The request's verb. */
  readonly action?: string
  readonly detail: string
}

/** Makes the rows of an event: of its type at most one, and one more of what a deputy did. */
export function exceptionsIn(event: LogEvent, index: number, life: Replayed | null): readonly Exceptional[] {
  const { at, request, actor } = event
  const found = [kindOf(event, life), standInOf(event)].filter((one) => one !== null)
  return found.map(
    ({ kind, detail }): Exceptional => ({
      index,
      at,
      ...(request !== undefined && { request }),
      kind,
      actor: 'id' in actor ? actor.id : actor.kind,
      ...(life && { action: life.request.verb }),
      detail,
    }),
  )
}

type Found = Pick<Exceptional, 'kind' | 'detail'> | null

/** The first kind of the event's type that applies. */
function kindOf(event: LogEvent, life: Replayed | null): Found {
  const { exception: types } = typeOf(event)
  for (const type of types === null ? [] : 'kind' in types ? [types] : types) {
    const detail = type.detail ? type.detail(event, life) : ''
    if (detail !== null) return { kind: type.kind, detail }
  }
  return null
}

/** Whom a deputy acted for. */
function standInOf(event: LogEvent): Found {
  const facts = event.actor.kind === 'person' ? factsIn(event) : undefined
  return facts?.for ? { kind: 'stood-in', detail: facts.for.accounts.join('; ') } : null
}

/** What was known of the person who acted, or whose vote is void; absent where nothing is recorded of anybody. */
export const factsIn = (event: LogEvent): Facts | undefined =>
  'data' in event && event.data !== undefined && 'facts' in event.data ? event.data.facts : undefined
