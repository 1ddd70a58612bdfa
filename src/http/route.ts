import type { z } from 'zod'
import type { ProblemCode } from '../core/data/problem.ts'

/** One operation of the API. */
export interface Route {
  readonly name: RouteName
  readonly method: 'GET' | 'POST'
  /** Without the leading slash; `{id}` is a request id, `{date}` a day. */
  readonly path: string
  readonly summary: string
  /** Who may call; `null` is anyone. */
  readonly who: string | null
  readonly body?: z.ZodType
  readonly query: z.ZodType
  readonly headers: readonly ('Prefer' | 'Idempotency-Key' | 'Range' | 'If-Range' | 'If-None-Match')[]
  /** Status → media type of the answers that are not problems. */
  readonly answers: Readonly<Record<number, readonly string[]>>
  readonly problems: readonly ProblemCode[]
}

export type RouteName =
  | 'ask'
  | 'read'
  | 'list'
  | 'cancel'
  | 'decide'
  | 'redeem'
  | 'report'
  | 'revoke'
  | 'events'
  | 'health'
  | 'openapi'
  | 'keys'
  | EvidenceRouteName

export type EvidenceRouteName = 'proof' | 'bundles' | 'bundle' | 'said' | 'erasures' | 'checkpoint'

export const json = ['application/json']
export const jsonLines = 'application/jsonl'

/** Problems of every route that asks who calls. */
export const signedIn: readonly ProblemCode[] = [
  'invalid-input',
  'unauthenticated',
  'not-permitted',
  'unavailable',
  'newer-format',
]
export const withId: readonly ProblemCode[] = [...signedIn, 'not-found']
export const withBody: readonly ProblemCode[] = [...withId, 'invalid-json', 'too-large', 'busy']
