import { fromInverse, inverse, parseRequestId, type RequestId, type Shard, shardOf } from '../core/data/id.ts'
import { type Instant, parseInstant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import type { Scope } from '../ports/ledger.ts'

/** Where a request stands in a list: compares as text. */
export type Position = string & { readonly __brand: 'Position' }

/** Newest first. */
export const positionById = (id: RequestId): Position => `${inverse(id)}-${shardOf(id)}` as Position

/** By deadline. */
export const positionByDue = (at: Instant, id: RequestId): Position => `${at}-${id}` as Position

export const idAt = (scope: Scope, position: Position): RequestId =>
  scope.by === 'pending'
    ? parseRequestId(position.slice(25))
    : fromInverse(position.slice(0, 26), position.slice(27) as Shard)

/** Opaque to whoever gets it: the next page starts after this position. */
export const cursorOf = (scope: Scope, position: Position): string =>
  Buffer.from(`${scope.by}:${position}`).toString('base64url')

/** @throws {Problem} `invalid-input` for what {@link cursorOf} did not make for such a list. */
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
      position === (scope.by === 'pending' ? positionByDue(parseInstant(position.slice(0, 24)), id) : positionById(id))
    )
  } catch (cause) {
    if (cause instanceof Problem) return false
    throw cause
  }
}
