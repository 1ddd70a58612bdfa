import { readRuleList } from './ruleList.ts'

/** The controls of frameworks that each rule of a policy version serves, by the rule's id. */
export type ControlsByRule = ReadonlyMap<string, readonly string[]>

/** Splits the value of `@controls`, such as `AC-6(9), CC6.1`. */
export const controlsIn = (annotation: string): readonly string[] =>
  annotation
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/**
 * Reads the controls of a policy version from its `rules.json`. Returns none for other bytes, and for a version that has no
 * such file: another check refuses it.
 */
export function controlsByRule(ruleList: Uint8Array | null): ControlsByRule {
  const rules = (ruleList && readRuleList(ruleList)?.rules) ?? []
  return new Map(rules.map(({ id, annotations }) => [id, controlsIn(annotations['controls'] ?? '')]))
}

/** Lists the controls that rules serve together: sorted, each once. */
export const controlsOf = (known: ControlsByRule, rules: readonly string[]): readonly string[] =>
  [...new Set(rules.flatMap((id) => known.get(id) ?? []))].sort()
