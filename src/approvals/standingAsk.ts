import type { Action } from '../core/action/action.ts'
import { flawInScope, variedBy } from '../core/action/scope.ts'
import { bounds } from '../core/data/bound.ts'
import { canonical, escapePointer, type Json } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { Judgement } from '../core/request/submission.ts'

/**
 * Checks what a schema of single fields cannot check of an ask for a standing approval, or under one.
 *
 * @throws {Problem} `invalid-input`
 */
export function checkStandingAsk({ action, under }: { readonly action: Action; readonly under?: string }): void {
  const { standing } = action
  if (!standing) return
  if (under !== undefined) throw invalid('/under', 'a use is no ask for a standing approval: leave one of them out')
  const flaw = flawInScope(action)
  if (flaw !== null) throw invalid(flaw.pointer, flaw.rule)
  const { text } = bounds.standing
  const { length } = canonical(standing.vary as Json)
  if (length > text)
    throw invalid(
      '/standing/vary',
      `it has ${length} characters as canonical JSON, and approvers see ${text} on each page`,
    )
}

/**
 * Checks that policy lets people give this standing approval. What policy denies is recorded as any ask is.
 *
 * @throws {Problem} `invalid-input` with what it lets them give
 */
export function checkSession({ standing }: Action, judgement: Judgement): void {
  if (!standing) return
  if (judgement.outcome === 'allow')
    throw invalid('/standing', 'policy allows this action without people: ask for it alone')
  if (judgement.outcome !== 'approve') return
  const { session, rules } = judgement
  if (!session)
    throw invalid('/standing', `not every rule that matches has @session (${rules.join(', ')}): ask for each action`)
  if (standing.uses > session.uses) throw invalid('/standing/uses', `policy gives at most ${session.uses}`)
  if (standing.for > session.for) throw invalid('/standing/for', `policy gives at most ${session.for} seconds`)
  const other = variedBy(standing.vary).find((name) => !session.vary.includes(name))
  if (other === undefined) return
  const pointer = other === 'target' ? '/standing/vary/target' : `/standing/vary/params/${escapePointer(other)}`
  const may = session.vary.length === 0 ? 'lets nothing vary' : `lets only ${session.vary.join(', ')} vary`
  throw invalid(pointer, `policy ${may}`)
}

const invalid = (pointer: string, rule: string) => new Problem('invalid-input', `${pointer}: ${rule}.`, { pointer })
