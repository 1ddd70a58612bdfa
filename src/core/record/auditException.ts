import type { RequestId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
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

/** Makes the row of an event; `null` if the event is unremarkable. */
export function exceptionOf(event: LogEvent, index: number, life: Replayed | null): Exceptional | null {
  const { at, request, actor } = event
  const { exception: types } = typeOf(event)
  if (types === null) return null
  for (const exception of 'kind' in types ? [types] : types) {
    const detail = exception.detail ? exception.detail(event, life) : ''
    if (detail === null) continue
    return {
      index,
      at,
      ...(request !== undefined && { request }),
      kind: exception.kind,
      actor: 'id' in actor ? actor.id : actor.kind,
      ...(life && { action: life.request.verb }),
      detail,
    }
  }
  return null
}
