import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Action } from '../core/action/action.ts'
import type { Uncovered } from '../core/request/uncovered.ts'
import { isRecord, pathOf, values } from './expression.ts'
import type { Rule } from './rules.ts'

/** Says what the rules for an action look at, none of which matched it. */
export function unmatched(rules: readonly Rule[], { environment }: Action, hiddenRun: boolean): Uncovered {
  if (rules.length === 0) return { why: 'no-rules' }
  const facts = new Set<string>()
  const environments = new Set<string>()
  for (const { text } of rules) {
    const parsed = policyToJson(text)
    if (parsed.type === 'success') look(parsed.json.conditions, facts, environments)
    if (parsed.type === 'success' && parsed.json.principal.op !== 'All') facts.add('the agent')
  }
  return {
    why: 'unmatched',
    rules: rules.map(({ id }) => id),
    facts: [...facts].sort(),
    environments: environments.has(environment) ? [] : [...environments].sort(),
    hiddenRun,
  }
}

/** Walks the conditions of a rule, in Cedar's JSON, for members of the context and for the environments that it names. */
function look(part: unknown, facts: Set<string>, environments: Set<string>): void {
  if (Array.isArray(part)) return part.forEach((item) => look(item, facts, environments))
  if (!isRecord(part)) return
  const path = pathOf(part)
  if (path !== null) {
    if (path.startsWith('context.')) facts.add(path.slice('context.'.length).slice(0, 64))
    return
  }
  for (const operands of Object.values(part)) {
    if (!isRecord(operands)) continue
    const { left, right } = operands
    for (const [one, other] of [
      [left, right],
      [right, left],
    ])
      if (pathOf(one) === 'context.environment')
        for (const value of values(other)) if (typeof value === 'string') environments.add(value)
  }
  Object.values(part).forEach((inner) => look(inner, facts, environments))
}

/** The declared name that a misspelt one most likely means; `null` if none is near. */
export function nearest(name: string, declared: readonly string[]): string | null {
  const most = Math.min(3, Math.floor(name.length / 3))
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const ranked = declared
    .map((one) => ({ one, far: plain(one) === plain(name) ? 0 : distance(one, name) }))
    .filter(({ far }) => far <= most)
    .sort((a, b) => a.far - b.far || (a.one < b.one ? -1 : 1))
  return ranked[0]?.one ?? null
}

/** The edit distance (Levenshtein) of two names of at most 128 characters. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
