import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { canonical, isObject, type Json } from '../core/data/json.ts'
import type { Line } from './layout.ts'
import { nameWithId, optional, partsOf, text } from './received.ts'

/** That an approver made a request smaller. */
export interface NarrowedAnswer {
  /** The name and the id. */
  readonly by: string
  readonly at: string
  readonly reason?: string
  /** What got smaller. Empty once it is erased. */
  readonly changes: readonly { readonly name: string; readonly before: Json; readonly after: Json }[]
}

export const narrowedIn = (sent: Json | undefined): readonly NarrowedAnswer[] =>
  partsOf<NonNullable<RequestAnswer['narrowed']>[number]>(sent).map(({ by, name, at, reason, params, standing }) => ({
    by: nameWithId(typeof by === 'string' && typeof name === 'string' ? { id: by, name } : by),
    at: text(at) ?? '',
    ...optional('reason', text(reason)),
    changes: Object.entries(isObject(params) ? params : isObject(standing) ? standing : {}).map(
      ([changed, values]) => ({
        name: changed,
        before: (isObject(values) ? values['before'] : undefined) ?? null,
        after: (isObject(values) ? values['after'] : undefined) ?? null,
      }),
    ),
  }))

/** Describes how approvers made a request smaller, each value with the one before it. */
export const describeNarrowed = (narrowed: readonly NarrowedAnswer[]): readonly Line[] =>
  narrowed.flatMap(({ by, at, reason, changes }): readonly Line[] => [
    ['narrowed', `by ${by} at ${at}`],
    ...(changes.length === 0 ? [['', '(erased)'] as const] : changes.map((one) => ['', changeWords(one)] as const)),
    ...(reason === undefined ? [] : [['', reason] as const]),
  ])

/** Says who made the request smaller since an earlier answer, and how far. */
export const narrowedSince = (next: readonly NarrowedAnswer[], before: readonly NarrowedAnswer[]): readonly string[] =>
  next.slice(before.length).map(({ by, changes }) => `${by} made it smaller: ${changes.map(changeWords).join(', ')}`)

const changeWords = ({ name, before, after }: NarrowedAnswer['changes'][number]): string =>
  `${name} ${canonical(after)} (was ${canonical(before)})`
