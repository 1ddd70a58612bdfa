import type { z } from 'zod'
import type { ProblemCode } from '../core/data/problem.ts'
import type { RefusedAct } from '../core/request/refusalCode.ts'

/** One operation of the API: what is bound, authenticated, parsed, documented and tested comes from this row. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Without the leading slash: `{id}` is a request id, `{date}` a day, `{hold}` the id of a hold, `{view}` a view's digest, `{event}` an event's hash. */
  readonly path: string
  readonly tag: Tag
  readonly summary: string
  readonly caller: CallerRule
  /** Who may call, in words, where the caller's roles alone do not tell. */
  readonly callerWords?: string
  readonly query: z.ZodType
  /** Without it no body is read. */
  readonly body?: z.ZodType
  /** Members of the body that belong to one attempt: the same idempotency key may come with others. */
  readonly perAttempt?: readonly string[]
  readonly headers: readonly RequestHeader[]
  /** The answers that are not problems: a schema by status and media type. */
  readonly answers: Readonly<Record<number, Readonly<Record<string, z.ZodType>>>>
  /** Every problem that this operation answers with. */
  readonly problems: readonly ProblemCode[]
  /** What a caller tries of the request. A refusal by token, role or registration is recorded. */
  readonly act?: RefusedAct
  /** May wait for news, as `Prefer: wait=N` asks. */
  readonly waits?: true
}

export type Tag = 'requests' | 'delegations' | 'evidence' | 'policy' | 'service'

export type AppRole =
  | 'Actions.Request'
  | 'Grants.Redeem'
  | 'Evidence.Read'
  | 'Evidence.Export'
  | 'Evidence.Erase'
  | 'Evidence.Hold'

/** Who is let in by token and app role. What a caller may do to a request is for the use cases. */
export type CallerRule =
  /** Anyone, without a token. A person with the role gets a longer answer. */
  | { readonly kind: 'anyone'; readonly more?: AppRole }
  /** A registered agent with one of the roles. */
  | { readonly kind: 'agent'; readonly roles: readonly [AppRole, ...AppRole[]] }
  /** A person; with the role, or one of the roles, where any is named. */
  | { readonly kind: 'person'; readonly role?: AppRole | readonly [AppRole, ...AppRole[]] }
  /** A person, or a registered agent with one of the roles. */
  | { readonly kind: 'either'; readonly roles: readonly [AppRole, ...AppRole[]] }

/** The headers that an operation reads, beside those of every call. `Prefer` is read where an operation waits. */
export type RequestHeader = 'Idempotency-Key' | 'Range' | 'If-Range' | 'If-None-Match'

export const jsonType = 'application/json'
export const jsonLines = 'application/jsonl'

/** The content of an answer that is JSON. */
export const json = <T extends z.ZodType>(schema: T) => ({ [jsonType]: schema }) as const

/** Of every operation: the query is parsed, and the time for an answer is limited. */
export const always = ['invalid-input', 'unavailable'] as const satisfies readonly ProblemCode[]

/** Of every operation that needs a token. All of them read rows, which newer programs or intruders may have written. */
export const signedIn = [
  ...always,
  'unauthenticated',
  'not-permitted',
  'newer-format',
  'evidence-broken',
] as const satisfies readonly ProblemCode[]

/**
 * Of reading one request: a deadline that has passed takes effect first, so another change may come between. A grant that
 * is due to the reader is issued with it, which a ledger that can only be read does not do.
 */
export const reading = [...signedIn, 'not-found', 'busy', 'read-only'] as const satisfies readonly ProblemCode[]

/** Of changing one request as the body says. */
export const changing = [...reading, 'invalid-json', 'too-large'] as const satisfies readonly ProblemCode[]
