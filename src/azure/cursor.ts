import { fromInverse, inverse, parseRequestId, type RequestId, type Shard, shardOf, timeOf } from '../core/data/id.ts'
import { type Instant, parseInstant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import type { Scope } from '../ports/ledger.ts'

/** The position of a request in a list. Positions compare as text. */
export type Position = string & { readonly __brand: 'Position' }

/** Characters of an instant, and of an inverted id. */
const instantLength = '2026-01-31T09:30:00.000Z'.length
export const inverseLength = 26

/** Makes a position in a list with the newest request first. */
export const positionById = (id: RequestId): Position => `${inverse(id)}-${shardOf(id)}` as Position

/** Makes a position in a list by deadline. */
export const positionByDue = (at: Instant, id: RequestId): Position => `${at}-${id}` as Position

/** Whether the places of a list are times of the future: deadlines. */
export const isByTime = (scope: Scope): scope is Scope & { readonly by: 'pending' | 'review' | 'standing' } =>
  scope.by === 'pending' || scope.by === 'review' || scope.by === 'standing'

/** Reads the request from a position. */
export const idAt = (scope: Scope, position: Position): RequestId =>
  isByTime(scope)
    ? parseRequestId(position.slice(instantLength + 1))
    : fromInverse(position.slice(0, inverseLength), position.slice(inverseLength + 1) as Shard)

/** When the request at a position was made; in a list by deadline, when it expires. */
export const momentAt = (scope: Scope, position: Position): Instant =>
  isByTime(scope) ? parseInstant(position.slice(0, instantLength)) : timeOf(idAt(scope, position))

/** Makes a cursor, which is opaque to clients: the next page starts after this position. */
export const cursorOf = (scope: Scope, position: Position): string =>
  Buffer.from(`${scope.by}:${position}`).toString('base64url')

/** @throws {Problem} `invalid-input` unless {@link cursorOf} made the cursor for such a list. */
export function parseCursor(scope: Scope, cursor: string): Position {
  const position = Buffer.from(cursor, 'base64url')
    .toString()
    .slice(scope.by.length + 1) as Position
  if (cursor !== cursorOf(scope, position) || !isPosition(scope, position))
    throw new Problem('invalid-input', 'The cursor is not from this list.', { pointer: '/cursor' })
  return position
}

function isPosition(scope: Scope, position: Position): boolean {
  try {
    const id = idAt(scope, position)
    return (
      position ===
      (isByTime(scope) ? positionByDue(parseInstant(position.slice(0, instantLength)), id) : positionById(id))
    )
  } catch (cause) {
    if (cause instanceof Problem) return false
    throw cause
  }
}
