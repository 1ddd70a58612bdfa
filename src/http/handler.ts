import type { HttpResponseInit } from '@azure/functions'
import type { z } from 'zod'
import type { Frozen } from '../contract/component.ts'
import type { Operation } from '../contract/operation.ts'
import type { OperationName, operations } from '../contract/operations.ts'
import type { Day } from '../core/data/day.ts'
import type { Digest, Hex, HoldId, RequestId } from '../core/data/id.ts'
import type { NewerRow } from '../core/data/problem.ts'
import type { PrincipalOf } from './principal.ts'

/** What a handler is given: who calls, and what they want, parsed as the operation's row says. */
export interface OperationInput<O extends Operation = Operation> {
  readonly caller: PrincipalOf<O['caller']>
  /** The request that the path names. */
  readonly id: O['path'] extends `${string}{id}${string}` ? RequestId : undefined
  /** The hold that the path names. */
  readonly hold: O['path'] extends `${string}{hold}${string}` ? HoldId : undefined
  /** The day that the path names. */
  readonly date: O['path'] extends `${string}{date}${string}` ? Day : undefined
  /** The event that the path names, by its hash. */
  readonly event: O['path'] extends `${string}{event}${string}` ? Hex : undefined
  /** The view that the path names. */
  readonly view: O['path'] extends `${string}{view}${string}` ? Digest : undefined
  readonly query: z.output<O['query']>
  readonly body: O extends { readonly body: infer Body extends z.ZodType } ? z.output<Body> : undefined
  /** The idempotency key, and a hash of the body that came with it. */
  readonly key: { readonly text: string; readonly body: Hex } | null
  /** Seconds to wait for news; 0 where the operation does not wait. */
  readonly wait: number
  /** For ranges, entity tags and media types: what they mean is for the answer's file or form. */
  readonly headers: { get(name: string): string | null }
}

/** What a handler answers with: the JSON of the operation's row, or another response, as of a file. */
export type OperationReply<O extends Operation = Operation> =
  | {
      readonly answer: AnswerOf<O>
      /** 200 unless it says otherwise. */
      readonly status?: keyof O['answers'] & number
      readonly headers?: Readonly<Record<string, string>>
      /** Rows, for the log, that were too new to be read and are missing in the answer. */
      readonly newer?: readonly NewerRow[]
    }
  | { readonly response: HttpResponseInit }

/** The JSON that an operation answers with. */
export type AnswerOf<O extends Operation> = JsonIn<O['answers'][keyof O['answers']]>

type JsonIn<Content> = Content extends { readonly 'application/json': infer Schema extends z.ZodType }
  ? Frozen<z.output<Schema>>
  : never

export type Handlers<Name extends OperationName = OperationName> = {
  readonly [N in Name]: (
    given: OperationInput<(typeof operations)[N]>,
  ) => Promise<OperationReply<(typeof operations)[N]>>
}
