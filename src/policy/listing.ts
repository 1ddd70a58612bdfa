import type { Json, JsonObject } from '../core/data/json.ts'
import { formatRuleList, type ListedRule, type RuleFile, ruleFiles } from '../core/policy/ruleList.ts'
import { concerns, type Rules } from './cedar.ts'
import type { Rule } from './rules.ts'
import type { DeclaredAction } from './schema.ts'

/**
 * Writes `rules.json` of a policy: what Cedar's parser finds in its rules, for readers without Cedar. It depends on the
 * rules and the schema alone, so that it can be made again from a bundle and compared.
 */
export function listingOf({ forbid, approve, allow }: Rules, actions: readonly DeclaredAction[]): string {
  const byFile: Readonly<Record<RuleFile, readonly Rule[]>> = {
    'forbid.cedar': forbid,
    'approve.cedar': approve,
    'allow.cedar': allow,
  }
  return formatRuleList({
    verbs: actions.map(({ name }) => name).sort(),
    rules: ruleFiles.flatMap((file) => byFile[file].map((rule) => listed(rule, file, actions))),
  })
}

const listed = (rule: Rule, file: RuleFile, actions: readonly DeclaredAction[]): ListedRule => ({
  id: rule.id,
  file,
  effect: rule.effect,
  annotations: Object.fromEntries(rule.annotations),
  scope: plain(rule.constraints),
  verbs: actions.flatMap((action) => (concerns(rule, action) ? [action.name] : [])).sort(),
})

/** What Cedar writes is JSON, and some members may be `undefined`, which JSON does not have. */
const plain = (constraints: Rule['constraints']): ListedRule['scope'] =>
  JSON.parse(JSON.stringify(constraints)) as Readonly<Record<keyof ListedRule['scope'], Json>> & JsonObject
