import type { Policy, ReadableRule } from '../ports/policy.ts'
import { spoken } from '../words/spoken.ts'
import { concerns, type Rules } from './cedar.ts'
import { ruleInWords, type Sayable } from './ruleInWords.ts'
import type { Rule } from './rules.ts'
import type { DeclaredAction } from './schema.ts'

/** Writes all rules for people. What counts is the text: the words are made from what Cedar reads in it. */
export function readableRules(
  { forbid, approve, allow }: Rules,
  actions: readonly DeclaredAction[],
  roster: Pick<Policy, 'agents'>,
): readonly ReadableRule[] {
  const names = new Map<string, string>(roster.agents().map(({ id, name }) => [id, name]))
  const saying = { words: spoken, agentName: (id: string) => names.get(id) }
  const readable = (rule: Rule, terms: Pick<Sayable, 'slots' | 'anyCommand'> = {}): ReadableRule => {
    const covered = actions.flatMap((action) => (concerns(rule, action) ? [action.name] : [])).sort()
    const { id, file, text, annotations } = rule
    const words = ruleInWords({ ...rule, actions: covered, ...terms }, saying)
    return { id, file, actions: covered, words, text, annotations: Object.fromEntries(annotations) }
  }
  return [
    ...forbid.map((rule) => readable(rule)),
    ...approve.map((rule) => readable(rule, { slots: rule.terms.slots })),
    ...allow.map((rule) => readable(rule, { anyCommand: rule.terms.anyCommand })),
  ]
}
