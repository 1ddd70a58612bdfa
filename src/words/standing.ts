import type { ScopeItem, ScopeVary, StandingScope } from '../core/action/action.ts'
import { isArray } from '../core/data/json.ts'
import { seconds } from '../core/data/measure.ts'
import { type ApprovalRequest, isStanding } from '../core/request/request.ts'
import { type Sentence, text } from './run.ts'
import type { Words } from './words.ts'

/** How long a standing approval is asked for, in words. */
export function standsFor({ for: length }: Pick<StandingScope, 'for'>, { units }: Words): string {
  const written = seconds(length, units)
  return written?.reading ?? written?.exact ?? ''
}

/**
 * Says what a standing approval would let the agent do without another question, and in what its uses may differ. Of a
 * request that asks for one action, and of an erased one, it says nothing.
 */
export function scopeOf({ action }: Pick<ApprovalRequest, 'action'>, words: Words): readonly Sentence[] {
  if (!action?.standing) return []
  const { standing } = words
  const { uses, vary } = action.standing
  const lines = variedIn(vary, (name) => isArray(action.params[name]), words)
  return [
    [text(standing.runs(uses, standsFor(action.standing, words)))],
    [text(lines.length === 0 ? standing.nothingVaries : standing.varies)],
    ...lines,
  ]
}

/** The same for readers who may not read the action. */
export const scopeUnnamed = ({ standing, lapse = 0 }: ApprovalRequest, words: Words): readonly Sentence[] =>
  standing ? [[text(words.standing.runs(standing.uses, standsFor({ for: lapse }, words)))]] : []

function variedIn(
  { target, params = {} }: ScopeVary,
  isList: (name: string) => boolean,
  { standing }: Words,
): readonly Sentence[] {
  const lineOf = ([name, bound]: readonly [string, number | readonly ScopeItem[]]): Sentence =>
    typeof bound === 'number' ? standing.upTo(name, bound) : standing.among(name, bound.map(written), isList(name))
  return [...(target === undefined ? [] : [standing.below(target)]), ...Object.entries(params).map(lineOf)]
}

/** A text that looks like a number, or has something around it, stands in quotation marks. */
const written = (item: ScopeItem): string =>
  typeof item === 'number' || /^\s|^[\d".,-]|,|\s$|^$/.test(item) ? JSON.stringify(item) : item

/** The status of a request. That of a standing approval says how far it is used up. */
export function statusOf(request: ApprovalRequest, words: Words): string {
  const { status, standing } = request
  if (!standing || status !== 'approved') return words.statuses[status]
  return words.standing.used(standing.used, standing.uses)
}

/** When a standing approval was used last. */
export function usedAt({ standing }: ApprovalRequest, words: Words): readonly Sentence[] {
  return standing?.usedAt === undefined ? [] : [words.standing.usedAt(standing.usedAt)]
}

/** Of a use: which one it is, and of which standing approval. */
export const useOf = ({ under, use }: ApprovalRequest, words: Words): readonly Sentence[] =>
  under === undefined || use === undefined ? [] : [words.standing.use(use, under)]

/** What comes next of an approved standing approval; `null` for any other request. */
export const nextUse = (request: ApprovalRequest, words: Words): string | null =>
  request.status === 'approved' && isStanding(request)
    ? words.standing.next((request.standing?.uses ?? 0) - (request.standing?.used ?? 0))
    : null
