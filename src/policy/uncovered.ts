import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Action } from '../core/action/action.ts'
import type { Uncovered } from '../core/request/uncovered.ts'
import { isRecord, pathOf, values } from './expression.ts'

/** What a rule looks at. */
export interface Regard {
  /** Members of the context, as `environment` and `params.rows`, and the agent. */
  readonly facts: ReadonlySet<string>
  /** The environments that it names. */
  readonly environments: ReadonlySet<string>
}

export function regardOf({ principal, conditions }: PolicyJson): Regard {
  const facts = new Set<string>(principal.op === 'All' ? [] : ['the agent'])
  const environments = new Set<string>()
  look(conditions, facts, environments)
  return { facts, environments }
}

/** Says what the rules for an action look at, none of which matched it. */
export function unmatched(
  rules: readonly { readonly id: string; readonly regard: Regard }[],
  { environment }: Action,
  hiddenRun: boolean,
): Uncovered {
  if (rules.length === 0) return { why: 'no-rules' }
  const environments = new Set(rules.flatMap(({ regard }) => [...regard.environments]))
  return {
    why: 'unmatched',
    rules: rules.map(({ id }) => id),
    facts: [...new Set(rules.flatMap(({ regard }) => [...regard.facts]))].sort(),
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
