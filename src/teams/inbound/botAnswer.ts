import type { NewerRow, Problem } from '../../core/data/problem.ts'
import { wordsOf } from './problemWords.ts'

/**
 * What an invoke is answered with; typed messages are answered in their conversation, and here with `none`. The code is
 * that of the problem which a card or words speak of.
 */
export type BotAnswer =
  | { readonly kind: 'none'; readonly code?: string; readonly newer?: NewerRow }
  | { readonly kind: 'card'; readonly card: object; readonly code?: string; readonly newer?: never }
  | {
      readonly kind: 'error'
      readonly status: number
      readonly code: string
      readonly words: string
      readonly newer?: NewerRow
    }

/** Says in words why nothing happened. */
export const error = (problem: Problem): BotAnswer => ({
  kind: 'error',
  status: problem.status,
  ...forLog(problem),
  words: wordsOf(problem),
})

/** What the log says of a problem. */
export const forLog = ({ code, details: { newer } }: Problem) => ({ code, ...(newer && { newer }) })
